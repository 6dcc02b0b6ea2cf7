"""The only reader of environment and chatbot.toml. Knows no service; other rooms receive values.

Order: `CHATBOT_*` environment over `chatbot.toml` over the defaults below. `chatbot.toml` is looked
for in the working folder, then in the home folder; `CHATBOT_CONFIG` names another one.
"""

import os
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from chatbot.errors import SettingsInvalid
from chatbot.mailbox import Mailbox

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  compared, not listened on
"""Hosts that stand for all addresses of this machine."""


Price = Annotated[float, Field(ge=0)]


class HostedModel(BaseModel):
    """A model behind an OpenAI-compatible server or another provider that LangChain knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name inside this product"
    )
    model: str = Field(min_length=1, description="Name of the model at the provider")
    description: str = Field("", description="A line for people who choose a model")
    base_url: str | None = Field(None, description="Such as http://127.0.0.1:8000/v1")
    api_key: SecretStr = Field(SecretStr(""), description="Key for the provider; never logged")
    headers: dict[str, SecretStr] = Field({}, description="Further HTTP headers; never logged")
    provider: str = Field("openai", description="`openai` for every OpenAI-compatible server")
    context: int = Field(8192, ge=256, description="Context of the model, in tokens")
    max_tokens: int = Field(1024, ge=1, description="Longest answer, in tokens")
    temperature: float | None = Field(None, ge=0, le=2, description="Unset: the provider's own")
    prefill: bool = Field(
        False, description="The server can go on from a final assistant message (vLLM can)"
    )
    first_token_timeout: float = Field(30, gt=0, description="Seconds to wait for the first token")
    gap_timeout: float = Field(15, gt=0, description="Seconds to wait between two tokens")
    retries: int = Field(2, ge=0, le=10, description="Tries again before the first token")
    mask: bool = Field(True, description="Personal values leave as tags, and come back in answers")
    price: tuple[Price, Price] | None = Field(
        None, description="Price of a million tokens read and written, for tests of `cost`"
    )

    @property
    def label(self) -> str:
        """`name@model`."""
        return f"{self.name}@{self.model}"


class Settings(BaseSettings):
    """Every setting with its default. Contradictions are refused when it is built.

    Raises:
        pydantic.ValidationError: use `load` to get a `SettingsInvalid` with a sentence instead.
    """

    model_config = SettingsConfigDict(
        env_prefix="CHATBOT_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(Path("~/.chatbot"), description="Data folder: database, models, caches")
    database_url: str = Field("", description="Empty: SQLite in the home; or postgresql://…")
    database_wait: float = Field(10, gt=0, description="Seconds to wait for a busy database")
    workspace: str = Field(
        "", max_length=60, description="Whose chat it is: shown in the header, told to the model"
    )
    model: str = Field("starter", description="Model that answers unless another is chosen")
    fallback: tuple[str, ...] = Field((), description="Models to try when it fails to begin")
    prompt: str = Field(
        "assistant", description="Prompt of a new conversation; unset: support, given articles"
    )
    hosted: tuple[HostedModel, ...] = Field((), description="Models behind an API")
    scripted: bool = Field(False, description="Offer the scripted model (tests and demos)")
    runtime: Literal["auto", "transformers", "int8", "int4", "fp32"] = Field(
        "auto",
        description="What runs local models on a CPU: `auto` (onnxruntime in int8 where it can, "
        "transformers until then and otherwise), `transformers`, or onnxruntime in one precision",
    )
    encoder: str = Field(
        "minilm",
        min_length=1,
        description="Compares sentences by meaning: `minilm`, a folder with an encoder, or `none`",
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(7860, ge=0, le=65535, description="Port to listen on; 0 picks a free one")
    auth: Literal["solo", "accounts"] = Field(
        "solo", description="`solo`: loopback only, one local person; `accounts`: login"
    )
    hosts: tuple[str, ...] = Field(
        (), description="Names that people open the chat by, besides this machine's own"
    )
    https: bool = Field(
        False, description="People come by https (a proxy in front does it): cookies are Secure"
    )
    forwarded: tuple[str, ...] = Field(
        (), description="Addresses of proxies whose X-Forwarded-For and -Proto are believed"
    )
    session_idle_minutes: int = Field(
        480, ge=1, le=100_000, description="Minutes without use after which a login ends"
    )
    session_days: int = Field(14, ge=1, le=400, description="Days after which any login ends")
    oidc_issuer: str = Field(
        "", description="OpenID Connect: address of the server that knows people (https://…)"
    )
    oidc_client_id: str = Field("", description="OpenID Connect: how that server knows this one")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="OpenID Connect: the secret for it, if it has one; never logged"
    )
    oidc_name: str = Field(
        "single sign-on",
        min_length=1,
        max_length=60,
        description="OpenID Connect: what people call that server; the button says it",
    )
    oidc_scopes: tuple[str, ...] = Field(
        ("email", "profile"), description="OpenID Connect: what to ask for, besides `openid`"
    )
    oidc_new_people: Literal["refuse", "chatter"] = Field(
        "refuse",
        description="Whom OpenID Connect knows and we do not: `refuse`, or let in as `chatter`",
    )
    person: str = Field("You", max_length=60, description="Name of the local person in `solo`")
    message_limit: int = Field(
        100_000, ge=100, le=100_000, description="Longest message, in characters"
    )
    prompt_wall_ms: int = Field(
        250,
        ge=20,
        le=10_000,
        description="Milliseconds in which a prompt is to be read or rendered",
    )
    prompt_cpu_ms: int = Field(
        1000, ge=20, le=60_000, description="The same, of a processor's time; then its process ends"
    )
    prompt_memory_mb: int = Field(
        256, ge=8, le=4096, description="MiB that reading or rendering a prompt may take"
    )
    prompt_output_kb: int = Field(
        256, ge=1, le=256, description="Thousands (1,024) of characters that a prompt may make"
    )
    prompt_workers: int = Field(
        2, ge=1, le=16, description="Processes kept ready to render turns, and as many for authors"
    )
    grader: str = Field(
        "", description="Model that judges what a test's `llm-rubric` asks; empty: the default one"
    )
    test_data: Path | None = Field(
        None, description="Folder of public attacks that injection tests add to our own"
    )
    mailbox: Mailbox | None = Field(
        None, description="Where the desk's mail comes in and goes out; unset: nowhere"
    )
    late_hours: float = Field(
        4, gt=0, le=10_000, description="Hours after which a customer waits too long at the desk"
    )
    undo_seconds: float = Field(
        10, ge=0, le=600, description="Seconds in which a reply of the desk can be taken back"
    )
    webhook_hosts: tuple[str, ...] = Field(
        (), description="Hosts that webhooks may name although their addresses are private"
    )
    log: Literal["plain", "json"] = Field(
        "plain", description="Lines of the server's log: `plain`, or `json` for programs"
    )
    otel: str = Field("", description="OpenTelemetry collector (http://…) that gets spans of turns")
    cluster_key: SecretStr = Field(
        SecretStr(""), description="Key that `cluster serve` wants to be shown; never logged"
    )
    temporary_minutes: int = Field(60, ge=1, description="Idle life of a temporary conversation")
    drain_seconds: float = Field(
        30, ge=0, le=3600, description="Seconds that answers have to end when the server stops"
    )
    start_questions: tuple[str, ...] = Field(
        (
            "What can you help me with?",
            "Who are you?",
            "Can you tell me a joke?",
            "What can you not do?",
        ),
        description="Questions offered on an empty page",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.auth == "solo" and not is_loopback(self.host):
            raise ValueError(
                f"`solo` has no login, so it listens on loopback only, not on {self.host}. "
                "Set CHATBOT_HOST=127.0.0.1."
            )
        if self.database_url and not self.database_url.startswith(("sqlite:", "postgresql")):
            raise ValueError("CHATBOT_DATABASE_URL must begin with sqlite: or postgresql:")
        _check_issuer(self.oidc_issuer, self.oidc_client_id)
        _check_mailbox(self.mailbox)
        names = [hosted.name for hosted in self.hosted]
        if len(set(names)) < len(names):
            raise ValueError("two hosted models have the same name")
        return self

    @property
    def title(self) -> str:
        """The name in the header."""
        return self.workspace or "Chatbot"

    def address(self, port: int | None = None) -> str:
        """Where people open the chat, without a slash at the end. `port`: the one in force."""
        here = "localhost" if self.host in EVERYWHERE else self.host
        name = self.hosts[0] if self.hosts else f"[{here}]" if ":" in here else here
        if self.https:
            return f"https://{name}"
        return f"http://{name}:{port or self.port}"

    @property
    def local_name(self) -> str:
        """Name of whoever is at the machine's terminal."""
        return self.person if self.auth == "solo" else "Operator"

    @property
    def home_folder(self) -> Path:
        """The home with `~` resolved."""
        return self.home.expanduser().absolute()

    @property
    def models_folder(self) -> Path:
        """Where added local checkpoints live, one folder `NAME@VERSION` each."""
        return self.home_folder / "models"

    @property
    def heads_folder(self) -> Path:
        """Where heads trained on one's own rows live, one folder a task."""
        return self.home_folder / "heads"

    @property
    def conversions_folder(self) -> Path:
        """Where local models lie in the form that the fast runtime wants. May be removed."""
        return self.home_folder / "converted"

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home_folder / 'chatbot.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed in, over the environment, over the file."""
        file = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, file


def _check_issuer(issuer: str, client: str) -> None:
    if not issuer:
        return
    try:
        parts = urlsplit(issuer)
    except ValueError:
        raise ValueError("CHATBOT_OIDC_ISSUER is no address") from None
    here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or here):
        raise ValueError("CHATBOT_OIDC_ISSUER must begin with https:// (http:// on loopback only)")
    if parts.query or parts.fragment or parts.username is not None or len(issuer) > 255:
        raise ValueError("CHATBOT_OIDC_ISSUER is an address without ?, # and user name")
    if not client:
        raise ValueError("CHATBOT_OIDC_ISSUER needs CHATBOT_OIDC_CLIENT_ID")


def _check_mailbox(mailbox: Mailbox | None) -> None:
    if mailbox is None:
        return
    for host, security in (
        (mailbox.imap_host, mailbox.imap_security),
        (mailbox.smtp_host, mailbox.smtp_security),
    ):
        if host and security == "none" and not is_loopback(host):
            raise ValueError(f"mail would travel unprotected to {host}: choose `tls` or `starttls`")
    if mailbox.sent_folder and not mailbox.imap_host:
        raise ValueError("mailbox.sent_folder needs mailbox.imap_host")


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def config_file() -> Path | None:
    """The chatbot.toml in force, or None where there is none.

    Raises:
        SettingsInvalid: CHATBOT_CONFIG names a file that is not there.
    """
    named = os.environ.get("CHATBOT_CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsInvalid(f"CHATBOT_CONFIG names {named}, which is not a file.")
        return Path(named)
    home = Path(os.environ.get("CHATBOT_HOME", "~/.chatbot")).expanduser()
    for candidate in (Path("chatbot.toml"), home / "chatbot.toml"):
        if candidate.is_file():
            return candidate
    return None


def load(**overrides: Any) -> Settings:
    """Settings from environment, chatbot.toml and defaults; `overrides` (command line) win.

    Raises:
        SettingsInvalid: with one line that names the setting and what is wrong with it.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsInvalid(_sentence(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{config_file()} is not valid TOML: {error}.") from None
    except OSError as error:
        file = error.filename or config_file()
        raise SettingsInvalid(f"{file} cannot be read: {error.strerror}.") from None
    except SettingsError as error:
        raise SettingsInvalid(f"A CHATBOT_ variable is not valid JSON: {error}.") from None


def sources() -> dict[str, str]:
    """Where each setting comes from: `environment`, the file's path, or `default`."""
    file = config_file()
    in_file = tomllib.loads(file.read_text("utf-8")) if file else {}
    found = {}
    variables = {key.upper().partition("__")[0] for key in os.environ}
    for name in Settings.model_fields:
        if f"CHATBOT_{name.upper()}" in variables:
            found[name] = "environment"
        else:
            found[name] = str(file) if name in in_file else "default"
    return found


def unknown_variables() -> list[str]:
    """CHATBOT_ variables that no setting reads: usually a slip of the pen."""
    known = {f"CHATBOT_{name.upper()}" for name in Settings.model_fields} | {"CHATBOT_CONFIG"}
    known |= {f"CHATBOT_MAILBOX__{name.upper()}" for name in Mailbox.model_fields}
    return sorted(
        key
        for key in os.environ
        if key.startswith("CHATBOT_") and key not in known and not key.startswith("CHATBOT_TEST_")
    )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"Setting {where}: {reason}." if where else reason
