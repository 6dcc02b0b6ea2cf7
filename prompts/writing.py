"""Prompt files written from values: front matter as YAML, plain text as template text.

What is written here is read back as the same by frontmatter.py and roles.py. Knows no prompt.
"""

import json
import re
from collections.abc import Mapping, Sequence

from prompts.frontmatter import JSON
from prompts.roles import ESCAPED, ROLE_LIKE

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ._/'()-]*[A-Za-z0-9.)]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null"})
_ODD = re.compile("[\x85\u2028\u2029\ufeff]")
_OPENS = re.compile(r"\{\{|\{%|\{#")


def source_of(front: Mapping[str, JSON], body: str) -> str:
    """Return a prompt file; `body` is template text that begins with a role line."""
    return f"---\n{_block(front, '')}---\n{body.strip(chr(10))}\n"


def literal(text: str) -> str:
    """Return template text that prints `text` as it is, in a message of its own."""
    return _OPENS.sub(lambda found: f'{{{{ "{found.group()}" }}}}', no_roles(text))


def no_roles(text: str) -> str:
    """Return template text whose lines are no role lines."""
    return "\n".join(_no_role(line) for line in text.split("\n"))


def plain_roles(text: str) -> str:
    r"""Return template text without the `\` that keeps a line from being a role line."""
    return "\n".join(_unescaped(line) for line in text.split("\n"))


def _no_role(line: str) -> str:
    return f"\\{line}" if ROLE_LIKE.fullmatch(line) or ESCAPED.fullmatch(line) else line


def _unescaped(line: str) -> str:
    found = ESCAPED.fullmatch(line)
    return found.group(1) + found.group(2) if found else line


def _block(values: Mapping[str, JSON], indent: str) -> str:
    """Return `field: value` lines."""
    return "".join(
        f"{indent}{_scalar(key)}:{_after(value, indent)}" for key, value in values.items()
    )


def _after(value: JSON, indent: str) -> str:
    """Return what stands behind a colon, with its line end."""
    if isinstance(value, dict) and value:
        return "\n" + _block(value, indent + "  ")
    if isinstance(value, list) and value:
        return "\n" + items(value, indent + "  ")
    return f" {_scalar(value)}\n"


def items(values: Sequence[JSON], indent: str = "") -> str:
    """Return `- item` lines; a mapping begins on the line of its dash."""
    lines: list[str] = []
    for value in values:
        if isinstance(value, dict) and value:
            block = _block(value, indent + "  ")
            lines.append(f"{indent}- {block.removeprefix(indent + '  ')}")
        elif isinstance(value, list) and value:
            lines.append(f"{indent}-\n{items(value, indent + '  ')}")
        else:
            lines.append(f"{indent}- {_scalar(value)}\n")
    return "".join(lines)


def _scalar(value: JSON) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return _ODD.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
