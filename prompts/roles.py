"""Splits the tree into messages, on the author's own role lines, before anything is rendered.

Only text that the author wrote at the top level opens a role; a value, an expression, a block or a
partial never can. Knows no values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

from prompts.environment import ENVIRONMENT
from prompts.errors import Faults, PromptError
from prompts.source import Sources
from prompts.syntax import Tree

ROLES = ("system", "user", "assistant")
_ROLE_LINE = re.compile(r"(system|user|assistant):[ \t]*")
# What Prompty, or a reader, would take for one.
_LIKE = (
    r"[ \t]*(?:#[ \t]*)?(?:system|user|assistant|developer|tool|function)(?:\[[^\]\n]*\])?[ \t]*:"
)
ROLE_LIKE = re.compile(_LIKE + r"[ \t]*", re.IGNORECASE)
ESCAPED = re.compile(r"([ \t]*)\\(\\*" + _LIKE + r"[ \t]*\n?)", re.IGNORECASE)
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_LITERAL = "Write `\\` before it if it is plain text."


@dataclass(slots=True)
class Turn:
    """A message that the author wrote: its role, where that stands, and its own template."""

    role: str
    mark: int
    body: nodes.Template

    @property
    def empty(self) -> bool:
        """Whether nothing at all was written under the role line."""
        return all(
            isinstance(node, nodes.Output)
            and all(isinstance(x, nodes.TemplateData) and not x.data.strip() for x in node.nodes)
            for node in self.body.body
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """The place where the messages of a thread input go in; `mark`: where it stands."""

    name: str
    mark: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A piece of author text up to a line's end; `edge`: an expression stands right beside it."""

    mark: int
    text: str
    edge: bool

    @property
    def literal(self) -> str:
        """The text, less the `\\` that keeps a line from being a role line."""
        found = None if self.edge else ESCAPED.fullmatch(self.text)
        return found.group(1) + found.group(2) if found else self.text


def split(
    sources: Sources, tree: Tree, threads: frozenset[str], faults: Faults
) -> list[Turn | Slot]:
    """Return messages and slots in order. `threads`: names of what stands for messages.

    A fault raises PromptError, or is kept and the text goes on as if it were mended.
    """
    splitter = _Splitter(sources, tree, threads, faults)
    for node in tree.root.body:
        splitter.add(node)
    for part in splitter.parts:
        if isinstance(part, Turn):
            part.body.set_environment(ENVIRONMENT)
    return splitter.parts


@dataclass(slots=True)
class _Splitter:
    sources: Sources
    tree: Tree
    threads: frozenset[str]
    faults: Faults
    parts: list[Turn | Slot] = field(default_factory=list)

    def add(self, node: nodes.Node) -> None:
        if not isinstance(node, nodes.Output):
            for output in node.find_all(nodes.Output):
                self._check_inner(output)
            self._append(node, node.lineno)
            return
        for piece in _pieces(node):
            if isinstance(piece, _Fragment):
                self._add_text(piece)
            elif self._is_thread(piece):
                self._add_slot(piece)
            else:
                self._append(nodes.Output([piece], lineno=piece.lineno), piece.lineno)

    def _add_text(self, piece: _Fragment) -> None:
        if not piece.edge and ROLE_LIKE.fullmatch(piece.text.rstrip("\n")):
            role = "system"
            with self.faults:
                role = self._role(piece)
            self.parts.append(Turn(role, piece.mark, nodes.Template([], lineno=0)))
        elif piece.text.strip() or self._turn() is not None:
            data = nodes.TemplateData(piece.literal, lineno=piece.mark)
            self._append(nodes.Output([data], lineno=piece.mark), piece.mark)

    def _role(self, piece: _Fragment) -> str:
        line = self.sources.line_at(piece.mark)
        word = piece.text.strip()
        if any(begin < piece.mark < end for begin, end in self.tree.raw):
            raise self._inside(piece)
        if found := _ROLE_LINE.fullmatch(line):
            return found.group(1)
        if line.strip() != word:
            hint = f"Give it a line of its own. {_LITERAL}"
            raise self.sources.error(piece.mark, f"The role line `{word}` shares its line.", hint)
        hint = f"Roles are {', '.join(f'`{role}:`' for role in ROLES)}, at the line's start."
        raise self.sources.error(
            piece.mark, f"`{word}` looks like a role line but is none.", f"{hint} {_LITERAL}"
        )

    def _append(self, node: nodes.Node, mark: int) -> None:
        turn = self._turn()
        if turn is None:
            with self.faults:
                raise self._homeless(mark)
            turn = Turn("system", mark, nodes.Template([], lineno=0))
            self.parts.append(turn)
        turn.body.body.append(node)

    def _homeless(self, mark: int) -> PromptError:
        if self.parts:
            return self.sources.error(
                mark, "This stands after a thread, in no message.", "Put a role line before it."
            )
        return self.sources.error(
            mark, "This belongs to no message.", "Put `system:` or `user:` on a line above it."
        )

    def _turn(self) -> Turn | None:
        last = self.parts[-1] if self.parts else None
        return last if isinstance(last, Turn) else None

    def _is_thread(self, node: nodes.Node) -> bool:
        return isinstance(node, nodes.Name) and node.name in self.threads

    def _add_slot(self, node: nodes.Node) -> None:
        assert isinstance(node, nodes.Name)  # noqa: S101
        alone = rf"[ \t]*\{{\{{[-+]?\s*{node.name}\s*[-+]?\}}\}}[ \t]*"
        with self.faults:
            if not re.fullmatch(alone, self.sources.line_at(node.lineno)):
                raise self._not_alone(node)
            if Slot(node.name) in self.parts:
                raise self.sources.error(node.lineno, f"The thread `{node.name}` is put in twice.")
            self.parts.append(Slot(node.name, node.lineno))

    def _not_alone(self, node: nodes.Name) -> PromptError:
        return self.sources.error(
            node.lineno,
            f"The thread `{node.name}` must stand alone on its line, outside of any block.",
            f"Write `{{{{ {node.name} }}}}` on a line of its own.",
        )

    def _check_inner(self, output: nodes.Output) -> None:
        """Refuse role lines and slots inside a block or partial; take `\\` off the literal ones."""
        inner: list[nodes.Expr] = []
        for piece in _pieces(output):
            if isinstance(piece, _Fragment):
                with self.faults:
                    if not piece.edge and ROLE_LIKE.fullmatch(piece.text.rstrip("\n")):
                        raise self._inside(piece)
                inner.append(nodes.TemplateData(piece.literal, lineno=piece.mark))
            else:
                with self.faults:
                    if isinstance(piece, nodes.Name) and self._is_thread(piece):
                        raise self._not_alone(piece)
                inner.append(piece)
        output.nodes = inner

    def _inside(self, piece: _Fragment) -> PromptError:
        return self.sources.error(
            piece.mark,
            f"The role line `{piece.text.strip()}` stands inside a block or partial.",
            f"Move it out: roles are fixed before rendering. {_LITERAL}",
        )


def _pieces(output: nodes.Output) -> Iterator[_Fragment | nodes.Expr]:
    """Yield expressions, and author text line by line."""
    children = output.nodes
    for i, child in enumerate(children):
        if not isinstance(child, nodes.TemplateData):
            yield child
            continue
        after = i > 0 and not isinstance(children[i - 1], nodes.TemplateData)
        before = i + 1 < len(children) and not isinstance(children[i + 1], nodes.TemplateData)
        lines = _LINES.findall(child.data)
        mark = child.lineno
        for number, line in enumerate(lines):
            first, last = number == 0, number == len(lines) - 1
            edge = (first and after) or (last and before and not line.endswith("\n"))
            yield _Fragment(mark, line, edge)
            mark += len(line)
