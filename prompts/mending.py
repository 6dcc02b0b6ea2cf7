"""Template text with broken tags → tokens that can be read, so that lint sees what comes after.

Every tag is checked alone; a broken one is kept as a fault and gives way to one that says nothing.
What is left of an `if`, `for` or `set` keeps its name and its place in the nesting.
"""

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from prompts.environment import ENVIRONMENT
from prompts.errors import Faults, PromptError
from prompts.source import Sources
from prompts.tags import (
    Blocks,
    Token,
    check_tag,
    cut,
    last_opening,
    never_closed,
    reason,
)

_ENDS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_WORDS = re.compile(r"\w+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def parsed(sources: Sources, tokens: list[Token]) -> nodes.Template:
    """Return the tree of checked tokens; raises PromptError."""
    parser = Parser(ENVIRONMENT, "")
    pieces = ((token.mark, token.kind, token.text) for token in tokens)
    try:
        parser.stream = TokenStream(ENVIRONMENT.lexer.wrap(pieces), None, None)
        return parser.parse()
    except TemplateSyntaxError as error:
        raise sources.error(error.lineno, f"This is not valid Jinja: {reason(error)}.") from None


def mended(sources: Sources, number: int, start: int, faults: Faults) -> list[Token]:
    """Return tokens that can be read, and keep what was wrong with those that could not."""
    return list(_Mender(sources, faults).mend(_all(sources, number, start, faults)))


def _all(sources: Sources, number: int, start: int, faults: Faults) -> list[Token]:
    """Cut the whole text, passing over what the lexer stumbles at."""
    text = sources.texts[number]
    kept: list[Token] = []
    while True:
        tokens, broken = cut(sources, number, start)
        opening = last_opening(tokens)
        if opening is None:
            return kept + tokens
        if broken is None:
            if any(token.kind.endswith("_end") for token in tokens[tokens.index(opening) :]):
                return kept + tokens
            broken = never_closed(sources, opening)
        faults.add(broken)
        begin = sources.unmark(opening.mark)[1]
        start = _resumed(text, begin, opening)
        kept += tokens[: tokens.index(opening)]
        kept += _neutral(opening.mark, _WORDS.findall(text[begin:start]), opening.kind)


def _resumed(text: str, begin: int, opening: Token) -> int:
    """Return where to read on after a broken tag: behind its end, or on the next line."""
    if opening.kind == "raw_begin":
        return len(text)
    end = text.find(_ENDS[text[begin : begin + 2]], begin)
    line = text.find("\n", begin)
    line = len(text) if line < 0 else line
    return end + 2 if 0 <= end < line else line


class _Mender:
    def __init__(self, sources: Sources, faults: Faults) -> None:
        self.sources = sources
        self.faults = faults
        self.blocks = Blocks(sources)

    def mend(self, tokens: list[Token]) -> Iterator[Token]:
        tag: list[Token] = []
        for token in tokens:
            if token.kind in ("block_begin", "variable_begin"):
                tag = [token]
            elif tag:
                tag.append(token)
                if token.kind in ("block_end", "variable_end"):
                    yield from self._tag(tag)
                    tag = []
            else:
                yield token
        while self.blocks.open:
            self.faults.add(self.blocks.never_closed())
            yield from self._closed(tokens[-1].mark)

    def _tag(self, tag: list[Token]) -> Iterator[Token]:
        inside = [token for token in tag[1:-1] if token.kind != "whitespace"]
        is_block = tag[0].kind == "block_begin"
        if is_block and inside:
            yield from self._ended(inside[0])
            try:
                self.blocks.add(inside[0])
            except PromptError as error:
                self.faults.add(error)
                return
        try:
            check_tag(self.sources, tag[0], inside)
            self._check_alone(tag, inside[0].text if is_block else "")
        except PromptError as error:
            self.faults.add(error)
            words = [token.text for token in inside if token.kind == "name"]
            yield from _neutral(tag[0].mark, words, tag[0].kind)
        else:
            yield from tag

    def _ended(self, keyword: Token) -> Iterator[Token]:
        """Close the inner blocks that were left open before the end of an outer one."""
        opener = {"endif": "if", "endfor": "for", "elif": "if"}.get(keyword.text)
        if any(block.text == opener for block in self.blocks.open):
            while self.blocks.open[-1].text != opener:
                self.faults.add(self.blocks.never_closed())
                yield from self._closed(keyword.mark)

    def _closed(self, mark: int) -> list[Token]:
        return _written(mark, f"end{self.blocks.open.pop().text}")

    def _check_alone(self, tag: list[Token], keyword: str) -> None:
        """Parse one tag with nothing but what it needs around it; raises PromptError."""
        mark = tag[0].mark
        before = {
            "elif": _written(mark, "if true"),
            "else": _written(mark, "if true"),
            "endif": _written(mark, "if true"),
            "endfor": _written(mark, "for x in [ ]"),
        }
        after = {
            "if": _written(mark, "endif"),
            "elif": _written(mark, "endif"),
            "else": _written(mark, "endif"),
            "for": _written(mark, "endfor"),
        }
        parsed(self.sources, [*before.get(keyword, []), *tag, *after.get(keyword, [])])


def _neutral(mark: int, words: list[str], kind: str) -> list[Token]:
    """Return what stands for a broken tag."""
    keyword = words[0] if words and kind == "block_begin" else ""
    name = next((word for word in words[1:] if _NAME.fullmatch(word)), "x")
    text = {
        "if": "if true",
        "elif": "elif true",
        "else": "else",
        "endif": "endif",
        "endfor": "endfor",
        "for": f"for {name} in [ ]",
        "set": f"set {name} = ''",
    }.get(keyword)
    return _written(mark, text) if text else []


def _written(mark: int, text: str) -> list[Token]:
    """Return the tokens of a block tag, all with one mark."""
    kinds = {"[": "operator", "]": "operator", "=": "operator", "''": "string"}
    inside = [Token(mark, kinds.get(word, "name"), word) for word in text.split()]
    return [Token(mark, "block_begin", "{%"), *inside, Token(mark, "block_end", "%}")]
