"""Templates put together at random: PromptError or messages, never anything else."""

import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import prompts
from prompts import PromptError
from prompts.filters import FILTERS, TESTS
from prompts.source import Sources
from prompts.tags import read_tokens

PIECES = """
system: user: assistant: \\user: text é👩‍💻 {{ }} {% %} {%- -%} {%+ {# #} {{- -}} {{q}} {{n}}
{{items}} {{history}} {%if_q%} {%else%} {%elif_n>2%} {%endif%} {%for_i_in_items%} {%endfor%}
{{loop.index}} {{i}} {%set_a=q~n%} {{a}} {%raw%} {%endraw%} {%include_'partials/p.j2'%} |upper
|join ' " ( ) [ ] { } . , ~ - / 0 is not in range(3) 1 none items[0] \\
"""
BODIES = st.lists(st.sampled_from(["\n", " ", *PIECES.split()]), max_size=40)
NAMES = st.sampled_from(["q", "n", "items", "passages", "history", "none", "true", "'x'", "2", "0"])
SIGNS = st.sampled_from(["+", "-", "/", "//", "~", "==", "<", "in", "and", "or", "if"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.tuples(inner, SIGNS, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, st.sampled_from(sorted(FILTERS))).map("|".join),
        st.tuples(inner, st.sampled_from(sorted(TESTS))).map(" is ".join),
        st.tuples(inner, inner).map(lambda two: f"[{two[0]}, {two[1]}]"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}[{two[1]}]"),
    ),
    max_leaves=8,
)
TAGS = st.sampled_from(["{{ q }}", "{%- set a = 1 -%}", "{# c -#}", "{{- n -}}", "\n", " x"])
VALUES = {"q": "Q", "items": ["a"], "history": [{"role": "user", "content": "H"}]}


def outcome(work: Callable[[], Any]) -> Any:
    """Return what the work returns, or its PromptError; anything else fails the test."""
    try:
        return work()
    except PromptError as error:
        return error


def check(read: Callable[..., Any], body: str) -> None:
    partials = {"partials/p.j2": "P {{ q }}"}
    found = outcome(lambda: prompts.render(read(f"user:\nx\n{body}", partials), VALUES))
    if isinstance(found, PromptError):
        assert found.line is not None
    else:
        assert {m["role"] for m in found} <= {"system", "user", "assistant"}


@settings(max_examples=200)
@given(pieces=BODIES)
def test_pieces_of_templates(read: Callable[..., Any], pieces: list[str]) -> None:
    check(read, "".join(pieces).replace("_", " "))


@settings(max_examples=200)
@given(expression=EXPRESSIONS)
def test_expressions(read: Callable[..., Any], expression: str) -> None:
    check(read, f"{{{{ {expression} }}}}{{% for i in {expression} %}}{{{{ i }}}}{{% endfor %}}")


@settings(max_examples=300)
@given(pieces=BODIES)
def test_lint_has_an_error_where_reading_has(pieces: list[str]) -> None:
    front = "---\nname: t\ninputs: [{name: q, kind: text}, {name: items, kind: list}]\n---\n"
    source = f"{front}user:\nx\n" + "".join(pieces).replace("_", " ")
    partials = {"partials/p.j2": "P {{ q }}"}
    errors = [p for p in prompts.lint(source, partials) if p.severity == "error"]
    found = outcome(lambda: prompts.parse(source, partials))
    assert isinstance(found, PromptError) == bool(errors)
    if isinstance(found, PromptError):
        assert (found.line, found.column) in [(p.line, p.column) for p in errors]


@given(text=st.text(st.sampled_from("[]{}\":,'\n -#abcrolentusm%|/0"), max_size=80))
def test_import(text: str) -> None:
    for front in ("", "---\n", '[{"role": "user", "content": "', "prompts:\n- "):
        found = outcome(lambda front=front: prompts.imported(front + text))
        assert isinstance(found, PromptError | prompts.Imported)


@given(front=st.text(st.sampled_from("abc:-[]{}!&*|>'\"# \n0"), max_size=60))
def test_front_matter(front: str) -> None:
    found = outcome(lambda: prompts.parse(f"---\nname: t\n{front}\n---\nuser:\nx\n"))
    assert getattr(found, "line", 1) is not None


@given(pieces=st.lists(TAGS, max_size=20))
def test_marks_point_at_their_tokens(pieces: list[str]) -> None:
    text = "{% if q %}" + "".join(pieces) + " {%- endif %}"
    sources = Sources()
    sources.add(text)
    end = 0
    for token in read_tokens(sources, 0, 0):
        assert text[token.mark :].startswith(token.text)
        assert re.fullmatch(r"\s*", text[end : token.mark])
        end = token.mark + len(token.text)
    assert end == len(text)
