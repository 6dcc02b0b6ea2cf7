"""Inputs for a template that declares none: which names it uses, and what kind each must be.

Other tools fill in whatever is given; here every name is declared. Names that cannot be inputs here
are changed. Knows no format.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from jinja2 import nodes

from prompts.allowlist import RESERVED
from prompts.errors import Faults
from prompts.filters import LOOP
from prompts.frontmatter import JSON
from prompts.names import undeclared
from prompts.source import Sources
from prompts.syntax import read_tree
from prompts.tags import read_tokens

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def declared(
    front: Mapping[str, JSON], body: str, threads: Sequence[str] = ()
) -> tuple[dict[str, JSON], str, list[str]]:
    """Return front matter with inputs, the body, and notes on what was changed.

    What the body uses is declared where nothing was: inputs that were written are the author's
    word, so a name that they lack stays an error. Raises PromptError for a body that cannot be
    read.
    """
    entries = front.get("inputs")
    inputs: list[JSON] = list(entries) if isinstance(entries, list) else []
    used = _used(body)
    renamed = _given(inputs) if inputs else used
    names = {name: _sound(name, used) for name in renamed if _sound(name, used) != name}
    body = _renamed(body, names)
    notes = [f"`{old}` is now called `{new}`." for old, new in names.items()]
    inputs = [_with_name(entry, names) for entry in inputs]
    if not inputs:
        inputs = list(_guessed(body, threads).values())
        if inputs:
            notes.append("The inputs were declared by how the text uses them: look at their kinds.")
    first = {key: front[key] for key in ("name", "description") if key in front}
    rest = {key: value for key, value in front.items() if key not in ("inputs", *first)}
    return {**first, **({"inputs": inputs} if inputs else {}), **rest}, body, notes


def slug(name: str) -> str:
    """Return a name as prompts are called here."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name)
    word = re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")[:64].strip("-")
    return word if re.match(r"[a-z]", word) else f"prompt-{word}"[:64].strip("-")


def _given(inputs: Sequence[JSON]) -> list[str]:
    names = (entry.get("name") for entry in inputs if isinstance(entry, dict))
    return [name for name in names if isinstance(name, str)]


def _with_name(entry: JSON, names: Mapping[str, str]) -> JSON:
    if not isinstance(entry, dict):
        return entry
    name = entry.get("name")
    return {**entry, "name": names.get(name, name) if isinstance(name, str) else name}


def _used(body: str) -> list[str]:
    """Every name that the body needs, in the order of the text."""
    root = _tree(body)
    return list(dict.fromkeys(one.name for one in undeclared(root, frozenset({"range"}))))


def _tree(body: str) -> nodes.Template:
    sources = Sources()
    sources.add(body)
    # Names of other tools are judged here, so that a template is not refused for them.
    faults = Faults(keep=True)
    tree = read_tree(sources, 0, {}, faults)
    if not tree.whole:
        raise faults.found[0]
    return tree.root


def _sound(name: str, others: Iterable[str]) -> str:
    """Return a name that an input can have."""
    if _NAME.fullmatch(name) and name not in RESERVED:
        return name
    word = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    word = re.sub(r"[^a-z0-9_]+", "_", word).strip("_")[:60] or "value"
    word = word if re.match(r"[a-z]", word) and word not in RESERVED else f"the_{word}"
    while word in set(others):
        word += "_2"
    return word


def _renamed(body: str, names: Mapping[str, str]) -> str:
    """Return the body with names changed wherever they stand for a value."""
    if not names:
        return body
    sources = Sources()
    tokens = [one for one in read_tokens(sources, sources.add(body), 0) if one.kind != "whitespace"]
    done: list[str] = []
    position, before = 0, ""
    for token in tokens:
        if token.kind == "name" and token.text in names and before not in (".", "|"):
            done += [body[position : token.mark], names[token.text]]
            position = token.mark + len(token.text)
        before = token.text
    return "".join(done) + body[position:]


def _guessed(body: str, threads: Sequence[str]) -> dict[str, JSON]:
    """Return an input for each name that the body uses, by how it is used."""
    root = _tree(body)
    lists, passages = _looped(root)
    optional = _asked_for(root)
    found: dict[str, JSON] = {}
    for name in _used(body):
        entry: dict[str, JSON] = {"name": name, "kind": "text"}
        if name in threads:
            entry["kind"] = "thread"
        elif name in lists:
            entry["kind"] = "passages" if name in passages else "list"
        elif name in optional and not _said(root, name):
            entry["kind"] = "boolean"
        elif name not in optional:
            entry["required"] = True
        found[name] = entry
    return found


def _looped(root: nodes.Template) -> tuple[set[str], set[str]]:
    """Names that are looped over or joined, and of these the ones whose items have fields."""
    lists: set[str] = set()
    passages: set[str] = set()
    for loop in root.find_all(nodes.For):
        items = loop.iter
        if isinstance(items, nodes.Filter) and items.name == LOOP and items.node is not None:
            items = items.node
        if not isinstance(items, nodes.Name) or not isinstance(loop.target, nodes.Name):
            continue
        lists.add(items.name)
        fields = {
            one.attr
            for one in loop.find_all(nodes.Getattr)
            if isinstance(one.node, nodes.Name) and one.node.name == loop.target.name
        }
        if fields & {"title", "text"}:
            passages.add(items.name)
    for one in root.find_all(nodes.Filter):
        if one.name == "join" and isinstance(one.node, nodes.Name):
            lists.add(one.node.name)
    return lists, passages


def _said(root: nodes.Template, name: str) -> bool:
    """Whether a value is printed, compared or handed on, and not just asked for."""
    several = root.find_all((nodes.Output, nodes.Compare, nodes.Assign, nodes.For))
    return any(
        found.name == name
        for one in several
        for inner in _own(one)
        for found in (inner, *inner.find_all(nodes.Name))
        if isinstance(found, nodes.Name)
    )


def _own(node: nodes.Node) -> list[nodes.Node]:
    """What a node itself prints, compares or takes, without the blocks inside of it."""
    if isinstance(node, nodes.For):
        return [node.iter]
    if isinstance(node, nodes.Output):
        return [inner for one in node.nodes for inner in _printed(one)]
    return list(node.iter_child_nodes())


def _printed(node: nodes.Expr) -> list[nodes.Node]:
    if isinstance(node, nodes.CondExpr):
        return [one for one in (node.expr1, node.expr2) if one is not None]
    return [node]


def _asked_for(root: nodes.Template) -> set[str]:
    """Names that a template asks for before it uses them."""
    tests: list[nodes.Node] = [one.test for one in root.find_all(nodes.If)]
    tests += [one.test for one in root.find_all(nodes.CondExpr)]
    filled = [one for one in root.find_all(nodes.Filter) if one.name in ("default", "d")]
    return {
        name.name
        for one in (*tests, *filled)
        for name in (one, *one.find_all(nodes.Name))
        if isinstance(name, nodes.Name)
    }
