"""The settings of the desk's mailbox. Knows no protocol; `settings` reads and checks them."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Security = Literal["tls", "starttls", "none"]

_IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_SMTP_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class Mailbox(BaseModel):
    """Where the desk's mail comes in (IMAP) and goes out (SMTP). Either may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(
        pattern=r"^[A-Za-z0-9._%+=-]{1,64}@[A-Za-z0-9.-]{1,250}$",
        description="The desk's address: replies come from it",
    )
    name: str = Field("", max_length=100, description="Name beside the address")
    imap_host: str = Field("", description="Server that mail is fetched from; empty: none is")
    imap_port: int = Field(0, ge=0, le=65535, description="0: the usual one")
    imap_user: str = Field("", description="Empty: the address")
    imap_password: SecretStr = Field(SecretStr(""), description="Never logged")
    imap_security: Security = Field("tls", description="`none` on loopback only")
    imap_folder: str = Field("INBOX", min_length=1, description="Folder that is read")
    mark_seen: bool = Field(False, description="Mark what was taken in as read")
    first_days: int = Field(7, ge=0, le=3650, description="How old mails the first look takes in")
    smtp_host: str = Field("", description="Server that takes replies; empty: none are sent")
    smtp_port: int = Field(0, ge=0, le=65535, description="0: the usual one")
    smtp_user: str = Field("", description="Empty: the address, where there is a password")
    smtp_password: SecretStr = Field(SecretStr(""), description="Never logged; empty: no login")
    smtp_security: Security = Field("starttls", description="`none` on loopback only")
    sent_folder: str = Field("", description="IMAP folder that gets a copy; empty: none is kept")
    ca_file: Path | None = Field(None, description="Certificates to trust besides the system's")
    poll_seconds: float = Field(60, ge=1, le=86_400, description="Seconds between two looks")
    timeout: float = Field(30, gt=0, le=600, description="Seconds to wait for a server")

    def __str__(self) -> str:
        """What `doctor` and pages may show."""
        return f"{self.address} (in: {self.imap_host or 'none'}, out: {self.smtp_host or 'none'})"

    @property
    def ports(self) -> tuple[int, int]:
        """IMAP's and SMTP's port in force."""
        return (
            self.imap_port or _IMAP_PORTS[self.imap_security],
            self.smtp_port or _SMTP_PORTS[self.smtp_security],
        )

    @property
    def domain(self) -> str:
        """What stands behind the @ of the address."""
        return self.address.partition("@")[2]
