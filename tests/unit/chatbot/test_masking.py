"""Masking a request: one tag a value everywhere, and every text and stream back to the letter."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prompts
from chatbot.masking import GROUPS, Rules, mask, masked_words, pattern
from chatbot.values.loose import LOOSE
from tests.unit.chatbot.test_values_hostile import UNITS, work
from tests.unit.chatbot.test_values_tags import TEXTS, THOROUGH

ALL = Rules(groups=frozenset(GROUPS), patterns=("KD-###", "@@#+"))
_LOOSE = (
    "<phone 1>|[name 1]|\\[phone 1\\]|&lt;email 1&gt;|{order 2}|⟨Phone 1⟩|⟨ name  1 ⟩|<name_1>"
    "|＜code 1＞|<phone|[name|&lt;|&l|\\|{|⟨PHONE ١⟩|〈url 1〉|[address 1|1]|phone 1⟩"
)
_PERSONAL = (
    "a@b.org|+44 20 7946 0018|order 48213|48213|Anna Weber|Anna|Dear Bo,|078-05-1121|KD-123|XX7"
    "|my name is ada|192.168.1.1|12 Mill Street|4111111111111111|DE89370400440532013000|٠٣٠ ١٢٣٤٥٦٧"
)
PIECES = st.lists(
    st.sampled_from([*_LOOSE.split("|"), *_PERSONAL.split("|"), " ", ". ", "\n", "x", "7", "é"]),
    max_size=12,
).map("".join)


def said(*texts, role="user"):
    return [{"role": role, "content": text} for text in texts]


def contents(masked):
    return [message["content"] for message in masked.messages]


@given(texts=st.lists(TEXTS | PIECES, max_size=4))
@THOROUGH
def test_every_text_comes_back(texts):
    masked = mask(said(*texts), ALL)
    back = [masked.show(text) for text in contents(masked)[-len(texts) :]]
    assert back == texts


@given(texts=st.lists(PIECES, min_size=1, max_size=3))
@THOROUGH
def test_every_tag_that_leaves_is_ours(texts):
    masked = mask(said(*texts), ALL)
    for text in contents(masked):
        for tag in LOOSE.finditer(text):
            assert re.fullmatch(r"⟨[a-z]+ [1-9][0-9]*⟩", tag[0])
            assert masked.show(tag[0]) != tag[0]


@pytest.fixture(scope="module")
def masked():
    """Twelve names, so that ⟨name 1 may go on to be ⟨name 12⟩, and a few of other kinds."""
    people = ", ".join(f"Dr. {chr(65 + n)}nna{chr(97 + n)} Weber" for n in range(12))
    return mask(said(f"{people}, order 48213, +44 20 7946 0018, a@b.org"))


@given(
    answer=st.lists(
        PIECES
        | st.sampled_from(["⟨name 12⟩", "⟨name 1", "2⟩", "<Name 3>", "\\<name 3\\>", "[order 1]"]),
        max_size=6,
    ).map("".join),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20),
)
@THOROUGH
def test_stream_equals_the_whole(masked, answer, sizes):
    stream, shown, rest = masked.streaming(), [], answer
    while rest:
        size = sizes[len(shown) % len(sizes)]
        shown.append(stream.feed(rest[:size]))
        rest = rest[size:]
    assert "".join([*shown, stream.close()]) == masked.show(answer)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "⟨order 1⟩ <order 1> [order 1] {Order 1} 〈ORDER 1〉 ＜order 1＞",
            " ".join(["48213"] * 6),
        ),
        ("\\[order 1\\], \\<order 1\\>, &lt;order 1&gt;", "48213, 48213, 48213"),
        ("**⟨order 1⟩**, ⟨order_1⟩, ⟨order1⟩, ⟨ order 1 ⟩, ⟨order ١⟩", "**48213**" + ", 48213" * 4),
        ("⟨order 2⟩ [order 99] (order 1) order 1 ⟨order 0⟩", None),
        ("⟨telephone 1⟩ ⟨⟩ ⟨ ⟨order 1 ⟨order", None),
        ("his own number is 555-0199", None),
        ("⟨⟨order 1⟩⟩", "⟨48213⟩"),
    ],
)
def test_tags_come_back_however_they_are_written(masked, written, shown):
    assert masked.show(written) == (shown or written)


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        (["Order ⟨or", "der 1⟩."], ["Order ", "48213."]),
        (["<", "Order", " ", "1", ">", "!"], ["", "", "", "", "48213", "!"]),
        (["&lt;order 1&g", "t;"], ["", "48213"]),
        (["a < b", " and"], ["a < b", " and"]),
        (["[or", "ange]"], ["", "[orange]"]),
        (["if x[", "0]"], ["if x", "[0]"]),
    ],
)
def test_stream_holds_back_only_a_possible_tag(masked, chunks, shown):
    stream = masked.streaming()
    assert [stream.feed(chunk) for chunk in chunks] == shown


def test_one_tag_everywhere():
    masked = mask(
        [
            *said(
                "Help customers of Velo Store.\n[1] Anna Weber cares for returns.", role="system"
            ),
            *said(
                "Is 48213 late?", "Which order?", "My order 48213. Anna Weber promised it, a@b.org"
            ),
        ]
    )
    system, first, _, last = contents(masked)
    assert "⟨name 1⟩ cares for returns" in system
    assert "Velo Store" in system
    assert first == "Is ⟨order 1⟩ late?"
    assert last == "My order ⟨order 1⟩. ⟨name 1⟩ promised it, ⟨email 1⟩"
    assert masked.counts == {"names": 1, "orders": 1, "emails": 1}


def test_model_is_told_only_of_tags_that_are_there():
    assert contents(mask(said("hello"))) == ["hello"]
    note, asked = contents(mask(said("mail a@b.org")))
    assert asked == "mail ⟨email 1⟩"
    assert "Tags such as ⟨email 1⟩ stand for values" in note
    assert mask(said("mail a@b.org")).messages[0]["role"] == "system"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("my name is ada lovelace and I wait", "my name is ⟨name 1⟩ and I wait"),
        ("Name: časlav\nCity: x", "Name: ⟨name 1⟩\nCity: x"),
        ("Hi Anna,\nwhere is it?", "Hi ⟨name 1⟩,\nwhere is it?"),
        ("Where is it?\nThanks,\nBo Smith", "Where is it?\nThanks,\n⟨name 1⟩"),
        ("Mr. Ford is 50", "Mr. ⟨name 1⟩ is 50"),
        ("Dear Customer,", "Dear Customer,"),
        ("I told Anna McDonald", "I told ⟨name 1⟩"),
        (
            "I asked Bo Will. Will you help? Bo did.",
            "I asked ⟨name 1⟩. Will you help? ⟨name 2⟩ did.",
        ),
        ("I use Python on Windows in New Zealand", "I use Python on Windows in New Zealand"),
        ("ask Anna Weber. ANNA WEBER knows", "ask ⟨name 1⟩. ⟨name 2⟩ knows"),
    ],
)
def test_names_are_hidden_where_people_stand(text, hidden):
    assert contents(mask(said(text)))[-1] == hidden


@pytest.mark.parametrize("digits", ["٠٢٠ ٧٩٤٦ ٠٠١٨", "０２０ ７９４６ ００１８", "०२० ७९४६ ००१८"])
def test_digits_of_other_alphabets_are_hidden(digits):
    hidden = contents(mask(said(f"call {digits} now")))[-1]
    assert hidden == "call ⟨phone 1⟩ now"
    assert mask(said(f"call {digits} now")).show(hidden) == f"call {digits} now"


def test_typed_tags_stay_what_was_typed():
    masked = mask(said("⟨phone 1⟩ and [phone 1] are no numbers; 020 7946 0018 is"))
    hidden = contents(masked)[-1]
    assert hidden == "⟨phone 1⟩ and ⟨code 1⟩ are no numbers; ⟨phone 2⟩ is"
    assert masked.show(hidden) == "⟨phone 1⟩ and [phone 1] are no numbers; 020 7946 0018 is"
    assert masked.counts == {"phones": 1}


def test_groups_are_switched_one_by_one():
    text = "Anna Weber, a@b.org, order 48213, SSN 078-05-1121"
    for name in ("names", "emails", "orders", "identities"):
        masked = mask(said(f"I am {text}"), Rules(groups=frozenset({name})))
        assert masked.counts == {name: 1}
    assert mask(said(text), Rules(on=False)).counts is None
    assert contents(mask(said(text), Rules(on=False))) == [text]
    with pytest.raises(ValueError, match="moons"):
        mask(said(text), Rules(groups=frozenset({"moons"})))


def test_workspace_adds_patterns_and_keeps_names():
    rules = Rules(patterns=("KD-######", "AB-#+"), keep=frozenset({"anna", "Velo Store"}))
    masked = mask(said("I asked Anna of Velo Store: kd-123456, AB-7, KD-1234567, XAB-7"), rules)
    assert (
        contents(masked)[-1] == "I asked Anna of Velo Store: ⟨code 1⟩, ⟨code 2⟩, KD-1234567, XAB-7"
    )
    assert masked_words(masked.counts) == "2 own codes"


@pytest.mark.parametrize("written", ["", " ", "abc", "(", "#+#", "@+#", "#" * 81, "#\n"])
def test_bad_patterns_are_refused(written):
    with pytest.raises(ValueError, match="pattern"):
        pattern(written)


def test_counts_are_told_in_words():
    assert masked_words({"names": 1, "phones": 2}) == "1 name, 2 phone numbers"
    assert masked_words({}) == ""


PLAIN = {"list": ["chair"], "number": 3, "boolean": True, "date": "2026-08-01", "passages": []}


@pytest.mark.parametrize("name", sorted(prompts.library()))
def test_built_in_prompts_hold_nothing_personal(name):
    prompt = prompts.library()[name]
    given = {item.name: PLAIN.get(item.kind, "chair") for item in prompt.inputs}
    given |= {item.name: item.choices[0] for item in prompt.inputs if item.choices}
    given |= {item.name: [] for item in prompt.inputs if item.kind == "thread"}
    given |= {"company": "Velo Store"} if prompt.input("company") else {}
    rendered = prompts.render(prompt, given)
    assert mask(rendered, Rules(keep=frozenset({"Velo Store"}))).counts == {}


@pytest.mark.parametrize(
    "unit", [*UNITS, *_LOOSE.split("|"), "Dear A ", "Dr. Aa\n", "Aa Bb. ", "&lt;"]
)
def test_work_grows_with_the_length(unit):
    short, long = unit * (1_000 // len(unit)), unit * (4_000 // len(unit))
    hide = lambda text: mask(said(text), ALL)  # noqa: E731
    hide(short)
    assert work(hide, long) <= 4.4 * work(hide, short) + 2_000


def test_many_values_are_masked_and_streamed_in_linear_work():
    def round_trip(count):
        text = "".join(f"I saw Dr. Q{'a' * (n % 9)}q A{n}@b.org. " for n in range(count))
        masked = mask(said(text))
        hidden, stream = contents(masked)[-1], masked.streaming()
        shown = [stream.feed(hidden[at : at + 7]) for at in range(0, len(hidden), 7)]
        assert "".join([*shown, stream.close()]) == text

    round_trip(10)
    assert work(round_trip, 800) <= 4.4 * work(round_trip, 200) + 2_000
