"""Tags become values of their kind, the same everywhere, and never one that is there."""

from random import Random

from chatbot.learning.filling import fill
from chatbot.masking import GROUPS, mask
from chatbot.values import KINDS, TAG, TYPES, find


def test_the_same_tag_is_the_same_value_in_all_texts():
    asked, said = fill(["Order ⟨order 1⟩ and ⟨order 2⟩?", "⟨order 1⟩ is on its way."], Random(1))
    assert not TAG.search(asked + said)
    first, second = asked.removeprefix("Order ").removesuffix("?").split(" and ")
    assert first != second
    assert said == f"{first} is on its way."


def test_the_same_seed_draws_the_same_and_another_one_others():
    texts = ["Call ⟨phone 1⟩ or write to ⟨email 1⟩."]
    assert fill(texts, Random(1)) == fill(texts, Random(1)) != fill(texts, Random(2))


def test_every_type_of_tag_is_filled():
    for kind in TYPES:
        [text] = fill([f"It says ⟨{kind} 1⟩ here."], Random(kind))
        assert "⟨" not in text


def test_what_masking_hides_is_filled_with_the_same_type():
    hidden = {KINDS[kind].type for group in GROUPS.values() for kind in group.kinds}
    cues = {"order": "order #", "account": "account number ", "tracking": "tracking number "}
    for kind in hidden - {"name", "company"}:  # names are found where they are known
        [text] = fill([f"Please note {cues.get(kind, '')}⟨{kind} 1⟩."], Random(3))
        assert kind in {value.type for value in find(text)}, text


def test_words_before_a_tag_choose_its_shape():
    texts = ["IBAN ⟨account 1⟩, card ⟨account 2⟩ ending in ⟨account 3⟩, ZIP ⟨address 1⟩"]
    [text] = fill(texts, Random(4))
    assert [value.kind for value in find(text)] == ["iban", "card", "last4", "postcode"]


def test_a_filled_value_stands_nowhere_else():
    for seed in range(50):
        text = "⟨number 1⟩ of 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"
        [filled] = fill([text], Random(seed))
        assert filled.split()[0] not in text.split()[2:]


def test_a_masked_text_comes_out_whole():
    asked = [{"role": "user", "content": "Dear Anna Weber, call 020 7946 0018 or a@b.example."}]
    hidden = [one["content"] for one in mask(asked).messages if one["role"] == "user"]
    [text] = fill(hidden, Random(5))
    assert "Anna Weber" not in text
    assert text.startswith("Dear ")
    assert "⟨" not in text
