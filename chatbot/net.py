"""Requests to addresses that people typed: to public ones alone, unless a host is allowed.

A name is resolved once. Every address that it stands for is checked, and the connection goes to one
of those very addresses, so an answer of the DNS that changes later changes nothing. Decimal, hex
and short forms of an address are resolved like names, hence checked as what they mean. No redirect
is followed, no proxy of the environment is used, of an answer its head alone is read, and all of it
takes a bounded time (looking a name up has the system's own limit).

Knows nothing of what is sent, and to whom, or why.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from chatbot import __version__
from chatbot.errors import Refused

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Name and port → addresses. Raises OSError."""

LONGEST_URL = 2000
MOST_ADDRESSES = 4
"""Addresses of a name that are tried."""
HEAD_LIMIT = 64 * 2**10
"""Bytes of an answer's head; a longer one is no answer."""
LONGEST_WAIT = 86_400.0
"""Seconds that the other side can ask to wait; more is read as this."""

# IANA's registries of special-purpose addresses (iana.org/assignments/iana-ipv4-special-registry,
# …-ipv6-…), multicast, and the address of Azure's own services on each of its machines.
_PRIVATE_4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
            "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
            "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
_GLOBAL_6 = ip_network("2000::/3")
_PRIVATE_6 = tuple(
    map(
        ip_network,
        ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")

_URL = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]*")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?:[ \r\n]|$)")
_RETRY = re.compile(rb"^retry-after:[ \t]*([!-~ ]{1,60}?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")


class AddressRefused(Refused):
    """An address that is not to be asked: a private one, or none at all."""

    code, sentence = "address_refused", "This address is not asked."


class NotReached(Exception):
    """No answer came; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `retry_after`: seconds that the other side asks to wait, where it does."""

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An address in its parts. `allowed`: its host was named as one that may be private."""

    scheme: str
    host: str
    port: int
    path: str
    allowed: bool

    @property
    def named(self) -> str:
        """The host with its port, where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public network, whatever other address it carries."""
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _PRIVATE_4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_6 and not any(address in each for each in _PRIVATE_6)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine's resolver knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Poster:
    """Posts to addresses that people typed. Blocking: call it from a thread.

    Args:
        hosts: names or addresses that are asked although they are private, also without https.
        timeout: seconds that a request may take, from connecting to the head of the answer.
        tls: certificates to trust; what the system trusts without.
        resolver, public: what else may say where a name leads, and what is public; for tests.
    """

    def __init__(
        self,
        hosts: Collection[str] = (),
        *,
        timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver = resolve,
        public: Callable[[Address], bool] = is_public,
    ) -> None:
        self._hosts = frozenset(map(_folded, hosts))
        self._timeout = timeout
        self._tls = tls
        self._resolver = resolver
        self._public = public

    def target(self, url: str) -> Target:
        """An address in its parts. Raises AddressRefused with what is wrong with it."""
        if len(url) > LONGEST_URL or not _URL.fullmatch(url) or "\\" in url:
            raise AddressRefused(
                f"That is no address. Write it in at most {LONGEST_URL:,} plain characters, "
                "others as %-signs or punycode."
            )
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise AddressRefused("That is no address. It begins with https://.") from None
        allowed = _folded(host) in self._hosts
        if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host) or port == 0:
            raise AddressRefused("That is no address. It begins with https://.")
        if parts.username is not None or parts.password is not None or "#" in url:
            raise AddressRefused("An address has no user name, no password and no #.")
        if parts.scheme == "http" and not allowed:
            raise AddressRefused(
                "Only https:// is asked. An administrator of the server may allow this host "
                "without it: CHATBOT_WEBHOOK_HOSTS."
            )
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        usual = 443 if parts.scheme == "https" else 80
        return Target(parts.scheme, host, port or usual, path, allowed)

    def addresses(self, target: Target) -> list[Address]:
        """Where a target leads. Raises AddressRefused for private ones, NotReached for none."""
        try:
            found = [ip_address(each) for each in self._resolver(target.host, target.port)]
        except (OSError, ValueError, UnicodeError):
            raise NotReached(f"{target.host} is not known to this server's resolver.") from None
        if not found:
            raise NotReached(f"{target.host} has no address.")
        if not target.allowed and not all(map(self._public, found)):
            raise AddressRefused(
                f"{target.host} is, or leads to, a private address, which is not asked. An "
                "administrator of the server may allow it: CHATBOT_WEBHOOK_HOSTS."
            )
        return found[:MOST_ADDRESSES]

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once. Any answer is one, a redirect too. Raises AddressRefused, NotReached."""
        target = self.target(url)
        addresses = self.addresses(target)
        until = time.monotonic() + self._timeout
        try:
            with self._connected(target, addresses, until) as link:
                link.settimeout(_left(until))
                link.sendall(_head(target, headers, len(body)) + body)
                return _answer(link, until)
        except TimeoutError:
            raise NotReached(f"No answer came within {self._timeout:g} seconds.") from None
        except ssl.SSLCertVerificationError as error:
            raise NotReached(f"Its certificate is not trusted: {error.verify_message}.") from None
        except ssl.SSLError:
            raise NotReached("No secure connection could be made.") from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise NotReached(f"It cannot be reached: {reason}.") from None

    def _connected(
        self, target: Target, addresses: Sequence[Address], until: float
    ) -> socket.socket:
        """A connection to the first address that takes one. Raises OSError."""
        failed: OSError = TimeoutError()
        for number, address in enumerate(addresses, 1):
            left = _left(until)
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            link = socket.socket(family, socket.SOCK_STREAM)
            try:
                link.settimeout(left if number == len(addresses) else left / 2)
                link.connect((str(address), target.port))
                if target.scheme == "http":
                    return link
                link.settimeout(_left(until))
                context = self._tls or _context()
                return context.wrap_socket(link, server_hostname=target.host)
            except OSError as error:
                link.close()
                failed = error
            except BaseException:
                link.close()
                raise
        raise failed


@cache
def _context() -> ssl.SSLContext:
    """What the system trusts; made once, since reading the certificates takes a while."""
    return ssl.create_default_context()


def _head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    given = {
        "Host": target.named,
        "User-Agent": f"chatbot/{__version__}",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(length),
        **headers,
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _answer(link: socket.socket, until: float) -> Answer:
    """The head of the answer; heads before it (100, 103) are passed over."""
    seen, length = b"", 0
    while True:
        while not (end := _END.search(seen)):
            link.settimeout(_left(until))
            more = link.recv(4096)
            length += len(more)
            if not more or length > HEAD_LIMIT:
                raise NotReached("What came back is no answer of HTTP.")
            seen += more
        head, seen = seen[: end.start()], seen[end.end() :]
        found = _STATUS.match(head)
        if found is None:
            raise NotReached("What came back is no answer of HTTP.")
        status = int(found[1])
        if status >= 200:
            after = _RETRY.search(head)
            return Answer(status, _seconds(after[1].decode("ascii")) if after else None)


def _seconds(written: str) -> float | None:
    """A Retry-After (RFC 9110, 10.2.3): seconds, or a moment."""
    if written.isdecimal():
        return min(float(written), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _folded(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").casefold()
