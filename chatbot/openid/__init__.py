"""OpenID Connect: people are who another server says they are. An extra; see docs/security.md.

`open_provider` gives the `Provider` that the settings name. It speaks with that server; it knows no
accounts, no cookie and no page. Without the extra, or without settings, there is None, and
`missing` says why. Importing this package imports no library for it.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from chatbot.openid.views import Vouched
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.openid.provider import Provider

__all__ = ["INSTALL", "Vouched", "missing", "open_provider"]

INSTALL = 'Install: pip install -c constraints.txt ".[oidc]"'


def missing(settings: Settings) -> str:
    """Why nobody can sign in by OpenID Connect, in a sentence; empty where they can."""
    if not settings.oidc_issuer:
        return "OpenID Connect is not set up."
    if settings.auth != "accounts":
        return "OpenID Connect is set up, but `solo` has no login. Set CHATBOT_AUTH=accounts."
    if not all(find_spec(name) for name in ("authlib", "joserfc", "httpx2")):
        return f"OpenID Connect is set up, but its libraries are not installed. {INSTALL}"
    return ""


def open_provider(settings: Settings) -> "Provider | None":
    """The provider of the settings, or None where nobody can sign in by one. Asks it nothing."""
    if missing(settings):
        return None
    from chatbot.openid.provider import Provider

    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        name=settings.oidc_name,
        scopes=settings.oidc_scopes,
    )
