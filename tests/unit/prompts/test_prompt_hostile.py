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
from tests.support.hostile_prompts import FIRST, GIVEN, READ, RENDERED, Hostile

pytestmark = pytest.mark.timeout(60)  # a case that hangs fails, and does not stop the rest


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Fail a case that takes much memory: far above what any needs, far below a bomb."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize("hostile", READ, ids=str)
def test_refused_when_read(hostile: Hostile) -> None:
    with pytest.raises(PromptError) as caught:
        prompts.parse(hostile.source, hostile.partials)
    assert hostile.says in str(caught.value)
    assert caught.value.line is not None
    assert caught.value.line >= FIRST


@pytest.mark.parametrize("hostile", RENDERED, ids=str)
def test_refused_when_rendered(hostile: Hostile) -> None:
    prompt = prompts.parse(hostile.source, hostile.partials)
    with pytest.raises(PromptError) as caught:
        prompts.render(prompt, GIVEN)
    assert hostile.says in str(caught.value)


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
