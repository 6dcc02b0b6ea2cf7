"""Cuts template text into tokens with marks, and checks them one by one.

Whatever could make a recursive parser fall over (nesting, endless tags) is refused here, and tags
that are left open are named by where they begin. Knows no tree and no roles.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

from prompts.environment import ENVIRONMENT
from prompts.errors import PromptError, did_you_mean
from prompts.source import Sources

MAX_NUMBER = 10_000
_MAX_BLOCKS = 12
_MAX_BRACKETS = 12
_MAX_TAG = 256
_MAX_SETS = 100

_ESCAPES = re.compile(r"\\(?!['\"nt]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")
_CLOSES = {"endif": "if", "endfor": "for", "elif": "if"}
_KEYWORDS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "set", "include"})
_ENDS = {"{{": "`}}`", "{%": "`%}`", "{#": "`#}`"}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a template, as Jinja's lexer cuts it, with the mark of its first character."""

    mark: int
    kind: str
    text: str


def read_tokens(sources: Sources, number: int, start: int) -> list[Token]:
    """Return the checked tokens of a text from `start` on; raises PromptError."""
    tokens = _cut(sources, number, start)
    blocks: list[Token] = []
    sets = 0
    for opening, inside, closed in _tags(tokens):
        if not closed:
            raise _never_closed(sources, opening)
        _check_tag(sources, opening, inside)
        if opening.kind == "block_begin":
            _check_keyword(sources, inside[0], blocks)
            sets += inside[0].text == "set"
            if sets > _MAX_SETS:
                raise sources.error(inside[0].mark, f"There are more than {_MAX_SETS} `set` tags.")
    if blocks:
        word = blocks[-1].text
        raise sources.error(
            blocks[-1].mark, f"`{{% {word} %}}` is never closed.", f"Add `{{% end{word} %}}`."
        )
    return tokens


def reason(error: TemplateSyntaxError) -> str:
    """Return Jinja's sentence so that it can end one of ours."""
    message = re.sub(r" at \d+$", "", error.message or "it cannot be read")
    return (message[:1].lower() + message[1:]).rstrip(".")


def _cut(sources: Sources, number: int, start: int) -> list[Token]:
    text = sources.texts[number]
    tokens: list[Token] = []
    position = start
    try:
        for _, kind, piece in ENVIRONMENT.lexer.tokeniter(text[start:], None):
            # Only white space can lie between two tokens, so the next one is the next match.
            position = text.find(piece, position)
            tokens.append(Token(sources.mark(number, position), kind, piece))
            position += len(piece)
    except TemplateSyntaxError as error:
        raise _unreadable(sources, number, position, tokens, error) from None
    return tokens


def _unreadable(
    sources: Sources, number: int, position: int, tokens: list[Token], error: TemplateSyntaxError
) -> PromptError:
    """Point at the tag that was left open, when that is why the lexer stumbled."""
    text = sources.texts[number]
    opening = next((t for t in reversed(tokens) if t.kind.endswith("_begin")), None)
    if opening is not None:
        offset = sources.unmark(opening.mark)[1]
        if opening.kind in ("comment_begin", "raw_begin") or "\n" in text[offset:position]:
            return _never_closed(sources, opening)
    mark = sources.mark(number, min(position, len(text)))
    return sources.error(mark, f"This tag cannot be read: {reason(error)}.")


def _never_closed(sources: Sources, opening: Token) -> PromptError:
    if opening.kind == "raw_begin":
        return sources.error(
            opening.mark, "`{% raw %}` is never closed.", "Add `{% endraw %}` after its text."
        )
    sign = opening.text[:2]
    return sources.error(opening.mark, f"`{sign}` is never closed.", f"Add {_ENDS[sign]}.")


def _tags(tokens: list[Token]) -> Iterator[tuple[Token, list[Token], bool]]:
    """Yield each tag's opening, what stands in it, and whether it was closed."""
    opening: Token | None = None
    inside: list[Token] = []
    for token in tokens:
        if token.kind in ("block_begin", "variable_begin"):
            opening, inside = token, []
        elif token.kind in ("block_end", "variable_end") and opening is not None:
            yield opening, inside, True
            opening = None
        elif opening is not None and token.kind != "whitespace":
            inside.append(token)
    if opening is not None:
        yield opening, inside, False


def _check_keyword(sources: Sources, keyword: Token, blocks: list[Token]) -> None:
    word = keyword.text
    if word not in _KEYWORDS and word != "endset":
        hint = did_you_mean(word, _KEYWORDS, "Allowed are if, for, set, include and raw.")
        raise sources.error(keyword.mark, f"The tag `{word}` is not allowed.", hint)
    if word == "endset":
        raise sources.error(keyword.mark, "`set` holds no block.", "Write `{% set name = … %}`.")
    if word == "else" and not blocks:
        raise sources.error(keyword.mark, "`else` stands outside of any `if` or `for`.")
    if word in _CLOSES:
        if not blocks or blocks[-1].text != _CLOSES[word]:
            raise sources.error(
                keyword.mark, f"`{word}` has no open `{_CLOSES[word]}` before it.", "Delete it."
            )
        if word != "elif":
            blocks.pop()
    elif word in ("if", "for"):
        blocks.append(keyword)
        if len(blocks) > _MAX_BLOCKS:
            raise sources.error(keyword.mark, f"Blocks are nested more than {_MAX_BLOCKS} deep.")


def _check_tag(sources: Sources, opening: Token, inside: list[Token]) -> None:
    if not inside:
        raise sources.error(opening.mark, "This tag is empty.", "Write something in it.")
    if len(inside) > _MAX_TAG:
        raise sources.error(opening.mark, "This tag is too long.", "Use `set` for its parts.")
    depth = 0
    for token in inside:
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth > _MAX_BRACKETS:
            raise sources.error(token.mark, f"Brackets are nested more than {_MAX_BRACKETS} deep.")
        if token.kind in ("integer", "float") and len(token.text) > 12:
            raise sources.error(token.mark, f"Numbers go up to {MAX_NUMBER:,}.", "Use less.")
        if token.kind == "string" and (bad := _ESCAPES.search(token.text.replace("\\\\", "--"))):
            raise sources.error(
                token.mark + bad.start(), "This `\\` means nothing here.", "Write `\\\\` for one."
            )
