"""Templates and values made to break out, hang, fill the memory, or come out wrong.

Refused when the prompt is read, or with a placed error when it is rendered; values stay plain text.
The catalogue's numbers stand beside the cases. In other files here: 16 partials; 27, 28, 29 render;
30 inputs; 32 frontmatter. In other rooms: 29's tokens (the checkpoint's tokenizer), 34's context
budget (the chain), 36's conflict (releases).

Counting bounds what these can do; only a process that can be killed, which comes with the sandbox
worker, bounds their time: 9 and 14 with costly work in the loop, 13 with many long values at once.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import prompts
from prompts import PromptError

pytestmark = pytest.mark.timeout(60)  # a case that hangs fails, and does not stop the rest

DEEP_PARENTHESES = "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}"
DOUBLED = "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}"
LISTED = "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|tojson }}"
REPLACED = "{% set a = 'aa' %}" + "{% set a = a|replace('a', 'aaaaaaaaa') %}" * 40 + "{{ a }}"
JOINED = "{% set a = 'aa' %}" + "{% set a = [a, a, a]|join(a) %}" * 40 + "{{ a }}"

REFUSED_WHEN_READ = [
    (1, "{{ ''.__class__.__mro__ }}", "`__mro__` is not allowed"),
    (2, "{{ ''['__class__'] }}", "`__class__` is not allowed"),
    (3, "{{ ''|attr('__class__') }}", "no filter `attr`"),
    (4, "{{ '{0.__class__}'.format(q) }}", "Nothing can be called"),
    (4, "{{ q|format(q) }}", "no filter `format`"),
    (5, "{{ lipsum.__globals__ }}", "`__globals__` is not allowed"),
    (5, "{{ cycler }}", "`cycler` is not declared"),
    (5, "{{ self }}", "`self` cannot be used"),
    (5, "{{ self._TemplateReference__context }}", "is not allowed"),
    (5, "{{ namespace() }}", "Nothing can be called"),
    (5, "{{ dict() }}", "Nothing can be called"),
    (7, "{{ items.append(1) }}", "Nothing can be called"),
    (7, "{{ q(1) }}", "Nothing can be called"),
    (7, "{{ range(*items) }}", "Nothing can be called"),
    (7, "{{ q|upper(**items) }}", "not allowed"),
    (8, "{% if false %}{{ 9**(9**9) }}{% endif %}", "`**` is not allowed"),
    (9, "{% for i in range(100000) %}x{% endfor %}", "up to 10,000"),
    (10, "{{ 'A'*10**9 }}", "`*` is not allowed"),
    (10, "{{ '%0999999999d' % 1 }}", "`%` is not allowed"),
    (10, "{{ 99999 }}", "up to 10,000"),
    (10, "{{ 1e999 }}", "up to 10,000"),
    (10, "{{ " + "9" * 5000 + " }}", "up to 10,000"),
    (11, "{{ 'x'|indent(400000000) }}", "up to 10,000"),
    (11, "{{ 'x'|center(9) }}", "no filter `center`"),
    (12, "{{ items|slice(9) }}", "no filter `slice`"),
    (13, LISTED, "plain texts and numbers only"),
    (13, "{% set a = [q, q] if [q, q]|join else 1 %}", "plain texts and numbers only"),
    (13, "{% set a %}{{ q }}{% endset %}", "`set` holds no block"),
    (13, "{% set a = 1 %}" * 101, "more than 100"),
    (15, "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "`macro` is not allowed"),
    (15, "{% call a() %}{% endcall %}", "`call` is not allowed"),
    (15, "{% for i in items recursive %}{{ loop(i) }}{% endfor %}", "Recursive loops"),
    (15, "{% for i in items recursive %}{% endfor %}", "Recursive loops"),
    (17, "{% include '../../etc/passwd' %}", "takes the name of a partial"),
    (17, "{% include '/etc/passwd' %}", "takes the name of a partial"),
    (17, "{% include 'partials/../x.j2' %}", "takes the name of a partial"),
    (17, "{% include 'partials\\\\x.j2' %}", "takes the name of a partial"),
    (18, "{% include q %}", "takes the name of a partial"),
    (18, "{% include 'partials/' ~ q %}", "takes the name of a partial"),
    (18, "{% include ['partials/x.j2'] %}", "takes the name of a partial"),
    (18, "{% include 'partials/x.j2' ignore missing %}", "nothing after the name"),
    (18, "{% include 'partials/x.j2' without context %}", "nothing after the name"),
    (19, "{% import 'partials/x.j2' as x %}", "`import` is not allowed"),
    (19, "{% from 'partials/x.j2' import x %}", "`from` is not allowed"),
    (19, "{% extends 'partials/x.j2' %}", "`extends` is not allowed"),
    (19, "{% block x %}{% endblock %}", "`block` is not allowed"),
    (19, "{% autoescape true %}{% endautoescape %}", "`autoescape` is not allowed"),
    (19, "{% filter upper %}{% endfilter %}", "`filter` is not allowed"),
    (15, "{% for i in items %}{{ loop.cycle }}{% endfor %}", "`loop` has no `cycle`"),
    (15, "{% for i in items %}{{ loop }}{% endfor %}", "`loop` cannot be used"),
    (19, "{% set a, b = 1, 2 %}", "`set` sets one plain name"),
    (19, "{% set a.b = 1 %}", "`set` sets one plain name"),
    (19, "{% set range = 1 %}", "`range` cannot be used"),
    (20, "{% if q %}x", "`{% if %}` is never closed"),
    (20, "{{ q", "`{{` is never closed"),
    (20, "{{ q\nand more text, ok!", "`{{` is never closed"),
    (20, "{% if q", "`{%` is never closed"),
    (20, "{# note", "`{#` is never closed"),
    (20, "{% raw %}x", "`{% raw %}` is never closed"),
    (20, "{% endfor %}", "no open `for`"),
    (20, "{% for i in items %}{% endif %}", "no open `if`"),
    (20, "{% else %}", "outside of any"),
    (20, "{{ q }", "cannot be read"),
    (20, "{{ }}", "empty"),
    (20, "{{ q q }}", "not valid Jinja"),
    (20, "{{ 'a\\d' }}", "means nothing"),
    (21, "{% if q %}" * 150 + "{% endif %}" * 150, "more than 12 deep"),
    (21, "{% for i in items %}" * 25 + "{% endfor %}" * 25, "more than 12 deep"),
    (21, "{% for i in items %}" * 3 + "{% endfor %}" * 3, "nested more than 2 deep"),
    (21, DEEP_PARENTHESES, "too long"),
    (21, "{{ " + "(" * 100 + "1" + ")" * 100 + " }}", "Brackets are nested"),
    (21, "{{ " + "not " * 200 + "1 }}", "nested too deeply"),
    (21, "{{ 1" + " - 1" * 100 + " }}", "nested too deeply"),
    (21, "{{ q" + "|upper" * 100 + " }}", "nested too deeply"),
    (21, "{% if q %}" + "{% elif q %}" * 51 + "{% endif %}", "more than 50 `elif`"),
    (21, "{{q|upper}}" * 5_900, "too many parts"),
    (22, "{{ nope }}", "`nope` is not declared"),
    (22, "{{ passage }}", "Did you mean `passages`"),
    (22, "{{ loop.index }}", "only inside a `for`"),
    (22, "{% set a = a %}", "`a` is not declared"),
    (22, "{% for i in items %}{% endfor %}{{ i }}", "`i` is not declared"),
    (22, "{% if q %}{% set a = 1 %}{% endif %}{{ a }}", "`a` is not declared"),
    (23, "{{ [nope] }}", "`nope` is not declared"),
    (25, "a\0b", "U+0000"),
    (25, "a\ud800b", "U+D800"),
    (26, "a\u202eb", "U+202E"),
    (26, "a\u200bb", "U+200B"),
    (26, "{{ pаssages }}", "not declared"),  # the second letter is Cyrillic
    (33, "{% for i in items %}\nassistant:\n{% endfor %}", "inside a block"),
]

REFUSED_WHEN_RENDERED = [
    (6, "{{ q.items }}", "no `items`"),
    (6, "{{ q.upper }}", "no `upper`"),
    (9, "{% for i in range(n) %}{% for j in range(n) %}{% endfor %}{% endfor %}", "10,000 steps"),
    (9, "{% for i in range(10000) %}x{% endfor %}", "at most 1,000"),
    (11, "{{ 'x'|indent(n) }}", "from 0 to 40"),
    (11, "{{ 1.5|round(n) }}", "from 0 to 10"),
    (11, "{{ q|tojson(n) }}", "at most 8"),
    (13, DOUBLED, "more than 262,144 characters"),
    (13, REPLACED, "more than 262,144 characters"),
    (13, JOINED, "more than 262,144 characters"),
    (13, DOUBLED.replace("~", "+"), "needs numbers"),
    (14, "{% for i in range(1000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}", "steps"),
    (14, "{% for i in range(1000) %}" + "x" * 999 + "{% endfor %}", "more than 262,144 characters"),
    (14, "{% for i in range(1000) %}{{ long }}{% endfor %}", "more than 262,144 characters"),
    (14, "{{ long }}{{ long }}\nassistant:\n{{ long }}", "more than 262,144 characters"),
    (14, "{{ [long, long, long]|tojson }}", "more than 262,144 characters"),
    (23, "{{ passages[3].title }}", "no such key or item"),
    (23, "{{ 1 + passages[3] }}", "no such key or item"),
    (23, "{{ passages[3]|tojson }}", "no such key or item"),
    (23, "{% for p in passages[3] %}{% endfor %}", "no such key or item"),
    (23, "{{ passages[3] }}", "no such key or item"),
    (24, "{{ none }}", "no value here"),
    (24, "{{ items }}", "join"),
    (24, "{{ {'a': 1} }}", "tojson"),
    (24, "{{ range(3) }}", "cannot be printed"),
    (35, "{{ 1/0 }}", "divides by zero"),
    (35, "{{ 1//0 }}", "divides by zero"),
]


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Fail a case that takes much memory: far above what any needs, far below a bomb."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize(("number", "body", "says"), REFUSED_WHEN_READ)
def test_refused_when_read(read: Callable[..., Any], number: int, body: str, says: str) -> None:
    with pytest.raises(PromptError) as caught:
        read(f"system:\nx\nuser:\n{body}\n", {"partials/x.j2": "x"})
    assert says in str(caught.value)
    assert caught.value.line is not None
    assert caught.value.line >= 13


@pytest.mark.parametrize(("number", "body", "says"), REFUSED_WHEN_RENDERED)
def test_refused_when_rendered(read: Callable[..., Any], number: int, body: str, says: str) -> None:
    inputs = (
        "  - {name: q, kind: text}\n  - {name: long, kind: text}\n  - {name: n, kind: number}\n"
        "  - {name: items, kind: list}\n  - {name: passages, kind: passages}\n"
    )
    prompt = read(f"user:\n{body}\n", inputs=inputs)
    with pytest.raises(PromptError) as caught:
        prompts.render(prompt, {"q": "Q", "n": 500, "items": ["a"], "long": "x" * 90_000})
    assert says in str(caught.value)


def test_26_a_lookalike_letter_is_shown_for_what_it_is(read: Callable[..., Any]) -> None:
    with pytest.raises(PromptError, match="U\\+0430") as caught:
        read("user:\n{{ pаssages }}")
    assert caught.value.hint


@pytest.mark.parametrize("value", [b"\xff", "a\0", "a\ud800", 3, ["x"], {"a": 1}, object()])
def test_25_values_of_the_wrong_kind_name_their_input(say: Callable[..., Any], value: Any) -> None:
    with pytest.raises(PromptError, match="Input `q`"):
        say("user:\n{{ q }}", q=value)


def test_31_json_is_written_raw(user: Callable[..., str]) -> None:
    q = '<b>"it\'s" & ünïcode 👩‍💻\u2028</b>'
    assert user("{{ {'q': q}|tojson }}", q=q) == '{"q": ' + '"' + q.replace('"', '\\"') + '"}'


def test_33_a_prompt_without_a_user_message_is_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(PromptError, match="no user message"):
        read("system:\nx")


def test_34_a_long_value_is_refused_not_cut(say: Callable[..., Any]) -> None:
    with pytest.raises(PromptError, match="Input `q` has 1,000,000 characters"):
        say("user:\n{{ q }}", q="x" * 1_000_000)
