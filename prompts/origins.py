"""Notes on every printed expression which input its text comes from. Knows no values.

An expression's input is the first it names; what `for` and `set` name comes from where they take
it. What prints no input (a number of a loop, a word of the author's) stays as it is.
"""

from collections.abc import Iterable

from jinja2 import nodes

from prompts.filters import FROM

_Known = dict[str, str]


def note_origins(root: nodes.Template, inputs: Iterable[str]) -> None:
    """Wrap the printed expressions of one message, in place."""
    _walk(root, {name: name for name in inputs})


def _walk(node: nodes.Node, known: _Known) -> None:
    if isinstance(node, nodes.Output):
        node.nodes = [_noted(child, known) for child in node.nodes]
    elif isinstance(node, nodes.Assign):
        _name(node.target, _origin(node.node, known), known)
    elif isinstance(node, nodes.For):
        inner = dict(known)
        _name(node.target, _origin(node.iter, known), inner)
        _walk_all(node.body, inner)
        _walk_all(node.else_, dict(known))
    else:
        inner = dict(known) if isinstance(node, nodes.Scope) else known
        _walk_all(node.iter_child_nodes(), inner)


def _walk_all(several: Iterable[nodes.Node], known: _Known) -> None:
    for node in several:
        _walk(node, known)


def _noted(node: nodes.Expr, known: _Known) -> nodes.Expr:
    if isinstance(node, nodes.TemplateData):
        return node
    name = _origin(node, known)
    if name is None:
        return node
    mark = node.lineno
    return nodes.Filter(node, FROM, [nodes.Const(name, lineno=mark)], [], None, None, lineno=mark)


def _origin(node: nodes.Node, known: _Known) -> str | None:
    """The first input that an expression names; what it only asks for does not count."""
    if isinstance(node, nodes.Name):
        return known.get(node.name)
    if isinstance(node, nodes.CondExpr):
        either = (_origin(one, known) for one in (node.expr1, node.expr2) if one is not None)
        return next((name for name in either if name is not None), None)
    named = (known[one.name] for one in node.find_all(nodes.Name) if one.name in known)
    return next(named, None)


def _name(target: nodes.Node, origin: str | None, known: _Known) -> None:
    for one in [target, *target.find_all(nodes.Name)]:
        if isinstance(one, nodes.Name):
            known.pop(one.name, None)
            if origin is not None:
                known[one.name] = origin
