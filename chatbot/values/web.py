"""Finds URLs, bare domains, e-mail addresses, and the addresses of machines (IP, MAC).

Checked by form, and by `ipaddress` for IPs; nothing is looked up anywhere.
"""

import ipaddress
import re
from collections.abc import Iterator

from chatbot.values.types import Found

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_PATH = r"""[^\s<>"'`{}|\\^\[\]⟨⟩「」。、\0]"""
_SCHEME = re.compile(
    rf"(?<!\w)(?:https?|ftps?|sftp|wss?)://(?:\[[0-9a-f:.]{{2,45}}\])?{_PATH}*+", re.IGNORECASE
)
_DOMAIN = re.compile(
    rf"(?<![\w@./\\-])(?P<host>{_LABEL}(?:\.{_LABEL})++)"
    rf"(?P<rest>(?::[0-9]{{2,5}})?(?:[/?#]{_PATH}*+)?)(?![@\w])"
)
_EMAIL = re.compile(
    r"(?<!\w)\w[\w.+'%&-]{0,63}+@"
    rf"(?:{_LABEL}\.)+(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,24}})(?!\w)(?!-\w)",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?*_~"
_PAIRS = {")": "(", "]": "["}

_GENERIC_ENDINGS = (
    "app asia biz blog cat cloud club com dev edu eu example gov info int invalid mil mobi museum "
    "net org shop tech vip vlaanderen wiki xyz"
)
_COUNTRY_ENDINGS = (
    "ac ad ae af ag ai al ar asia at au az ba bd be bg bh bo br bw by bz ca cat cc cd ch ci cl cm "
    "cn co cr cu cy cz de dk do dz ec ee eg es et eu fi fj fm fr ga ge gg gh gl gr gt hk hn hr ht "
    "hu id ie il in io iq ir is it je jm jo jp ke kg kh kr kw kz la lb li lk lt lu lv ly ma mc md "
    "me mg mk ml mm mn mo mt mu mv mx my mz na ng ni nl no np nu nz om pa pe pg ph pk pl pr pt py "
    "qa ro rs ru rw sa sc se sg si sk sm sn so su sv sy th tj tm tn to tr tt tv tw tz ua ug uk us "
    "uy uz va ve vn ws za zm zw"
)
# Words of a sentence, or ends of file names, when a full stop lacks its space.
_WORDS = (
    "am as at bank be by business cafe chat community company design digital do email energy et "
    "finance games guide help hotel id in is it jobs la life live local london md me media ml "
    "museum my name network news no om online pa page pe pl pro ps py rs sale sc school "
    "services site  so software solutions space store studio support team test tickets to today "
    "tools top travel us  video work works world zone"
)
_DOUBTFUL = frozenset(_WORDS.split())
_ENDINGS = frozenset(_GENERIC_ENDINGS.split()) | frozenset(_COUNTRY_ENDINGS.split()) | _DOUBTFUL


def urls(text: str) -> Iterator[Found]:
    """Yield addresses that name their scheme: https://velo.example/returns."""
    if "://" not in text:
        return
    for match in _SCHEME.finditer(text):
        end = match.start() + len(_trimmed(match[0]))
        address = text[match.start() : end]
        if _has_host(address):
            yield Found(match.start(), end, "url", _address(address))


def domains(text: str) -> Iterator[Found]:
    """Yield addresses without a scheme: www.velo.example, velo.com/returns."""
    for match in _DOMAIN.finditer(text):
        host = match["host"]
        rest = _trimmed(match["rest"])
        known = _known_host(host, with_path=bool(rest))
        if known:
            end = match.start() + (len(host) + len(rest) if known == host else len(known))
            yield Found(match.start(), end, "url", _address(text[match.start() : end]))


def emails(text: str) -> Iterator[Found]:
    """Yield e-mail addresses, internationalised ones among them."""
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        yield Found(match.start(), match.end(), "email", match[0].casefold())


def _trimmed(address: str) -> str:
    """Return `address` without the sentence's own punctuation at its end."""
    end = len(address)
    balance = {
        close: address.count(close) - address.count(open_) for close, open_ in _PAIRS.items()
    }
    while end:
        last = address[end - 1]
        if last in _TRAILING:
            end -= 1
        elif balance.get(last, 0) > 0:
            balance[last] -= 1
            end -= 1
        else:
            break
    return address[:end]


def _has_host(address: str) -> bool:
    host = re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    name, _, port = host.partition(":")
    return "[" in host or "." in name.strip(".") or name == "localhost" or port.isdecimal()


def _known_host(host: str, *, with_path: bool) -> str:
    """Return the longest beginning of `host` that ends as internet names end, or nothing."""
    labels = host.split(".")
    sure = with_path or labels[0].lower() == "www"
    length = len(host)
    while len(labels) > 1:
        ending = labels[-1]
        if _is_ending(ending, sure=sure or len(labels) > 2) and (
            ending.islower() or host[:length].isupper()
        ):
            return host[:length] if _is_named(labels) else ""
        length -= len(ending) + 1
        labels.pop()
        sure = labels[0].lower() == "www"
    return ""


def _is_ending(label: str, *, sure: bool) -> bool:
    ending = label.lower()
    return sure and ending in _ENDINGS if ending in _DOUBTFUL else ending in _ENDINGS


def _is_named(labels: list[str]) -> bool:
    """A name has a letter, and more than the one letter of an abbreviation ("e.g", "S.A")."""
    return any(len(label) > 1 and not label.isdecimal() for label in labels[:-1])


def _address(url: str) -> str:
    """Return the canonical address: no scheme, no "www.", host in small letters, no last slash."""
    bare = re.sub(r"^[a-z]+://", "", url, flags=re.IGNORECASE)
    bare = re.sub(r"^www\.", "", bare, flags=re.IGNORECASE).rstrip("/")
    cut = re.search(r"[/?#]", bare)
    return bare.lower() if cut is None else bare[: cut.start()].lower() + bare[cut.start() :]


_IPV4 = re.compile(
    r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2}(?![0-9]))?(?![\w]|\.[0-9])"
)
_IPV6 = re.compile(
    r"(?<![\w:.\0])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}+(?:(?:\.[0-9]{1,3}){3})?(?![\w:])"
    r"(?:/[0-9]{1,3}(?![0-9]))?"
)
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])")
_UUID = re.compile(r"(?<![A-Za-z0-9])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-])")
_VERSION_CUE = re.compile(
    r"(?:version|release|firmware|build|ver\.?|\bv\.?)[ \u00a0]?$", re.IGNORECASE
)
_CUE_WINDOW = 12


def machines(text: str) -> Iterator[Found]:
    """Yield MAC addresses and UUIDs."""
    for match in _MAC.finditer(text):
        if len(set(match[0].upper()) - set(":-")) > 1:
            yield Found(match.start(), match.end(), "mac", re.sub("[:-]", "", match[0]).upper())
    for match in _UUID.finditer(text):
        yield Found(match.start(), match.end(), "code", match[0].replace("-", "").upper())


def ips(text: str) -> Iterator[Found]:
    """Yield IPv4 and IPv6 addresses, with the length of a network where one is given."""
    for match in _IPV6.finditer(text):
        address = match[0]
        if address == "::" and not _stands_alone(text, match):
            continue
        yield from _ip(match.start(), match.end(), address)
    for match in _IPV4.finditer(text):
        if not _VERSION_CUE.search(text[max(0, match.start() - _CUE_WINDOW) : match.start()]):
            yield from _ip(match.start(), match.end(), match[0])


def _ip(start: int, end: int, text: str) -> Iterator[Found]:
    try:
        read = ipaddress.ip_interface if "/" in text else ipaddress.ip_address
        yield Found(start, end, "ip", str(read(text)))
    except ValueError:
        address, slash, _ = text.partition("/")
        if slash:
            yield from _ip(start, start + len(address), address)


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """The unspecified address is two colons: only where no other sense is near."""
    start, end = match.span()
    before, after = text[max(0, start - 2) : start], text[end : end + 2].strip()
    return before.endswith("=") or (not after and bool(re.fullmatch(r"\w ", before)))
