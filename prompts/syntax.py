"""Reads template text into one checked tree, with every partial put in its place.

A partial becomes a scope of its own inside the tree, so nothing is loaded while rendering and one
tree is the whole closure. Every node's `lineno` is a mark (see source.py). Knows no roles, inputs
or values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from prompts.allowlist import PARTIAL, check_tree
from prompts.environment import ENVIRONMENT
from prompts.errors import Faults, PromptError, did_you_mean
from prompts.filters import GLUE, LOOP
from prompts.mending import mended, parsed
from prompts.source import Sources, read_text
from prompts.tags import Token, read_tokens

_MAX_INCLUDES = 50
_MAX_INCLUDE_DEPTH = 3
_INCLUDE_LINE = re.compile(r"\s*\{%[-+]?\s*include\b[^%]*%\}\s*")


@dataclass(slots=True)
class Tree:
    """`root` holds everything; `raw`: marks between which text stood in `{% raw %}`; `partials`:
    the text of each partial in use, by name; `whole`: nothing was left out."""

    root: nodes.Template
    raw: list[tuple[int, int]] = field(default_factory=list)
    partials: dict[str, str] = field(default_factory=dict)
    whole: bool = True


def read_tree(sources: Sources, start: int, partials: Mapping[str, str], faults: Faults) -> Tree:
    """Parse and check text 0 from `start` on, with its partials.

    A fault raises PromptError, or is kept and what holds it is left out.
    """
    tree = Tree(nodes.Template([], lineno=0))
    root = _parsed(sources, 0, start, tree, faults)
    tree.root = _Includer(sources, partials, tree, faults).visit(root)
    check_tree(sources, tree.root, faults)
    tree.root = _Bounder().visit(tree.root)
    tree.root.set_environment(ENVIRONMENT)
    return tree


def _parsed(
    sources: Sources, number: int, start: int, tree: Tree, faults: Faults
) -> nodes.Template:
    try:
        tokens = read_tokens(sources, number, start)
        root = parsed(sources, tokens)
    except PromptError:
        if not faults.keep:
            raise
        tree.whole = False
        tokens = mended(sources, number, start, faults)
        root = nodes.Template([], lineno=0)
        with faults:
            root = parsed(sources, tokens)
    _note_raw(tokens, tree)
    check_tree(sources, root, faults)
    return root


def _note_raw(tokens: list[Token], tree: Tree) -> None:
    begin = 0
    for token in tokens:
        if token.kind == "raw_begin":
            begin = token.mark
        elif token.kind == "raw_end":
            tree.raw.append((begin, token.mark))


class _Includer(NodeTransformer):
    """Puts the nodes of a partial where it is included."""

    def __init__(
        self, sources: Sources, partials: Mapping[str, str], tree: Tree, faults: Faults
    ) -> None:
        self.sources = sources
        self.partials = partials
        self.tree = tree
        self.faults = faults
        self.open: list[str] = []
        self.count = 0

    def visit_Include(self, node: nodes.Include) -> nodes.Scope:  # noqa: N802 - Jinja's name
        """Return a scope with the partial's own nodes, its includes put in place too."""
        scope = nodes.Scope([], lineno=node.lineno)
        name = _name(node)
        if name is None:  # lint has kept the fault
            return scope
        before = len(self.open)
        with self.faults:
            self._check_chain(node, name)
            number = self.sources.add(self._text(node, name), name)
            self.open.append(name)
            body = _parsed(self.sources, number, 0, self.tree, self.faults)
            scope.body = self.visit(body).body
        del self.open[before:]
        return scope

    def _check_chain(self, node: nodes.Include, name: str) -> None:
        self.count += 1
        if name in self.open:
            ring = " → ".join([*self.open[self.open.index(name) :], name])
            raise self.sources.error(node.lineno, f"Partials include each other: {ring}.")
        if len(self.open) >= _MAX_INCLUDE_DEPTH or self.count > _MAX_INCLUDES:
            raise self.sources.error(
                node.lineno,
                f"Partials go {_MAX_INCLUDE_DEPTH} deep and {_MAX_INCLUDES} in all.",
                "Write the text itself.",
            )

    def _text(self, node: nodes.Include, name: str) -> str:
        if name not in self.partials:
            raise self.sources.error(
                node.lineno,
                f"There is no partial `{name}`.",
                did_you_mean(name, self.partials, "Add it, or write the text here."),
            )
        text = read_text(self.partials[name], partial=name, faults=self.faults)
        self.tree.partials[name] = text
        return fitted(text, self.sources.line_at(node.lineno))


def fitted(text: str, line: str) -> str:
    """Return a partial's text as it fits where it is included: alone on a line it keeps one."""
    alone = _INCLUDE_LINE.fullmatch(line)
    return text.rstrip("\n") + ("\n" if alone else "")


def _name(node: nodes.Include) -> str | None:
    """Return the name of a partial, None where the allowlist has found no literal one."""
    name = node.template.value if isinstance(node.template, nodes.Const) else None
    return name if isinstance(name, str) and PARTIAL.fullmatch(name) else None


class _Bounder(NodeTransformer):
    """Puts our counted versions where Jinja would loop and join without a limit."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's name
        """Count the steps of a loop."""
        self.generic_visit(node)
        node.iter = _filtered(LOOP, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's name
        """Join texts, but only so many."""
        self.generic_visit(node)
        return _filtered(GLUE, nodes.List(node.nodes, lineno=node.lineno))


def _filtered(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
