"""Held-out rows as questions: sources are read back out, values are made up once for both."""

from dataclasses import dataclass

import pytest

import prompts
from chatbot import chain
from chatbot.learning.evaluate import own
from chatbot.learning.sources import Sources, sources
from chatbot.learning.starter import rendering

PASSAGES = [
    {"title": "Returns", "text": "Lamps can be sent back within 14 days.\nBulbs cannot."},
    {"title": "Spare parts: shades", "text": "A spare shade costs €39.00.\n[1] is no source here."},
]
THREAD = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]


@dataclass
class Row:
    """A row as the store hands it out."""

    messages: list
    reply: str = "Yes."
    id: int = 7
    number: int = 3
    source: str = "correction"
    prompt: str = "support"


def messages(question="How long?", passages=PASSAGES, thread=THREAD):
    return rendering.messages("support", question=question, passages=passages, history=thread)


def case_of(row, seed=0):
    (case,) = own.own_cases([row], seed)
    return case


def test_sources_are_read_out_and_written_again():
    text = messages()[0]["content"]
    found = sources(text)
    assert [one["title"] for one in found.passages] == ["Returns", "Spare parts"]
    assert found.passages[1]["text"] == "shades: " + PASSAGES[1]["text"]
    assert found.written(found.passages) == text
    assert found.written([PASSAGES[0]]) == messages(passages=[PASSAGES[0]])[0]["content"]
    assert found.written([]) == messages(passages=[])[0]["content"]


@pytest.mark.parametrize("text", ["You help.", messages(passages=[])[0]["content"], "Sources:\nno"])
def test_a_text_without_sources_has_none(text):
    assert sources(text) == Sources(text)


def test_a_row_is_sent_as_it_was_rendered():
    case = case_of(Row(messages()))
    rendered = chain.render(own.plan_of(case))
    assert rendered.messages == messages()
    assert case.question == "How long?"
    assert own.plan_of(case).prompt.parameters["temperature"] == 0.0


def test_sources_narrow_as_in_a_turn_and_history_shortens():
    plan = own.plan_of(case_of(Row(messages())))
    narrow = {"title": "Returns", "text": "Lamps can be sent back within 14 days."}
    values = {"question": "How long?", "passages": [narrow], "history": THREAD[1:]}
    found = plan.renderer(plan.prompt, values, None)
    assert found == messages(passages=[narrow], thread=THREAD[1:])


def test_a_draft_stays_one():
    drafts = Row(messages(), source="reply"), Row(messages(), prompt="support-draft")
    assert [case_of(row).draft for row in drafts] == [True, True]
    assert own.plan_of(case_of(drafts[0])).prompt.kind == "draft"
    assert not case_of(Row(messages())).draft


def test_a_row_that_asks_nothing_is_left_out():
    ends = [*messages(), {"role": "assistant", "content": "Hm."}]
    assert own.own_cases([Row([]), Row(ends), Row(messages())], 0)[0].messages == tuple(messages())
    assert len(own.own_cases([Row([]), Row(ends)], 0)) == 0


TAGGED = Row(
    messages(question="I am ⟨name 1⟩, order ⟨order 1⟩. How long?"),
    reply="Dear ⟨name 1⟩, ⟨order 1⟩ can go back within 14 days. Call ⟨phone 1⟩ until 1 May 2030.",
)


def test_values_are_made_up_the_same_for_each_model_and_otherwise_for_another_seed():
    case = case_of(TAGGED)
    assert case == case_of(TAGGED)
    assert case.messages != case_of(TAGGED, seed=1).messages
    assert not any("⟨" in text for text in (*case.context, case.reference))


def test_facts_are_what_a_model_can_know():
    case = case_of(TAGGED)
    said = case.question
    name = said.removeprefix("I am ").partition(",")[0]
    order = said.partition("order ")[2].partition(".")[0]
    assert name in case.facts
    assert any(order.endswith(fact) or fact in order for fact in case.facts)
    assert any("14" in fact for fact in case.facts)
    assert not any("2030" in fact for fact in case.facts)  # only the approved reply says that
    assert not any(fact.startswith("+") for fact in case.facts)


def test_the_carrier_takes_what_rows_need():
    carrier = prompts.library()[own.CARRIER]
    assert carrier.passages_input.name == "passages"
    assert carrier.thread_input.name == "history"
    assert carrier.input("question") is not None
