"""One prompt file that needs no other: partials and examples written out in their places.

Knows no other format. That the result says the same is compared, node by node, not hoped for.
"""

import re
from collections import Counter
from typing import Any, cast

from jinja2 import nodes

from prompts.errors import Faults, PromptError
from prompts.examples import SLOT
from prompts.format import Prompt, parse, read_body
from prompts.frontmatter import JSON, read_front_matter
from prompts.roles import ROLE_LIKE, Slot, Turn
from prompts.source import Sources
from prompts.syntax import fitted
from prompts.tags import Token, read_tokens
from prompts.writing import literal, source_of

_LAST_TAG = re.compile(r"([-+]?)(%\}|#\}|\}\})(\n?)$")
_ALONE = re.compile(r"[ \t]*\{\{[-+]?\s*(\w+)\s*[-+]?\}\}[ \t]*")
_FIRST_TAG = re.compile(r"[ \t]*(\{[%#])(?!\+)-?|(\{\{)-")


def portable(prompt: Prompt) -> str:
    """Return one `.prompty` text that renders the same messages.

    Of examples that are chosen by likeness it has the first `shown`. Raises PromptError where a
    partial cannot stand in the text itself.
    """
    examples = SLOT in prompt.slots and prompt.input(SLOT) is None
    if not prompt.partials and not examples:
        return prompt.source
    front = read_front_matter(prompt.source, Faults())
    _check_sets(prompt)
    body = _Writer(prompt, examples=examples).written(prompt.source, front.body)
    head = prompt.source[: front.body]
    text = source_of(without_examples(front.values), body) if examples else head + body
    if not _same(prompt, text):
        raise PromptError(
            "The partials of this prompt cannot be written out where they stand.",
            hint="Put each `include` on a line of its own, without `-` or `+` in the tag.",
        )
    return text


def without_examples(values: dict[str, JSON]) -> dict[str, JSON]:
    """Return front matter that asks for no examples."""
    metadata = values.get("metadata")
    ours = metadata.get("chatbot") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(ours, dict):
        return values
    kept = {key: value for key, value in ours.items() if key != "examples"}
    rest = {key: value for key, value in metadata.items() if key != "chatbot"}
    fresh: dict[str, JSON] = {**rest, **({"chatbot": kept} if kept else {})}
    return {
        **{key: value for key, value in values.items() if key != "metadata"},
        **({"metadata": fresh} if fresh else {}),
    }


class _Writer:
    def __init__(self, prompt: Prompt, *, examples: bool) -> None:
        self.prompt = prompt
        self.examples = examples

    def written(self, text: str, start: int) -> str:
        """Return the text from `start` on, with nothing left to include."""
        sources = Sources()
        tokens = read_tokens(sources, sources.add(text), start)
        done: list[str] = []
        position = start
        for i, token in enumerate(tokens):
            inside = [one for one in tokens[i + 1 : i + 6] if one.kind != "whitespace"][:2]
            if token.kind == "block_begin" and inside[0].text == "include":
                before = tokens[i - 1] if i else None
                end = next(one for one in tokens[i:] if one.kind == "block_end")
                done.append(text[position : before.mark + len(before.text) if before else start])
                position = end.mark + len(end.text)
                done.append(self._partial(inside[1], sources.line_at(token.mark), text[position:]))
                if self._stands_alone(text[position:].split("\n", 1)[0]):
                    done.append("\n")
            elif self.examples and token.kind == "variable_begin" and inside[0].text == SLOT:
                line = text.rfind("\n", 0, token.mark) + 1
                done.append(text[position:line] + self._shown())
                position = text.find("\n", token.mark) + 1 or len(text)
        return "".join(done) + text[position:]

    def _partial(self, name: Token, line: str, follows: str) -> str:
        """Return a partial's text so that its edges mean in here what they mean alone."""
        text = fitted(self.prompt.partials[name.text[1:-1]], line)
        text = _FIRST_TAG.sub(_first_tag, text, count=1) if _FIRST_TAG.match(text) else text
        found = _LAST_TAG.search(text)
        if found is not None:
            sign, tag, end = found.groups()
            if sign == "-" or (tag != "}}" and not sign and not end and follows[:1] == "\n"):
                text = text[: found.start()] + ("" if tag == "}}" else "+") + tag
        return self.written(text, 0)

    def _stands_alone(self, line: str) -> bool:
        """Whether a line is a role line or a thread, whose line is its own."""
        found = _ALONE.fullmatch(line)
        return bool(ROLE_LIKE.fullmatch(line) or (found and found.group(1) in self.prompt.slots))

    def _shown(self) -> str:
        several = self.prompt.examples[: self.prompt.shown]
        return "\n" + "".join(
            f"user:\n{literal(one.user)}\n\nassistant:\n{literal(one.assistant)}\n\n"
            for one in several
        )


def _first_tag(found: re.Match[str]) -> str:
    block, expression = found.groups()
    if expression:
        return str(expression)
    return f"{block}+" if found.group().endswith("-") else str(block)


def _check_sets(prompt: Prompt) -> None:
    """Refuse what a partial sets and others name too: written out, it would be one thing."""
    body = read_body(prompt)
    for part in body.parts:
        if not isinstance(part, Turn):
            continue
        scopes = [(scope, _sets(scope)) for scope in part.body.find_all(nodes.Scope)]
        for name, mark in {name: mark for _, sets in scopes for name, mark in sets.items()}.items():
            elsewhere = _names(part.body)
            for scope, sets in scopes:
                elsewhere -= _names(scope) if name in sets else Counter()
            if elsewhere[name] or prompt.input(name) is not None:
                raise body.sources.error(
                    mark,
                    f"`{name}` is set in a partial and named outside of it, too.",
                    "Give it another name here.",
                )


def _sets(scope: nodes.Scope) -> dict[str, int]:
    """The names that a partial sets, and where."""
    found = [(cast("nodes.Name", one.target), one.lineno) for one in scope.find_all(nodes.Assign)]
    return {target.name: mark for target, mark in found}


def _names(node: nodes.Node) -> Counter[str]:
    return Counter(one.name for one in node.find_all(nodes.Name))


# --- comparing ---------------------------------------------------------------------------------


def _same(prompt: Prompt, text: str) -> bool:
    """Whether a text comes to the same messages, with the examples that are shown written out."""
    fresh = _outline(parse(text))
    wanted: list[Any] = []
    for part in _outline(prompt):
        if part == SLOT:
            for one in prompt.examples[: prompt.shown]:
                wanted.append(("user", [one.user]))
                wanted.append(("assistant", [one.assistant]))
        else:
            wanted.append(part)
    return fresh == wanted


def _outline(prompt: Prompt) -> list[Any]:
    parts = read_body(prompt).parts
    return [
        p.name if isinstance(p, Slot) else (p.role, _trimmed(_flat(p.body.body))) for p in parts
    ]


def _trimmed(flat: list[Any]) -> list[Any]:
    if flat and isinstance(flat[0], str):
        flat[0] = flat[0].lstrip("\n")
    if flat and isinstance(flat[-1], str):
        flat[-1] = flat[-1].rstrip()
    return [one for one in flat if one != ""]


def _flat(several: list[nodes.Node]) -> list[Any]:
    """Return nodes without their places, text joined, and partials as if they stood here."""
    flat: list[Any] = []
    for node in several:
        if isinstance(node, nodes.Output):
            inner: list[Any] = [_printed(child) for child in node.nodes]
        elif isinstance(node, nodes.Scope):
            inner = _flat(node.body)
        elif isinstance(node, nodes.If):
            elifs = [(repr(one.test), _flat(one.body)) for one in node.elif_]
            inner = [("if", repr(node.test), _flat(node.body), elifs, _flat(node.else_))]
        elif isinstance(node, nodes.For):
            head = (repr(node.target), repr(node.iter), repr(node.test))
            inner = [("for", head, _flat(node.body), _flat(node.else_))]
        else:
            inner = [(repr(node),)]
        for one in inner:
            if isinstance(one, str) and flat and isinstance(flat[-1], str):
                flat[-1] += one
            elif one != "":
                flat.append(one)
    return flat


def _printed(node: nodes.Expr) -> Any:
    """Return text, also where it stands in quotes in a tag, or the expression."""
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return node.value
    return (repr(node),)
