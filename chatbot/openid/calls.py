"""Calls to a provider's server: short, small, without redirects. Knows nothing of what they mean.

An answer is read up to `MOST` bytes, and a call, its answer included, lasts `SECONDS` at most: a
server that drips or floods holds nothing of ours.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from chatbot.errors import SignInFailed
from chatbot.settings import is_loopback

SECONDS = 10.0
MOST = 256 * 2**10
"""Bytes of one answer."""

_T = TypeVar("_T")


class Client(AsyncOAuth2Client):  # type: ignore[misc]  # authlib has no types
    """Authlib's client, whose answers have an end."""

    def __init__(self, **about: Any) -> None:
        # Compressed, a small answer may be a large one.
        plain = {"accept-encoding": "identity"}
        super().__init__(headers=plain, timeout=SECONDS, verify=_trusted(), **about)

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        """Send a request and read its answer. Raises ValueError when that is too large."""
        response: httpx2.Response = await super().send(request, **(how | {"stream": True}))
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise ValueError("compressed")
        response.stream = _Counted(response.stream)
        await response.aread()
        return response

    async def json(self, url: str, token: str = "") -> dict[str, Any]:
        """The JSON object at an address, asked for with an access token where one is given.

        Raises SignInFailed.
        """
        headers = {"accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        response = await told(
            self.request("GET", may_call(url), withhold_token=True, headers=headers)
        )
        if response.status_code != httpx2.codes.OK:
            raise SignInFailed(why="status")
        try:
            found = response.json()
        except (ValueError, RecursionError):
            raise SignInFailed(why="no json") from None
        if not isinstance(found, dict):
            raise SignInFailed(why="no json")
        return found


@cache
def _trusted() -> ssl.SSLContext:
    """Which servers are believed to be who they are; read from the disk once."""
    return httpx2.create_ssl_context()


class _Counted(httpx2.AsyncByteStream):
    """The bytes of an answer, up to a limit."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for part in self._inner:
            seen += len(part)
            if seen > MOST:
                raise ValueError("too large")
            yield part

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._inner.aclose()


async def told(call: Awaitable[_T]) -> _T:
    """The result of a call. Raises SignInFailed when it fails, and when it takes too long."""
    try:
        async with asyncio.timeout(SECONDS):
            return await call
    except AuthlibBaseError:
        # Its text is the provider's.
        raise SignInFailed(why="refused") from None
    except httpx2.HTTPStatusError:
        raise SignInFailed(why="status") from None
    except (httpx2.HTTPError, OSError):
        raise SignInFailed(why="silent") from None
    except (httpx2.InvalidURL, ValueError, TypeError, RecursionError):
        raise SignInFailed(why="no json") from None


def may_call(url: Any) -> str:
    """An address that secrets may be sent to: https, or this machine. Raises SignInFailed."""
    try:
        parts = urlsplit(url if isinstance(url, str) and url.isprintable() else "")
        host = parts.hostname or ""
    except ValueError:
        raise SignInFailed(why="address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise SignInFailed(why="address")
    return str(url)
