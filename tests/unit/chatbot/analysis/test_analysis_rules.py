"""What analysis says by rules alone: language, mood by words, cards, exact things. No encoder."""

import pytest

from chatbot.analysis import Analysis, Said
from chatbot.analysis.feelings import by_words
from chatbot.analysis.languages import language_of
from chatbot.analysis.moods import word_of

THREAD = [
    Said(
        "customer",
        "Hello, the opal shade of my Tilda (order HL-20418) is broken. I paid € 129.00. "
        "We have guests on Friday.",
        name="Maja Lindqvist",
    ),
    Said("assistant", "I am sorry. I have booked a courier for you. Which colour is it?"),
    Said(
        "customer",
        "Thank you. I do not want the money back, only a whole shade. "
        "Do I have to send the old one back?",
    ),
]


@pytest.fixture
def analysis():
    return Analysis(lambda: None)


def quoted(thread, item):
    return thread[item.quote.message].text[item.quote.start : item.quote.end]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The shade of my lamp arrived broken and I would like a new one.", "en"),
        ("Meine Lampe flackert am Dimmer, seit ich sie aufgehängt habe.", "de"),
        ("La lámpara parpadea con el regulador que ya teníamos en casa.", "es"),
        ("La lampe que j'ai commandée n'est toujours pas arrivée.", "fr"),
        ("Wo ist mein Paket?", "de"),
        ("hello", "en"),
        ("gracias", "es"),
        ("注文した荷物はどこですか", "ja"),
        ("ok", ""),
        ("HL-20418", ""),
        ("12345 67890", ""),
        ("", ""),
        ("https://example.com/a/b/c?d=e", ""),
    ],
)
def test_language_is_told_or_honestly_not(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("score", "word"),
    [(-1, "angry"), (-0.5, "unhappy"), (0, "neutral"), (0.4, "content"), (1, "happy")],
)
def test_a_score_has_a_word(score, word):
    assert word_of(score) == word


@pytest.mark.parametrize(
    ("worse", "better", "language"),
    [
        ("This is unacceptable, I am furious!!", "The lamp is fine.", "en"),
        ("The lamp is not good.", "The lamp is good.", "en"),
        ("Das ist eine Frechheit.", "Vielen Dank, wunderbar!", "de"),
        ("Es una vergüenza.", "Estoy encantada, gracias.", "es"),
        ("C'est inadmissible.", "Merci, c'est parfait.", "fr"),
        ("I HAVE WRITTEN TWICE ALREADY", "i have written twice already", "en"),
    ],
)
def test_words_order_moods(worse, better, language):
    assert by_words(worse, language) < by_words(better, language)


def test_a_language_without_words_is_neutral():
    assert by_words("Tämä on kauheaa", "fi") == 0


def test_a_card_quotes_the_words_it_comes_from(analysis):
    card = analysis.card(THREAD)
    assert [item.text for item in card.wants] == [
        "I do not want the money back, only a whole shade."
    ]
    assert [item.text for item in card.done] == [
        "I paid € 129.00.",
        "I have booked a courier for you.",
    ]
    assert [item.text for item in card.open] == ["Do I have to send the old one back?"]
    for item in (*card.wants, *card.done, *card.open, *card.facts):
        assert quoted(THREAD, item) == item.text
    assert card.language == "en"


def test_facts_stand_once_with_their_kind(analysis):
    again = [*THREAD, Said("customer", "As I said: HL-20418, order HL-20418.")]
    facts = {item.kind: item.text for item in analysis.card(again).facts}
    assert facts["order"] == "HL-20418"
    assert facts["amount"] == "€ 129.00"
    assert facts["weekday"] == "Friday"
    orders = [item for item in analysis.card(again).facts if item.kind == "order"]
    assert len(orders) == 1


def test_an_unanswered_question_of_the_desk_is_open(analysis):
    card = analysis.card(THREAD[:2])
    assert [item.text for item in card.open] == ["Which colour is it?"]


def test_the_change_of_mood_is_told(analysis):
    card = analysis.card(
        [
            Said("customer", "Thank you, the lamp is wonderful!"),
            Said("agent", "We are glad."),
            Said("customer", "It broke today. This is outrageous and unacceptable!!"),
        ]
    )
    assert card.mood.word == "angry"
    assert card.mood_before.word == "happy"
    assert card.mood_from.message == 2


@pytest.mark.parametrize("thread", [[], [Said("agent", "Hello.")], [Said("customer", "")]])
def test_a_thread_without_a_customers_word_has_a_card(analysis, thread):
    card = analysis.card(thread)
    assert card.wants == ()
    assert card.mood is None


def test_without_an_encoder_names_and_intents_are_silent(analysis):
    assert analysis.intent("I want to cancel my order") is None
    kinds = {entity.kind for entity in analysis.entities("Anna Weber paid € 5 on 3 May 2025")}
    assert kinds == {"amount", "day"}
    assert "encoder" in analysis.why_not()


def test_control_characters_and_long_texts_do_no_harm(analysis):
    text = "why? \x00\u202e🙂 " * 3000
    card = analysis.card([Said("customer", text)])
    assert len(card.open) + len(card.wants) <= 6
