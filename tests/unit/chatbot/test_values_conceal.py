"""Names by their capitals, and the values of one request hidden for a small model."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot.values import TAG, TAGS_A_TYPE, TYPES, Tags, conceal, find, names
from chatbot.values.names import MOST_NAMES

_CRUMBS = (
    "Anna|Anna Weber|Velo Store|VeloStore|O'Neill & Sons|Jean de la Cruz|anna|ANNA|I|I'm|Dr. Lee"
    "|Plus S|12 Mill Street|Mill Street|Monday|May|Settings|. |, |: |\n|\n- |[1] | |  |ask |the "
    "|⟨name 1⟩|⟨name 9⟩|⟨|⟩|⟨company 1⟩|€5|order 48213|1|9|a@b.org|Velo.com|Ünal Çelik|Straße|ẞ"
    "|\u00a0|'s|’s|-|@|/|\0"
)
CRUMBS = _CRUMBS.split("|")
TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(CRUMBS), max_size=12).map("".join),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    ),
    max_size=5,
)
MANY = [f"€{number}" for number in range(1, 2 * TAGS_A_TYPE)]
THOROUGH = settings(max_examples=400, deadline=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please ask Anna Weber.", {"Anna Weber": "name"}),
        ("You answer customers of Velo Store.", {"Velo Store": "company"}),
        ("I bought it at VeloStore", {"VeloStore": "company"}),
        ("VeloStore opens at nine.", {"VeloStore": "company"}),
        (
            "It is sent from Dublin by Nord Express Hub",
            {"Dublin": "name", "Nord Express Hub": "name"},
        ),
        ("The Plus S plan and the Flex plan", {"Plus S": "name", "Flex": "name"}),
        ("Family M is for one family.", {"Family M": "name"}),
        ("near the Mill Street branch", {"Mill Street": "street"}),
        (
            "we met Jean de la Cruz and O'Neill & Sons",
            {"Jean de la Cruz": "name", "O'Neill & Sons": "name"},
        ),
        (
            "I spoke to Dr. Lee, Mrs. Nagy and Prof Ito",
            {"Lee": "name", "Nagy": "name", "Ito": "name"},
        ),
        ("it was Anna's, I think; I'm sure I'd know", {"Anna": "name"}),
        ("it was Anna’s", {"Anna": "name"}),
        ("Kind regards\nAnna Weber", {"Anna Weber": "name"}),
        ("Contact Anna Weber. Is Velo closed?", {"Anna Weber": "name", "Velo": "name"}),
        ("bitte Ünal Çelik fragen", {"Ünal Çelik": "name"}),
    ],
)
def test_names_are_found(text, expected):
    assert names([text]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Returns are free. Parcels take long! Really? Yes: Refunds too.",
        "Hello,\nThanks\n- Bring it\n1. Print it\n[2] Opening times: We open\n# Rooms",
        'He said "Bring it" (See there) and *Note this*',
        "I think I'm sure that I'd know what I've seen",
        "on Monday or Sundays in May, by Jan",
        "go to Settings, Account or My Orders",
        "we speak English, German and French, Madam",
        "I AM VERY ANGRY and WANT my TV, SIM and PDF NOW",
        "it runs 50 Mbit/s, 5 Watts, at 12 Mill Street",
        "see Velo.com, Anna.Weber@velo.example, Http/Velo and X2Y",
        "Three Small Laptops Side By Side: they differ",
        "under Claims you see all claims; under Boxes each of the boxes; a parcel, or Parcels",
        "",
        "日本語 Ж и",
    ],
)
def test_words_are_not_names(text):
    assert names([text]) == {}


def test_name_known_from_one_text_is_found_at_sentence_starts_of_all():
    texts = ["Anna is my sister.", "You wrote about Anna."]
    assert conceal(texts)[0] == ["⟨name 1⟩ is my sister.", "You wrote about ⟨name 1⟩."]


def test_word_that_any_text_writes_small_is_no_name():
    assert names(["under Boosters you see", "which boosters do I have?"]) == {}


def test_names_end_somewhere():
    crowd = " and ".join(f"Q{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(3 * MOST_NAMES))
    assert len(names([f"so {crowd}"])) == MOST_NAMES


def test_hide_goes_on_with_the_same_names_and_limit():
    _, tags = conceal(["My name is Anna Weber, order 48213.", "Velo asks: " + ", ".join(MANY)])
    reply = "Anna Weber, your order 48213 costs €3, not €12. Nadia called."
    hidden = "⟨name 1⟩, your order ⟨order 1⟩ costs ⟨amount 3⟩, not €12. Nadia called."
    assert tags.hide(reply) == hidden
    assert tags.show(hidden) == reply


def test_values_beyond_the_limit_stay_text():
    hidden, tags = conceal([", ".join(MANY), "again €1 and €15, on Monday"])
    shown = [f"⟨amount {number}⟩" for number in range(1, TAGS_A_TYPE + 1)]
    assert hidden[0] == ", ".join([*shown, *MANY[TAGS_A_TYPE:]])
    assert hidden[1] == "again ⟨amount 1⟩ and €15, on ⟨date 1⟩"
    assert tags.left() == tuple(MANY[TAGS_A_TYPE:])


def test_nothing_is_left_without_a_limit():
    tags = Tags()
    tags.hide(", ".join(MANY))
    assert tags.left() == ()


def test_typed_tag_is_never_taken_for_one_of_ours():
    full = ", ".join(MANY)
    hidden, tags = conceal([full, "and ⟨amount 1⟩"])
    assert hidden[1] == f"and ⟨amount {TAGS_A_TYPE + 1}⟩"
    assert [tags.show(text) for text in hidden] == [full, "and ⟨amount 1⟩"]


def test_known_names_leave_addresses_whole():
    known = {"Velo": "company", "Mill": "name"}
    hidden = Tags(known=known).hide("Velo: 12 Mill Street, velo.com, Velo@velo.com, Velo.com")
    assert hidden == "⟨company 1⟩: ⟨address 1⟩, ⟨url 1⟩, ⟨email 1⟩, ⟨url 2⟩"


@given(texts=TEXTS)
@example(texts=["⟨name 1⟩ and Anna, ⟨name 2⟩"])
@example(texts=[" ".join(MANY), "⟨amount 1⟩ ⟨amount 2⟩"])
@THOROUGH
def test_every_text_comes_back(texts):
    hidden, tags = conceal(texts)
    assert [tags.show(text) for text in hidden] == texts


@given(texts=TEXTS, reply=TEXTS.map(" ".join))
@THOROUGH
def test_replies_come_back_too(texts, reply):
    _, tags = conceal(texts)
    assert tags.show(tags.hide(reply)) == reply


@given(texts=TEXTS)
@THOROUGH
def test_concealing_is_a_function(texts):
    first, second = conceal(texts), conceal(list(texts))
    assert first[0] == second[0]
    assert first[1].table() == second[1].table()


@given(numbers=st.lists(st.integers(1, 30), max_size=60), typed=st.integers(0, 3))
@THOROUGH
def test_tags_keep_to_the_limit(numbers, typed):
    texts = [" or ".join(f"€{number}" for number in numbers)] + ["⟨amount 1⟩"] * typed
    hidden, tags = conceal(texts)
    known = [tag for tag, text in tags.table().items() if not TAG.fullmatch(text)]
    assert len(known) == min(len(set(numbers)), TAGS_A_TYPE)
    assert {value.kind for text in hidden for value in find(text)} <= {"tag", "amount"}
    assert set(tags.left()).isdisjoint(tags.table().values())
    assert {TAG.fullmatch(tag)["type"] for tag in tags.table()} <= set(TYPES)
