"""Common slips inside messages: lint's warnings about single expressions. Knows no values.

a value that may be nothing printed bare        a list printed bare, a text looped over
a choice compared with none of its words        a field that no passage has
an input's name given to something else         `{name}` where `{{ name }}` is meant
a value between the quotes of JSON
"""

import re
from collections.abc import Iterator

from jinja2 import nodes

from prompts.errors import did_you_mean
from prompts.filters import LOOP
from prompts.format import Draft
from prompts.inputs import Input
from prompts.problems import Problem, warning
from prompts.roles import Turn

_SCALARS = frozenset({"string", "text", "number", "boolean", "choice", "date"})
_LISTS = frozenset({"list", "passages"})
_FALLBACK = frozenset({"default", "d"})
_QUOTED = re.compile(r'"[\w -]+"\s*:\s*"[^"\n]*$')
_BEFORE = 200
"""Characters looked at before a value, on its line."""
_BARE = re.compile(r'"[\w -]+"\s*:\s*$')


def habits(draft: Draft) -> Iterator[Problem]:
    """Yield the warnings about the messages of a draft."""
    inputs = {spec.name: spec for spec in draft.fields.inputs}
    single = re.compile(r"(?<![{$])\{\s*(" + "|".join(inputs) + r")\s*\}(?!\})") if inputs else None
    for part in draft.body.parts:
        if isinstance(part, Turn):
            yield from _Reader(draft, inputs, single).read(part.body)


class _Reader:
    """Walks one message; `passages` and `safe` are the names known to be so at a place."""

    def __init__(
        self, draft: Draft, inputs: dict[str, Input], single: re.Pattern[str] | None
    ) -> None:
        self.draft = draft
        self.inputs = inputs
        self.single = single
        self.safe: frozenset[str] = frozenset()
        self.passages: frozenset[str] = frozenset()
        self.said = ""  # the author's text before, on the same line

    def read(self, node: nodes.Node) -> Iterator[Problem]:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                yield from self._printed(child)
        elif isinstance(node, nodes.For):
            yield from self._loop(node)
        elif isinstance(node, nodes.If):
            yield from self._if(node)
        elif isinstance(node, nodes.Assign):
            yield from self._stored(node.target)
            yield from self._inside(node.node)
        else:
            for inner in node.iter_child_nodes():
                yield from self.read(inner)

    def _problem(self, code: str, node: nodes.Node, message: str, hint: str) -> Problem:
        return warning(code, self.draft.body.sources.error(node.lineno, message, hint))

    # --- what is printed ---

    def _printed(self, node: nodes.Expr) -> Iterator[Problem]:
        if isinstance(node, nodes.TemplateData):
            yield from self._text(node)
            return
        yield from self._inside(node)
        yield from self._in_json(node)
        yield from self._bare(node)
        self.said = f"{self.said[-_BEFORE:]}x"

    def _text(self, node: nodes.TemplateData) -> Iterator[Problem]:
        for found in self.single.finditer(node.data) if self.single else ():
            name = found.group(1)
            error = self.draft.body.sources.error(
                node.lineno + found.start(),
                f"`{found.group()}` is plain text.",
                f"Write `{{{{ {name} }}}}` for the value.",
            )
            yield warning("single-brace", error)
        self.said = (self.said + node.data).rsplit("\n", 1)[-1][-_BEFORE:]

    def _in_json(self, node: nodes.Expr) -> Iterator[Problem]:
        name = next((one.name for one in _names(node) if one.name in self.inputs), None)
        as_json = isinstance(node, nodes.Filter) and node.name == "tojson"
        if name is None or as_json or '"' not in self.said:
            return
        if _QUOTED.search(self.said):
            hint = "Write `|tojson` after it and take the quotes around it away."
        elif _BARE.search(self.said) and self.inputs[name].kind != "number":
            hint = "Write `|tojson` after it."
        else:
            return
        what = f"`{name}` stands in JSON as plain text: a quote in it would break the JSON."
        yield self._problem("json", node, what, hint)

    def _bare(self, node: nodes.Expr) -> Iterator[Problem]:
        """Warn of values that print nothing, or have no plain text."""
        if isinstance(node, nodes.Name) and node.name in self.inputs:
            spec = self.inputs[node.name]
            if spec.kind in _LISTS:
                what = f"`{spec.name}` is a list, which cannot be printed as it is."
                hint = 'Loop over it, or write `|join(", ")` after it.'
                yield self._problem("wrong-kind", node, what, hint)
        for one in _printed_names(node):
            printed = self.inputs.get(one.name)
            if printed is None or one.name in self.safe or not _may_be_nothing(printed):
                continue
            what = f"`{one.name}` may be left empty, and printing nothing is an error."
            hint = f'Write `{{% if {one.name} %}}` around it, or `|default("…")` after it.'
            yield self._problem("may-be-nothing", one, what, hint)

    # --- blocks ---

    def _loop(self, node: nodes.For) -> Iterator[Problem]:
        yield from self._stored(node.target)
        items = node.iter
        if isinstance(items, nodes.Filter) and items.name == LOOP and items.node is not None:
            items = items.node
        yield from self._inside(items)
        spec = self.inputs.get(items.name) if isinstance(items, nodes.Name) else None
        if spec is not None and spec.kind in _SCALARS:
            what = f"`{spec.name}` is no list: its kind is {spec.kind}."
            yield self._problem("wrong-kind", items, what, "Loop over a list or passages.")
        kept = self.passages
        if spec is not None and spec.kind == "passages" and isinstance(node.target, nodes.Name):
            self.passages |= {node.target.name}
        for inner in node.body:
            yield from self.read(inner)
        self.passages = kept
        for inner in node.else_:
            yield from self.read(inner)

    def _if(self, node: nodes.If) -> Iterator[Problem]:
        kept = self.safe
        for branch in (node, *node.elif_):
            yield from self._inside(branch.test)
            self.safe |= {one.name for one in _names(branch.test)}
            for inner in branch.body:
                yield from self.read(inner)
        for inner in node.else_:
            yield from self.read(inner)
        self.safe = kept

    def _stored(self, target: nodes.Node) -> Iterator[Problem]:
        for one in _names(target):
            if one.name in self.inputs:
                what = f"`{one.name}` is an input; this hides its value from here on."
                yield self._problem("shadowed", one, what, "Choose another name.")

    # --- expressions ---

    def _inside(self, node: nodes.Node) -> Iterator[Problem]:
        for one in (node, *node.find_all((nodes.Compare, nodes.Getattr))):
            if isinstance(one, nodes.Compare):
                yield from self._compared(one)
            elif isinstance(one, nodes.Getattr):
                yield from self._field(one)

    def _compared(self, node: nodes.Compare) -> Iterator[Problem]:
        spec = self.inputs.get(node.expr.name) if isinstance(node.expr, nodes.Name) else None
        if spec is None or spec.kind != "choice":
            return
        for operand in node.ops:
            several = operand.expr.items if isinstance(operand.expr, nodes.List) else [operand.expr]
            for word in several:
                if isinstance(word, nodes.Const) and isinstance(word.value, str):
                    if word.value in spec.choices:
                        continue
                    what = f"`{spec.name}` is never `{word.value}`."
                    known = f"It is one of {', '.join(spec.choices)}."
                    hint = did_you_mean(word.value, spec.choices, known)
                    yield self._problem("no-choice", word, what, hint)

    def _field(self, node: nodes.Getattr) -> Iterator[Problem]:
        of_passage = isinstance(node.node, nodes.Name) and node.node.name in self.passages
        if of_passage and node.attr not in ("title", "text"):
            what = f"A passage has no `{node.attr}`."
            hint = did_you_mean(node.attr, ("title", "text"), "It has `title` and `text`.")
            yield self._problem("no-field", node, what, hint)


def _may_be_nothing(spec: Input) -> bool:
    return spec.kind in _SCALARS and not spec.required and spec.default is None


def _names(node: nodes.Node) -> list[nodes.Name]:
    mine = [node] if isinstance(node, nodes.Name) else []
    return [*mine, *node.find_all(nodes.Name)]


def _printed_names(node: nodes.Node) -> Iterator[nodes.Name]:
    """Yield the names whose own value must be there for the expression to print."""
    if isinstance(node, nodes.Name):
        yield node
    elif isinstance(node, nodes.Filter):
        if node.name not in _FALLBACK and node.name != "tojson" and node.node is not None:
            yield from _printed_names(node.node)
    elif isinstance(node, nodes.Concat | nodes.List | nodes.Add | nodes.Sub | nodes.Div):
        for inner in node.iter_child_nodes():
            yield from _printed_names(inner)
