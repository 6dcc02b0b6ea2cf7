"""Which parts of Jinja a template may use: every other node type, call and name is refused.

Checks run on the parsed tree, before anything is compiled. They walk it without recursion.
"""

import re
from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from prompts.environment import LOOP_FIELDS
from prompts.errors import Faults, did_you_mean
from prompts.filters import FILTERS, TESTS
from prompts.source import Sources
from prompts.tags import MAX_NUMBER

_MAX_DEPTH = 60
_MAX_NODES = 10_000
_MAX_LOOPS = 2
_MAX_ELIFS = 50
_PARTS = "The template has too many parts."

_WORDS = """
    self super caller varargs kwargs context loop range true false none True False None
    not and or in is if else elif for set include raw
"""
RESERVED = frozenset(_WORDS.split())
PARTIAL = re.compile(r"partials/[a-z0-9_-]+\.j2")


def check_tree(sources: Sources, root: nodes.Node, faults: Faults) -> None:
    """Raise PromptError at the first node that a template may not hold, or keep all such faults."""
    todo: list[tuple[nodes.Node, int, int]] = [(root, 0, 0)]
    count = 0
    while todo:
        node, depth, loops = todo.pop()
        count += 1
        loops += isinstance(node, nodes.For)
        with faults:
            if depth > _MAX_DEPTH:
                raise sources.too_much(
                    node.lineno, "This is nested too deeply.", "Use `set` for parts."
                )
            if count > _MAX_NODES:
                raise sources.too_much(
                    node.lineno, "The template has too many parts.", "Shorten it."
                )
            if loops > _MAX_LOOPS:
                raise sources.error(node.lineno, f"Loops are nested more than {_MAX_LOOPS} deep.")
            _check_node(sources, node)
            children = [(child, depth + 1, loops) for child in _children(node)]
            todo.extend(reversed(children))  # so that the first fault in the text is the one named


def _children(node: nodes.Node) -> list[nodes.Node]:
    """Return the child nodes, less the two names that are allowed only where they stand here."""
    hidden: nodes.Node | None = None
    if isinstance(node, nodes.Call) or (
        isinstance(node, nodes.Getattr)
        and isinstance(node.node, nodes.Name)
        and node.node.name == "loop"
    ):
        hidden = node.node
    return [child for child in node.iter_child_nodes() if child is not hidden]


def _check_node(sources: Sources, node: nodes.Node) -> None:
    kind = type(node)
    if kind in _PLAIN:
        return
    check = _CHECKED.get(kind)
    if check is None:
        sign = _SIGNS.get(kind, kind.__name__.lower())
        raise sources.error(node.lineno, f"`{sign}` is not allowed here.", "Leave it out.")
    check(sources, node)


def _check_const(sources: Sources, node: nodes.Const) -> None:
    if isinstance(node.value, int | float) and not abs(node.value) <= MAX_NUMBER:
        raise sources.error(node.lineno, f"Numbers go up to {MAX_NUMBER:,}.", "Use less.")


def _check_name(sources: Sources, node: nodes.Name) -> None:
    if node.name in RESERVED or node.name.startswith("_"):
        hint = {
            "loop": "Use its fields, such as `loop.index`.",
            "range": "Call it: `range(3)`.",
        }.get(node.name, "Choose another name.")
        raise sources.error(node.lineno, f"The name `{node.name}` cannot be used here.", hint)


def _check_getattr(sources: Sources, node: nodes.Getattr) -> None:
    if node.attr.startswith("_"):
        raise sources.error(node.lineno, f"The field `{node.attr}` is not allowed.")
    of_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop"
    if of_loop and node.attr not in LOOP_FIELDS:
        allowed = ", ".join(sorted(LOOP_FIELDS))
        raise sources.error(node.lineno, f"`loop` has no `{node.attr}`.", f"It has {allowed}.")


def _check_getitem(sources: Sources, node: nodes.Getitem) -> None:
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if isinstance(key, str) and key.startswith("_"):
        raise sources.error(node.lineno, f"The field `{key}` is not allowed.")


def _check_call(sources: Sources, node: nodes.Call) -> None:
    is_range = isinstance(node.node, nodes.Name) and node.node.name == "range"
    if not is_range or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise sources.error(
            node.lineno, "Nothing can be called here but `range`.", "Use a filter: `value|filter`."
        )


def _check_filter(sources: Sources, node: nodes.Filter) -> None:
    _check_known(sources, node, "filter", FILTERS)


def _check_test(sources: Sources, node: nodes.Test) -> None:
    _check_known(sources, node, "test", TESTS)


def _check_known(
    sources: Sources, node: nodes.Filter | nodes.Test, what: str, known: dict[str, Any]
) -> None:
    if node.name not in known:
        hint = did_you_mean(node.name, known, f"There are {', '.join(sorted(known))}.")
        raise sources.error(node.lineno, f"There is no {what} `{node.name}`.", hint)
    if node.dyn_args or node.dyn_kwargs:
        raise sources.error(node.lineno, "`*` and `**` are not allowed.", "Write the arguments.")


def _check_for(sources: Sources, node: nodes.For) -> None:
    if node.recursive:
        raise sources.error(node.lineno, "Recursive loops are not allowed.", "Delete `recursive`.")


def _check_if(sources: Sources, node: nodes.If) -> None:
    if len(node.elif_) > _MAX_ELIFS:
        raise sources.error(node.lineno, f"There are more than {_MAX_ELIFS} `elif` in this `if`.")


def _check_assign(sources: Sources, node: nodes.Assign) -> None:
    if not isinstance(node.target, nodes.Name):
        raise sources.error(node.lineno, "`set` sets one plain name.", "Use one `set` for each.")
    parts = [node.node, *node.node.find_all(nodes.Node)]
    joins = [part for part in parts if isinstance(part, nodes.Filter) and part.name == "join"]
    joined = {id(part.node) for part in joins}
    kinds = (nodes.List, nodes.Tuple, nodes.Pair)
    lists = [part for part in parts if isinstance(part, kinds) and id(part) not in joined]
    # Lists of lists of lists, one `set` after another, would double with every line.
    if any(not isinstance(item, nodes.Const) for one in lists for item in one.iter_child_nodes()):
        raise sources.error(
            node.lineno, "A list in `set` holds plain texts and numbers only.", "Use a loop."
        )


def _check_include(sources: Sources, node: nodes.Include) -> None:
    name = node.template.value if isinstance(node.template, nodes.Const) else None
    if not isinstance(name, str) or not PARTIAL.fullmatch(name):
        raise sources.error(
            node.lineno,
            "`include` takes the name of a partial.",
            'Write it like `{% include "partials/tone.j2" %}`.',
        )
    if node.ignore_missing or not node.with_context:
        raise sources.error(node.lineno, "`include` takes nothing after the name.", "Delete it.")


_PLAIN: frozenset[type[nodes.Node]] = frozenset({
    nodes.Template, nodes.Scope, nodes.Output, nodes.TemplateData, nodes.Keyword, nodes.Slice,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.List, nodes.Tuple,
    nodes.Dict, nodes.Pair,
})  # fmt: skip
_CHECKED: dict[type[nodes.Node], Callable[[Sources, Any], None]] = {
    nodes.Const: _check_const,
    nodes.Name: _check_name,
    nodes.Getattr: _check_getattr,
    nodes.Getitem: _check_getitem,
    nodes.Call: _check_call,
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
    nodes.For: _check_for,
    nodes.If: _check_if,
    nodes.Assign: _check_assign,
    nodes.Include: _check_include,
}
_SIGNS: dict[type[nodes.Node], str] = {
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Mod: "%",
    nodes.AssignBlock: "{% set %}…{% endset %}",
}
