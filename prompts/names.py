"""Which names a message uses before anything has given them a value. Knows no values.

A name counts as given when it is an input, was `set` before, or is a loop's own. What `set` gives
inside a loop or partial ends there; inside an `if`, only what every branch sets goes on.
"""

from collections.abc import Iterable, Iterator

from jinja2 import nodes


def undeclared(root: nodes.Node, known: frozenset[str]) -> Iterator[nodes.Name]:
    """Yield every use of a name that has no value, in the order of the text."""
    return _walk(root, set(known))


def _walk(node: nodes.Node, known: set[str]) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        if node.ctx == "load" and node.name not in known:
            yield node
    elif isinstance(node, nodes.Assign):
        yield from _walk(node.node, known)
        known.update(_targets(node.target))
    elif isinstance(node, nodes.For):
        yield from _walk_for(node, known)
    elif isinstance(node, nodes.If):
        yield from _walk_if(node, known)
    else:
        inner = set(known) if isinstance(node, nodes.Scope) else known
        yield from _walk_all(node.iter_child_nodes(), inner)


def _walk_all(several: Iterable[nodes.Node], known: set[str]) -> Iterator[nodes.Name]:
    for node in several:
        yield from _walk(node, known)


def _walk_for(node: nodes.For, known: set[str]) -> Iterator[nodes.Name]:
    yield from _walk(node.iter, known)
    inner = known | _targets(node.target)
    if node.test is not None:
        yield from _walk(node.test, inner)
    yield from _walk_all(node.body, inner | {"loop"})
    yield from _walk_all(node.else_, set(known))


def _walk_if(node: nodes.If, known: set[str]) -> Iterator[nodes.Name]:
    yield from _walk(node.test, known)
    ends: list[set[str]] = []
    for branch in [node, *node.elif_]:
        if branch is not node:
            yield from _walk(branch.test, known)
        ends.append(set(known))
        yield from _walk_all(branch.body, ends[-1])
    ends.append(set(known))
    yield from _walk_all(node.else_, ends[-1])
    known.update(set.intersection(*ends))


def _targets(target: nodes.Node) -> set[str]:
    names = [target, *target.find_all(nodes.Name)]
    return {name.name for name in names if isinstance(name, nodes.Name)}
