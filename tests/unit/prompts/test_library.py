"""The prompts that ship: sound, short, and rendered as their users expect."""

import pytest

import prompts


def test_assistant_keeps_the_conversation_in_order() -> None:
    assistant = prompts.library()["assistant"]
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
    messages = prompts.render(assistant, {"question": "Who are you?", "history": history})
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
    assert messages[1:3] == history
    assert messages[-1]["content"] == "Who are you?"


@pytest.mark.parametrize("name", prompts.library_names())
def test_chat_prompts_say_where_the_conversation_goes(name: str) -> None:
    prompt = prompts.library()[name]
    thread = prompt.thread_input
    assert (thread is not None) == (prompt.kind == "chat")
    assert all(spec.description for spec in prompt.inputs)
