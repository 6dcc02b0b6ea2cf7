"""Folds away what a mail only repeats: the history below a reply, signatures, footers of apps.

Works line by line on plain text, in English, German, Spanish and French. Where nothing would be
left, the text stays as it is.
"""

import re

_WROTE = re.compile(
    r"(On\b.{4,200}\bwrote|Am\b.{4,200}\bschrieb\b.{0,200}|El\b.{4,200}\bescribió|"
    r"Le\b.{4,200}\ba écrit|"
    r".{1,200}<[^<>\s@]+@[^<>\s@]+>\s+(wrote|schrieb|escribió|a écrit))\s*:\s*$"
)
"""The line that stands over what is quoted; mail programs break it after 76 characters or so."""
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(Original Message|Forwarded message|Ursprüngliche Nachricht|"
    r"Weitergeleitete Nachricht|Mensaje original|Mensaje reenviado|Message d'origine)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(From|Von|De|Desde)\s?:\*?\s+\S")
_SENT = re.compile(r"\s*\*?(Sent|Date|Gesendet|Datum|Enviado( el)?|Fecha|Envoyé)\s?:\*?\s+\S")
_RULE = re.compile(r"\s*_{10,}\s*$")
_SIGNED = re.compile(r"--\s?$")
_APP = re.compile(
    r"\s*(Sent from my \w[\w ]{0,30}|Get Outlook for \w+.*|Von meinem .{1,30} gesendet|"
    r"Gesendet von .{1,30}|Enviado desde mi .{1,30}|Envoyé de mon .{1,30})\.?\s*$",
    re.IGNORECASE,
)


def folded(text: str, *, marked: bool = True) -> str:
    """The text without history and signature.

    `marked`: quoted lines begin with `>`, as in plain mails; without marks (the text of HTML)
    everything below the line that says who wrote is history.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    kept = _without_signature(_without_history(lines, marked=marked))
    own = "\n".join(kept).strip()
    return own or text.strip()


def _without_history(lines: list[str], *, marked: bool) -> list[str]:
    for number, line in enumerate(lines):
        if _ORIGINAL.match(line) or _is_header_block(lines, number):
            return (
                lines[: number - 1] if number and _RULE.match(lines[number - 1]) else lines[:number]
            )
        below = _below_wrote(lines, number)
        if below is not None and (not marked or _only_quoted(lines[below:])):
            return lines[:number]
    return _without_last_quote(lines)


def _is_header_block(lines: list[str], number: int) -> bool:
    """Whether an Outlook header starts here: who, then when."""
    return bool(_FROM.match(lines[number])) and any(
        _SENT.match(line) for line in lines[number + 1 : number + 3]
    )


def _below_wrote(lines: list[str], number: int) -> int | None:
    """The line after "On … wrote:", which may be broken in two; None when it is not here."""
    if _WROTE.match(lines[number]):
        return number + 1
    if number + 1 < len(lines) and lines[number + 1].strip():
        both = f"{lines[number].rstrip()} {lines[number + 1].lstrip()}"
        if lines[number].startswith(("On ", "Am ", "El ", "Le ")) and _WROTE.match(both):
            return number + 2
    return None


def _only_quoted(lines: list[str]) -> bool:
    """Whether nothing of the writer's own stands here, but for a signature."""
    for line in lines:
        if _SIGNED.match(line):
            return True
        if line.strip() and not line.startswith(">"):
            return False
    return True


def _without_last_quote(lines: list[str]) -> list[str]:
    """Quotes between the writer's own lines stay: they say what is answered."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    return lines[:end]


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if _SIGNED.match(line) and any(each.strip() for each in lines[:number]):
            lines = lines[:number]
            break
    while lines and (not lines[-1].strip() or _APP.match(lines[-1])):
        lines = lines[:-1]
    return lines
