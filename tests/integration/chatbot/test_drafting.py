"""Drafts, reworks and refinements through a whole product, with models that are scripted."""

import re
from contextlib import aclosing

import pytest

from chatbot.analysis import Said
from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import build
from chatbot.documents import parse_text
from chatbot.drafting import ValuesChanged
from chatbot.errors import EmptyText, Refused
from chatbot.settings import Settings
from tests.support.obeying import Remembering

RETURNS = """---
title: Returns
visibility: public
---

Lamps can be sent back within 30 days. Tell us the order number, then we send a label.
"""
COURIER = """---
title: Courier pick-up
visibility: internal
---

Broken glass is collected by the courier Nordpost, who brings a box on the next working day.
"""
FILLERS = ("Invoices come by mail.", "The club has points.", "Our showroom has a piano.")
"""Articles beside the point: a word counts by how few articles have it."""
QUESTION = "Can lamps be sent back, within how many days?"
THREAD = [Said("customer", QUESTION, "Maja Lindqvist")]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """One product for all: drafting keeps nothing, so they cannot disturb one another."""
    settings = Settings(home=tmp_path_factory.mktemp("drafting"), model="scripted", encoder="none")
    made = build(settings)
    for at, text in enumerate((RETURNS, COURIER, *FILLERS)):
        parsed = parse_text(text, f"article {at}")
        made.knowledge.add(made.person(), parsed)
    yield made
    made.close()


@pytest.fixture
def model(product, monkeypatch):
    """What answers in place of every model."""
    made = Remembering()
    monkeypatch.setattr(product.registry, "open", lambda _: made)
    return made


async def told(generator):
    async with aclosing(generator) as pieces:
        return [one async for one in pieces]


def drafted(product, play, thread=THREAD, **more):
    told_all = play(told(product.drafting.draft(product.person(), thread, CancelToken(), **more)))
    return told_all, told_all[-1].ended


def test_sources_come_first_then_pieces_then_the_cited_draft(product, play, model):
    model.says = lambda _: "Hello Maja,\n\nLamps can be sent back within 30 days.\n\nKind regards"
    pieces, draft = drafted(product, play)
    assert pieces[0].sources[0].title == "Returns"
    assert "".join(one.text for one in pieces).startswith("Hello Maja,")
    assert "Lamps can be sent back within 30 days [1]." in draft.text
    assert draft.unsupported == ()
    assert (draft.prompt, draft.number, draft.model) == ("support-draft", 1, "remembering@1")
    assert draft.release_id
    assert draft.version == product.releases.prompt(draft.version).sha
    assert draft.first_s is not None
    assert draft.first_s <= draft.total_s


def test_internal_sources_are_used_and_marked(product, play, model):
    model.says = lambda _: "The courier Nordpost collects broken glass and brings a box."
    thread = [Said("customer", "Who collects broken glass, and does the courier bring a box?")]
    _, draft = drafted(product, play, thread)
    assert [mark.kind for mark in draft.marks] == ["internal"]


def test_what_is_missing_is_named_and_not_in_the_text(product, play, model):
    model.says = lambda _: "Lamps can be sent back within 30 days.\n\nMissing: the date of delivery"
    _, draft = drafted(product, play)
    assert draft.missing == ("the date of delivery", "the order number")
    assert "Missing" not in draft.text


def test_wishes_reach_the_prompt(product, play, model):
    drafted(
        product,
        play,
        tone="formal",
        facts=["A label is on its way"],
        instruction="Offer a call",
        agent="Iris",
    )
    system = model.asked[0][0]["content"]
    for said in ("Tone: formal", "- A label is on its way", "Do this: Offer a call", "as Iris"):
        assert said in system


def test_a_tone_that_the_prompt_does_not_know_is_said_in_words(product, play, model):
    drafted(product, play, tone="empathetic")
    assert "Sound empathetic." in model.asked[0][0]["content"]


def test_the_question_is_what_waits_and_the_rest_is_history(product, play, model):
    thread = [
        Said("customer", "Hello", "Maja"),
        Said("agent", "How can I help?"),
        Said("customer", QUESTION, "Maja"),
        Said("customer", "It is a Tilda."),
    ]
    drafted(product, play, thread)
    assert [(one["role"], one["content"]) for one in model.asked[0][1:]] == [
        ("user", "Hello"),
        ("assistant", "How can I help?"),
        ("user", f"{QUESTION}\n\nIt is a Tilda."),
    ]


def test_a_thread_without_a_customer_is_refused(product, play, model):
    with pytest.raises(EmptyText, match="no message of a customer"):
        drafted(product, play, [Said("agent", "Hello")])


def test_variants_begin_with_other_sources(product, play, model):
    thread = [Said("customer", f"{QUESTION} And does the courier bring a box for broken glass?")]
    for variant in (0, 1):
        drafted(product, play, thread, variant=variant)
    first, second = (
        re.findall(r"^\[\d\] ([^:]+):", asked[0]["content"], re.MULTILINE) for asked in model.asked
    )
    assert len(first) > 1
    assert second == [*first[1:], first[0]]


def test_a_question_without_an_article_names_that(product, play, model):
    model.says = lambda _: "I do not know."
    thread = [Said("customer", "Xylophone zebra quantum marmalade of Timbuktu, explain them?")]
    _, draft = drafted(product, play, thread)
    assert draft.sources == ()
    assert draft.missing == ("an article that answers this",)
    assert any("No article fits" in note for note in draft.notes)


def test_a_broken_search_costs_the_sources_alone(product, play, model, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(type(product.knowledge), "search", broken)
    pieces, draft = drafted(product, play)
    assert pieces[0].sources == ()
    assert any("could not be searched" in note for note in draft.notes)


def test_a_stopped_draft_says_so(product, play, model):
    cancel = CancelToken()
    cancel.cancel()
    told_all = play(told(product.drafting.draft(product.person(), THREAD, cancel)))
    assert told_all[-1].ended.status == "stopped"


# The same text in other words --------------------------------------------------------------------


def reworked(product, play, text, **more):
    pieces = play(told(product.drafting.rework(product.person(), text, CancelToken(), **more)))
    return pieces[-1].ended


def test_only_the_selection_is_reworked(product, play, model):
    model.says = lambda _: "It comes on 3 May."
    text = "Hello,\nThe lamp will arrive on 3 May.\nRegards"
    at = text.index("The lamp")
    new = reworked(product, play, text, want="shorter", selection=(at, text.index("\nRegards")))
    assert new == "Hello,\nIt comes on 3 May.\nRegards"
    said = model.asked[0][-1]["content"]
    assert said == "Rewrite this message: shorter\n\nThe lamp will arrive on 3 May."


@pytest.mark.parametrize(
    ("want", "wish"),
    [
        ("grammar", "fix spelling and grammar only"),
        ("longer", "longer"),
        ("warm", "warmer"),
        ("brief", "brief and plain"),
        ("friendly", "friendlier"),
        ("empathetic", "more empathetic"),
        ("concise", "more concise"),
        ("apologetic", "apologetic"),
    ],
)
def test_every_want_asks_the_library_prompt(product, play, model, want, wish):
    model.says = lambda _: "It is red."
    assert reworked(product, play, "It is red.", want=want) == "It is red."
    assert model.asked[0][-1]["content"].startswith(f"Rewrite this message: {wish}\n")


def test_a_translation_names_the_language(product, play, model):
    model.says = lambda _: "Sie kostet 45,00 €."
    new = reworked(product, play, "It costs € 45.00.", want="translate", language="de")
    assert new == "Sie kostet 45,00 €."
    assert "into German" in model.asked[0][-1]["content"]
    with pytest.raises(Refused, match="which language"):
        reworked(product, play, "It costs € 45.00.", want="translate")


def test_changed_values_are_refused(product, play, model):
    model.says = lambda _: "It costs € 54.00."
    with pytest.raises(ValuesChanged, match=r"€ 45\.00"):
        reworked(product, play, "It costs € 45.00.", want="formal")


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_is_not_reworked(product, play, model, text):
    with pytest.raises(EmptyText):
        reworked(product, play, text, want="shorter")


def test_a_cut_off_rework_is_refused(product, play, model):
    model.says = lambda _: "   "
    with pytest.raises(Refused, match="broke off"):
        reworked(product, play, "It is red.", want="shorter")


def test_a_refinement_sees_thread_draft_and_wish_and_is_cited(product, play, model):
    model.says = lambda _: "Lamps can be sent back within 30 days. We call you on Monday."
    sources = drafted(product, play)[0][0].sources
    wish = "offer a call on Monday"
    made = product.drafting.refine(
        product.person(), THREAD, "It is 30 days.", wish, sources, CancelToken()
    )
    ended = play(told(made))[-1].ended
    assert ended == "Lamps can be sent back within 30 days [1]. We call you on Monday."
    roles = [(one["role"], one["content"]) for one in model.asked[-1][1:3]]
    assert roles == [("user", QUESTION), ("assistant", "It is 30 days.")]
    assert model.asked[-1][-1]["content"].startswith(f"Change your last reply: {wish}")


# A model that only quotes ------------------------------------------------------------------------


@pytest.fixture
def small(model):
    model.quotes = True
    return model


def test_a_small_model_gets_the_best_sentences_and_its_quotation_becomes_a_letter(
    product, play, small
):
    small.says = lambda _: "I understand. Lamps can be sent back within 30 days."
    _, draft = drafted(product, play, agent="Iris")
    assert draft.text == (
        "Hello Maja,\n\nLamps can be sent back within 30 days [1].\n\n"
        "Could you please send us the order number?\n\nKind regards\nIris"
    )


def test_a_small_model_that_writes_english_says_so_for_other_languages(product, play, small):
    small.says = lambda _: "Lamps can be sent back within 30 days."
    thread = [
        Said("customer", "Wie viele Tage habe ich Zeit, um eine Lampe zurückzusenden? Danke!")
    ]
    _, draft = drafted(product, play, thread)
    assert draft.language == "de"
    assert any("writes English only" in note for note in draft.notes)


def test_thanks_are_answered_without_sources(product, play, small):
    thread = [Said("customer", "Thank you so much, the lamp is wonderful!", "Maja")]
    pieces, draft = drafted(product, play, thread)
    assert pieces[0].sources == ()
    assert "very happy to hear that" in draft.text
    assert (draft.missing, draft.marks) == ((), ())


def test_a_small_model_is_reworked_by_rule_and_says_so(product, play, small):
    text = "Hello Maja,\n\nIt costs € 45.00 [1].\n\nKind regards\nIris"
    pieces = play(
        told(product.drafting.rework(product.person(), text, CancelToken(), want="formal"))
    )
    assert pieces[-1].ended.startswith("Dear Maja,")
    assert any("by rule" in note for note in pieces[-1].notes)
    assert small.asked == []
    with pytest.raises(Refused, match="larger model"):
        reworked(product, play, text, want="translate", language="German")
