"""Bytes to text: by byte order mark, UTF-8, what the bytes look like. Binary files are refused."""

import codecs
import re

from charset_normalizer import from_bytes

from chatbot.documents.parsed import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_LOOKED_AT = 100_000
"""Bytes that an encoding is guessed from."""
_MOST_CONTROLS = 0.01
"""Share of control characters from which a file counts as binary."""

NO_TEXT = "It is not a text file, whatever its name says."
UNKNOWN = "Its encoding could not be told. Save it as UTF-8."


def decoded(data: bytes) -> str:
    """The text of a file. Raises Unreadable."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _as(data, encoding)
    if b"\x00" in data[:_LOOKED_AT]:
        raise Unreadable(NO_TEXT)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _as(data, _guessed(data))
    if len(_CONTROLS.findall(text[:_LOOKED_AT])) > _MOST_CONTROLS * len(text[:_LOOKED_AT]):
        raise Unreadable(NO_TEXT)
    return text


def clean(text: str) -> str:
    """Text as it is kept: plain line ends, no control characters, at most one empty line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    text = _CONTROLS.sub("", text).encode("utf-8", "replace").decode("utf-8")
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise Unreadable(UNKNOWN) from None


def _guessed(data: bytes) -> str:
    """The likeliest encoding, by the part around the first byte that is not ASCII."""
    first = next(at for at, byte in enumerate(data) if byte > 127)
    start = data.rfind(b"\n", 0, max(0, first - _LOOKED_AT // 2)) + 1
    end = data.find(b"\n", start + _LOOKED_AT)
    best = from_bytes(data[start : end if end > 0 else len(data)][: 2 * _LOOKED_AT]).best()
    if best is None:
        raise Unreadable(UNKNOWN)
    return best.encoding
