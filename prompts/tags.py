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
_MAX_TAGS = 1_000
_PARTS = "The template has too many parts."
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
    tokens, broken = cut(sources, number, start)
    if broken is not None:
        raise broken
    blocks = Blocks(sources)
    for opening, inside, closed in tags_of(tokens):
        if not closed:
            raise never_closed(sources, opening)
        check_tag(sources, opening, inside)
        if opening.kind == "block_begin":
            blocks.add(inside[0])
    if blocks.open:
        raise blocks.never_closed()
    return tokens


def reason(error: TemplateSyntaxError) -> str:
    """Return Jinja's sentence so that it can end one of ours."""
    message = re.sub(r" at \d+$", "", error.message or "it cannot be read")
    return (message[:1].lower() + message[1:]).rstrip(".")


def cut(sources: Sources, number: int, start: int) -> tuple[list[Token], PromptError | None]:
    """Return the tokens of a text from `start` on, up to a tag that cannot be read, and why.

    Raises TooMuch where there are so many tags that reading on would take long.
    """
    text = sources.texts[number]
    tokens: list[Token] = []
    position, tags, inside = start, 0, 0
    try:
        for _, kind, piece in ENVIRONMENT.lexer.tokeniter(text[start:], None):
            # Only white space can lie between two tokens, so the next one is the next match.
            position = text.find(piece, position)
            token = Token(sources.mark(number, position), kind, piece)
            tokens.append(token)
            position += len(piece)
            inside = 0 if kind.endswith(("_begin", "_end")) else inside + (kind != "whitespace")
            tags += kind in ("variable_begin", "block_begin")
            if tags > _MAX_TAGS:
                raise sources.too_much(
                    token.mark, "The template has too many parts.", "Shorten it."
                )
            if inside > _MAX_TAG:
                return tokens, _endless(sources, number, position, tokens)
    except TemplateSyntaxError as error:
        return tokens, _unreadable(sources, number, position, tokens, error)
    if tokens and tokens[-1].kind in ("comment_begin", "raw_begin"):  # at the very end of the text
        return tokens, never_closed(sources, tokens[-1])
    return tokens, None


def _endless(sources: Sources, number: int, position: int, tokens: list[Token]) -> PromptError:
    """Return the error for a tag of very many words: its end was left out, or it is too long."""
    opening = last_opening(tokens) or tokens[0]
    begin = sources.unmark(opening.mark)[1]
    if "\n" in sources.texts[number][begin:position]:
        return never_closed(sources, opening)
    return sources.error(opening.mark, "This tag is too long.", "Use `set` for its parts.")


def _unreadable(
    sources: Sources, number: int, position: int, tokens: list[Token], error: TemplateSyntaxError
) -> PromptError:
    """Point at the tag that was left open, when that is why the lexer stumbled."""
    text = sources.texts[number]
    opening = last_opening(tokens)
    if opening is not None:
        offset = sources.unmark(opening.mark)[1]
        if opening.kind in ("comment_begin", "raw_begin") or "\n" in text[offset:position]:
            return never_closed(sources, opening)
    mark = sources.mark(number, min(position, len(text)))
    return sources.error(mark, f"This tag cannot be read: {reason(error)}.")


def last_opening(tokens: list[Token]) -> Token | None:
    """Return the token that opens the last tag, if there is any."""
    return next((t for t in reversed(tokens) if t.kind.endswith("_begin")), None)


def never_closed(sources: Sources, opening: Token) -> PromptError:
    """Return the error that names a tag without its end."""
    if opening.kind == "raw_begin":
        return sources.error(
            opening.mark, "`{% raw %}` is never closed.", "Add `{% endraw %}` after its text."
        )
    sign = opening.text[:2]
    return sources.error(opening.mark, f"`{sign}` is never closed.", f"Add {_ENDS[sign]}.")


def tags_of(tokens: list[Token]) -> Iterator[tuple[Token, list[Token], bool]]:
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


class Blocks:
    """The blocks that are open, as one tag after another is added."""

    def __init__(self, sources: Sources) -> None:
        self.open: list[Token] = []
        self._sources = sources
        self._sets = 0

    def add(self, keyword: Token) -> None:
        """Take a tag's keyword; raises PromptError where it is unknown or out of place."""
        word = keyword.text
        if word not in _KEYWORDS and word != "endset":
            hint = did_you_mean(word, _KEYWORDS, "Allowed are if, for, set, include and raw.")
            raise self._sources.error(keyword.mark, f"The tag `{word}` is not allowed.", hint)
        if word == "endset":
            raise self._sources.error(
                keyword.mark, "`set` holds no block.", "Write `{% set name = … %}`."
            )
        if word == "else" and not self.open:
            raise self._sources.error(keyword.mark, "`else` stands outside of any `if` or `for`.")
        self._sets += word == "set"
        if self._sets > _MAX_SETS:
            raise self._sources.too_much(
                keyword.mark, f"There are more than {_MAX_SETS} `set` tags."
            )
        if word in _CLOSES:
            self._close(keyword)
        elif word in ("if", "for"):
            self.open.append(keyword)
            if len(self.open) > _MAX_BLOCKS:
                raise self._sources.too_much(
                    keyword.mark, f"Blocks are nested more than {_MAX_BLOCKS} deep."
                )

    def never_closed(self) -> PromptError:
        """Return the error that names the innermost block that is open."""
        block = self.open[-1]
        return self._sources.error(
            block.mark,
            f"`{{% {block.text} %}}` is never closed.",
            f"Add `{{% end{block.text} %}}`.",
        )

    def _close(self, keyword: Token) -> None:
        opener = _CLOSES[keyword.text]
        if all(block.text != opener for block in self.open):
            raise self._sources.error(
                keyword.mark,
                f"`{keyword.text}` has no open `{opener}` before it.",
                "Delete it.",
            )
        if self.open[-1].text != opener:
            raise self.never_closed()
        if keyword.text != "elif":
            self.open.pop()


def check_tag(sources: Sources, opening: Token, inside: list[Token]) -> None:
    """Refuse a tag that is empty, too long, nested too deeply, or holds a stray `\\`."""
    if not inside:
        raise sources.error(opening.mark, "This tag is empty.", "Write something in it.")
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
