"""What the editor shows of a text: problems, messages in spans, tokens; in the real sandbox."""

from collections.abc import Iterator

import pytest

from chatbot.bootstrap import build
from chatbot.looking import Looking, Texts
from chatbot.settings import Settings

HEAD = """---
name: shown
description: Answers.
inputs:
  - {name: question, kind: text, required: true, description: Q.}
  - {name: company, kind: string, default: us, description: C.}
"""
EXAMPLES = (
    '{"user": "Where is my parcel?", "assistant": "On its way."}\n'
    '{"user": "How do I return shoes?", "assistant": "Within 30 days."}\n'
    '{"user": "Are you open on Sunday?", "assistant": "No."}\n'
)


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looking]:
    home = tmp_path_factory.mktemp("looking")
    product = build(Settings(home=home, model="scripted", workspace="Halden", encoder="none"))
    product.registry.open("scripted")
    yield product.looking
    product.close()


def test_messages_and_tokens(looking: Looking) -> None:
    source = f"{HEAD}---\nsystem:\nFor {{{{ company }}}}.\nuser:\n{{{{ question }}}}\n"
    found = looking.look(Texts(source), {"question": "Open?"}, None)
    assert found.shown is not None
    assert [one.content for one in found.shown] == ["For Halden.", "Open?"]
    assert found.problems == []
    assert found.tokens is not None
    assert sum(found.tokens) == found.total


def test_an_unknown_name_shows_as_a_hole(looking: Looking) -> None:
    source = f"{HEAD}---\nuser:\n{{{{ question }}}} {{{{ custmer }}}} {{{{ company }}}}\n"
    found = looking.look(Texts(source), None, None)
    assert [problem.code for problem in found.problems] == ["undeclared"]
    assert found.shown is not None
    assert [span.text for span in found.shown[0].spans if span.missing] == ["custmer"]


def test_any_other_error_shows_no_messages(looking: Looking) -> None:
    found = looking.look(Texts(f"{HEAD}---\nuser:\n{{{{ question | }}}}\n"), None, None)
    assert found.shown is None
    assert found.prompt is None
    assert found.problems[-1].line == 9


def test_a_missing_value_shows_as_a_hole(looking: Looking) -> None:
    source = f"{HEAD}---\nuser:\n{{{{ question }}}} {{{{ company }}}}\n"
    found = looking.look(Texts(source), {}, None)
    assert found.shown is not None
    assert found.shown[0].spans[0].missing


def test_examples_are_those_that_a_turn_would_choose(looking: Looking) -> None:
    source = (
        f"{HEAD}metadata: {{chatbot: {{examples: {{select: similar, k: 1}}}}}}\n---\n"
        "{{ examples }}\nuser:\n{{ question }} {{ company }}\n"
    )
    texts = Texts(source, {}, EXAMPLES)
    found = looking.look(texts, {"question": "Can I return these shoes?"}, None)
    assert found.shown is not None
    assert [(one.part, one.content) for one in found.shown[:2]] == [
        ("example 1", "How do I return shoes?"),
        ("example 1", "Within 30 days."),
    ]


def test_every_character_that_nobody_sees_is_named(looking: Looking) -> None:
    source = f"{HEAD}---\nuser:\n{{{{ question }}}}\0{{{{ company }}}}\u200b\ud800\r\n"
    found = looking.look(Texts(source), None, None)
    places = [(one.line, one.column) for one in found.problems]
    assert places == [(9, 15), (9, 29), (9, 30)]
