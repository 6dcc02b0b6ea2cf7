"""What leaves the package: who somebody is, as another server says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody whom a provider vouches for.

    Args:
        issuer: the provider's name for itself.
        subject: its name for the person, which never changes.
        email: an address that it has verified, or None.
        name: what it calls the person; anything, or nothing.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
