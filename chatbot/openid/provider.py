"""One provider: where its doors are, which keys it signs with, whom it vouches for.

The authorization code flow with PKCE. What the provider says of itself and its keys are kept for an
hour; unknown keys are asked for at once. Tokens are read and dropped: none is kept, none is logged.
Of what the provider says in words nothing is passed on, since anybody might have written it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from authlib.oauth2.client import OAuth2Client
from joserfc.jwk import KeySet

from chatbot.errors import SignInFailed
from chatbot.openid.calls import Client, may_call, told
from chatbot.openid.tokens import KeyUnknown, claims_of, keys_of
from chatbot.openid.views import Vouched

KEEP = 3600.0
"""Seconds that what a provider says of itself is kept."""
REST = 5.0
"""Seconds after which a provider that did not answer is asked once more."""

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class _About:
    """What a provider says of itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    posts_secret: bool
    tells_issuer: bool


class Provider:
    """A provider that this server is known to as a client. For one event loop at a time."""

    def __init__(
        self,
        issuer: str,
        client: str,
        secret: str,
        *,
        name: str,
        scopes: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._issuer = issuer
        self._client = client
        self._secret = secret
        self._scope = " ".join(dict.fromkeys(("openid", *scopes)))
        self._clock = clock
        self._asking = asyncio.Lock()
        self._about: _About | None = None
        self._keys: KeySet | None = None
        self._good_until = 0.0
        self._rest_until = 0.0

    async def address(self, back: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser that wants to sign in; it comes back to `back`.

        Raises SignInFailed.
        """
        about = await self.about()
        client = OAuth2Client(
            None, self._client, scope=self._scope, redirect_uri=back, code_challenge_method="S256"
        )
        address, _ = client.create_authorization_url(
            about.authorization, state=state, nonce=nonce, code_verifier=verifier
        )
        return str(address)

    async def vouched(
        self, code: str, back: str, *, nonce: str, verifier: str, issuer: str = ""
    ) -> Vouched:
        """Who came back with this code. `issuer` is what the browser brought as its sender.

        Raises SignInFailed.
        """
        about = await self.about()
        if issuer != about.issuer and (issuer or about.tells_issuer):
            raise SignInFailed(why="iss")
        async with self._client_for(about) as client:
            given = await told(
                client.fetch_token(
                    about.token,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=back,
                    code_verifier=verifier,
                )
            )
            claims = await self._claims(about, given, nonce)
            if "email" not in claims and about.userinfo:
                claims |= await self._more(client, about.userinfo, given, claims["sub"])
        return Vouched(about.issuer, claims["sub"], _email(claims), _name(claims))

    async def check(self) -> None:
        """Ask for what it says of itself and for its keys. Raises SignInFailed."""
        await self.keys(await self.about())

    async def about(self) -> _About:
        """What the provider says of itself, at most an hour old. Raises SignInFailed."""
        async with self._asking:
            now = self._clock()
            if self._about is not None and now < self._good_until:
                return self._about
            if now < self._rest_until:
                raise SignInFailed(why="silent")
            try:
                self._about = await self._ask()
            except SignInFailed:
                self._rest_until = now + REST
                raise
            self._keys, self._good_until = None, now + KEEP
            return self._about

    async def keys(self, about: _About, *, fresh: bool = False) -> KeySet:
        """The keys that the provider signs with. Raises SignInFailed."""
        async with self._asking:
            if self._keys is None or fresh:
                async with Client() as client:
                    self._keys = keys_of(await client.json(about.keys))
            return self._keys

    async def _ask(self) -> _About:
        async with Client() as client:
            found = await client.json(self._issuer.rstrip("/") + WELL_KNOWN)
        issuer = found.get("issuer")
        # Who wrote the setting may have left out the slash that some have at their end.
        if not isinstance(issuer, str) or issuer.rstrip("/") != self._issuer.rstrip("/"):
            raise SignInFailed(why="iss")
        methods = found.get("token_endpoint_auth_methods_supported")
        offered = methods if isinstance(methods, list) else ["client_secret_basic"]
        userinfo = found.get("userinfo_endpoint")
        return _About(
            issuer=issuer,
            authorization=may_call(found.get("authorization_endpoint")),
            token=may_call(found.get("token_endpoint")),
            keys=may_call(found.get("jwks_uri")),
            userinfo=may_call(userinfo) if userinfo else None,
            posts_secret="client_secret_basic" not in offered and "client_secret_post" in offered,
            tells_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _client_for(self, about: _About) -> Client:
        by = "client_secret_post" if about.posts_secret else "client_secret_basic"
        return Client(
            client_id=self._client,
            client_secret=self._secret or None,
            token_endpoint_auth_method=by if self._secret else "none",
        )

    async def _claims(self, about: _About, given: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the id token; a key that is not known yet is asked for, once."""
        read = partial(
            claims_of,
            given.get("id_token"),
            issuer=about.issuer,
            client=self._client,
            nonce=nonce,
            access=given.get("access_token"),
        )
        try:
            return read(await self.keys(about))
        except KeyUnknown:
            return read(await self.keys(about, fresh=True))

    @staticmethod
    async def _more(
        client: Client, userinfo: str, given: dict[str, Any], subject: str
    ) -> dict[str, Any]:
        """What the provider tells of the person besides; nothing where it is of another one."""
        access = given.get("access_token")
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            return {}
        found = await client.json(userinfo, access)
        if found.get("sub") != subject:
            raise SignInFailed(why="userinfo")
        return {key: found[key] for key in ("email", "email_verified", "name") if key in found}


def _email(claims: dict[str, Any]) -> str | None:
    """The address, where the provider says that it is the person's."""
    email = claims.get("email")
    # Only `true` itself: a provider that is unsure of its types may be unsure of the person, too.
    return email if isinstance(email, str) and claims.get("email_verified") is True else None


def _name(claims: dict[str, Any]) -> str:
    for key in ("name", "preferred_username"):
        if isinstance(claims.get(key), str):
            return str(claims[key])
    return ""
