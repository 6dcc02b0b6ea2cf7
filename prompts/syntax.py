"""Reads template text into one checked tree, with every partial put in its place.

A partial becomes a scope of its own inside the tree, so nothing is loaded while rendering and one
tree is the whole closure. Every node's `lineno` is a mark (see source.py). Knows no roles, inputs
or values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from prompts.allowlist import check_tree
from prompts.environment import ENVIRONMENT
from prompts.errors import did_you_mean
from prompts.filters import GLUE, LOOP
from prompts.source import Sources, read_text
from prompts.tags import Token, read_tokens, reason

_MAX_INCLUDES = 50
_MAX_INCLUDE_DEPTH = 3
_INCLUDE_LINE = re.compile(r"\s*\{%[-+]?\s*include\b[^%]*%\}\s*")


@dataclass(slots=True)
class Tree:
    """`root` holds everything; `raw`: marks between which text stood in `{% raw %}`; `partials`:
    the text of each partial in use, by name."""

    root: nodes.Template
    raw: list[tuple[int, int]] = field(default_factory=list)
    partials: dict[str, str] = field(default_factory=dict)


def read_tree(sources: Sources, start: int, partials: Mapping[str, str]) -> Tree:
    """Parse and check text 0 from `start` on, with its partials; raises PromptError."""
    tree = Tree(nodes.Template([], lineno=0))
    root = _parsed(sources, 0, start, tree)
    tree.root = _Includer(sources, partials, tree).visit(root)
    check_tree(sources, tree.root)
    tree.root = _Bounder().visit(tree.root)
    tree.root.set_environment(ENVIRONMENT)
    return tree


def _parsed(sources: Sources, number: int, start: int, tree: Tree) -> nodes.Template:
    tokens = read_tokens(sources, number, start)
    _note_raw(tokens, tree)
    parser = Parser(ENVIRONMENT, "")
    pieces = ((token.mark, token.kind, token.text) for token in tokens)
    try:
        parser.stream = TokenStream(ENVIRONMENT.lexer.wrap(pieces), None, None)
        root = parser.parse()
    except TemplateSyntaxError as error:
        raise sources.error(error.lineno, f"This is not valid Jinja: {reason(error)}.") from None
    check_tree(sources, root)
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

    def __init__(self, sources: Sources, partials: Mapping[str, str], tree: Tree) -> None:
        self.sources = sources
        self.partials = partials
        self.tree = tree
        self.open: list[str] = []
        self.count = 0

    def visit_Include(self, node: nodes.Include) -> nodes.Scope:  # noqa: N802 - Jinja's name
        """Return a scope with the partial's own nodes, its includes put in place too."""
        name = _checked_name(node)
        self._check_chain(node, name)
        number = self.sources.add(self._text(node, name), name)
        self.open.append(name)
        body = self.visit(_parsed(self.sources, number, 0, self.tree)).body
        self.open.pop()
        return nodes.Scope(body, lineno=node.lineno)

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
        """Return the partial's text as it fits here: a line of its own keeps its line end."""
        if name not in self.partials:
            raise self.sources.error(
                node.lineno,
                f"There is no partial `{name}`.",
                did_you_mean(name, self.partials, "Add it, or write the text here."),
            )
        text = read_text(self.partials[name], partial=name)
        self.tree.partials[name] = text
        alone = _INCLUDE_LINE.fullmatch(self.sources.line_at(node.lineno))
        return text.rstrip("\n") + ("\n" if alone else "")


def _checked_name(node: nodes.Include) -> str:
    """Return the name that the allowlist has found to be a literal."""
    assert isinstance(node.template, nodes.Const)  # noqa: S101
    return str(node.template.value)


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
