"""What datasets are made with: near twins, splits by conversation, files of every shape."""

import json
from random import Random

import pytest

from chatbot.errors import Refused, StoreUnavailable
from chatbot.learning.dataset.alike import Alike, resemblance, shingles
from chatbot.learning.dataset.building import Recipe, heap
from chatbot.learning.dataset.gathering import decide
from chatbot.learning.dataset.hiding import hide
from chatbot.learning.dataset.imports import LONGEST_LINE, read
from chatbot.learning.dataset.splitting import splits
from chatbot.learning.dataset.turns import Asked, Turn
from chatbot.learning.dataset.views import Bad
from chatbot.masking import Rules
from store.columns import now
from store.dataset_sources import Opinion

WORDS = [f"word{number}" for number in range(500)]


def said(rng, count):
    return " ".join(rng.choices(WORDS, k=count))


def test_resemblance_is_the_share_of_what_both_have():
    assert resemblance(shingles("a b c d"), shingles("A, b; c d!")) == 1
    assert resemblance(shingles("a b c d"), shingles("a b c e")) == pytest.approx(1 / 3)
    assert resemblance(shingles("?"), shingles("!")) == 0


def test_near_twins_are_found_and_others_are_kept():
    rng, alike = Random(1), Alike()
    turns = [(said(rng, 20), said(rng, 80)) for _ in range(300)]
    assert all(alike.add(at, *turn) is None for at, turn in enumerate(turns))
    for at, (question, reply) in enumerate(turns):
        assert alike.add(1000 + at, question.upper(), f"{reply} indeed") == at
        # The same answer to another question, and another answer to the same, are no twins.
        assert alike.add(2000 + at, said(rng, 20), reply) is None
        assert alike.add(3000 + at, question, said(rng, 80)) is None


def test_a_conversation_keeps_its_part_whatever_else_there_is():
    talks = [f"talk {number}" for number in range(2000)]
    few = splits(talks[:500], seed=3, held_out=0.1, validation=0.2)
    many = splits(talks, seed=3, held_out=0.1, validation=0.2)
    assert all(many[talk] == part for talk, part in few.items())
    counts = [list(many.values()).count(part) for part in ("test", "validation", "train")]
    assert counts == pytest.approx([200, 400, 1400], rel=0.15)
    assert splits(talks, seed=4, held_out=0.1, validation=0.2) != many


def test_three_conversations_fill_three_parts():
    for seed in range(30):
        found = splits(["a", "b", "c"], seed=seed, held_out=0.1, validation=0.1)
        assert sorted(found.values()) == ["test", "train", "validation"]
    assert set(splits(["a", "b"], seed=1, held_out=0, validation=0).values()) == {"train"}
    assert set(splits([], seed=1, held_out=0.1, validation=0.1)) == set()


def opinion(rating, text=None, *, use=True):
    return Opinion(1, rating, text, use, now())


@pytest.mark.parametrize(
    ("opinions", "kind", "text"),
    [
        ([opinion(1)], "good", ""),
        ([opinion(-1)], "left", ""),
        ([opinion(0)], "left", ""),
        ([opinion(1), opinion(-1)], "left", ""),
        ([opinion(0), opinion(1)], "good", ""),
        ([opinion(1, use=False)], "left", ""),
        ([opinion(1), opinion(-1, "Better.")], "corrected", "Better."),
        ([opinion(-1, "One."), opinion(-1, "Two.")], "corrected", "Two."),
        ([opinion(-1, "  ")], "left", ""),
    ],
)
def test_verdicts_make_one_decision(opinions, kind, text):
    decision = decide(opinions)
    assert (decision.kind, decision.text) == (kind, text)
    assert bool(decision.why) == (kind == "left")


RECIPE = Recipe(None, (), (), 0.1, None, 0, 0.1, 0.1, None, unfounded=False)


def turn_of(question, reply, rejected=None, **changes):
    return Turn("reply", "talk", [user(question)], reply, rejected, **changes)


def test_names_that_a_head_or_the_talk_gives_are_hidden_everywhere():
    turn = turn_of("ravi wrote to Ravi.", "Ravi and Kemi: hello.", "No, Kemi.", people=("Kemi",))
    counts = hide(turn, Rules(), lambda text: ["Ravi"] if "Ravi" in text else [])
    assert turn.messages == [user("ravi wrote to ⟨name 1⟩.")]
    assert (turn.reply, turn.rejected) == ("⟨name 1⟩ and ⟨name 2⟩: hello.", "No, ⟨name 2⟩.")
    assert counts == {"names": 2}


def test_what_stands_nowhere_before_a_reply_is_not_learned(tmp_path):
    with heap(tmp_path, Rules(), lambda _: [], RECIPE) as made:
        made.add(turn_of("Who helps?", "Call 020 7946 0018."))
        made.add(turn_of("Who is 020 7946 0018?", "020 7946 0018 is ours."))
        made.add(turn_of("When?", "Dear Kemi,\n\nOn Monday.\n\nKind regards", people=("Kemi",)))
        made.add(turn_of("I am Kemi. Who?", "Dear Kemi,\n\nWe.", people=("Kemi",)))
        rows = list(made.rows())
    assert [row.reply for row in rows] == [
        "⟨phone 1⟩ is ours.",
        "On Monday.\n\nKind regards",
        "Dear ⟨name 1⟩,\n\nWe.",
    ]
    assert list(made.card()["removed"].values()) == [1]


def test_a_full_disk_is_told_and_builds_nothing(tmp_path):
    with (
        pytest.raises(StoreUnavailable, match="No space left"),
        heap(tmp_path, Rules(), lambda _: [], RECIPE),
    ):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


# Files --------------------------------------------------------------------------------------------


def ask(question, context):
    system = [{"role": "system", "content": f"Sources: {context}"}] if context else []
    return Asked([*system, {"role": "user", "content": question}], "assistant", "sha")


def reading(folder, *lines, name="file.jsonl"):
    path = folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return list(read(path, ask))


SHAPES = {
    "ours": {"messages": [user("Hi")], "reply": "Yes.", "rejected": "No.", "label": "l"},
    "openai": {"messages": [user("Hi"), assistant("Yes.")]},
    "parts": {"messages": [user([{"type": "text", "text": "Hi"}]), assistant("Yes.")]},
    "sharegpt": {
        "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes."}]
    },
    "trl": {"prompt": [user("Hi")], "chosen": [assistant("Yes.")], "rejected": [assistant("No.")]},
    "text": {"prompt": "Hi", "chosen": "Yes.", "rejected": "No."},
    "whole": {
        "chosen": [user("Hi"), assistant("Yes.")],
        "rejected": [user("Hi"), assistant("No.")],
    },
    "preferred": {
        "input": {"messages": [user("Hi")]},
        "preferred_output": [assistant("Yes.")],
        "non_preferred_output": [assistant("No.")],
    },
    "asked": {"question": "Hi", "answer": "Yes."},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read(tmp_path, shape):
    [turn] = reading(tmp_path, SHAPES[shape])
    assert (turn.messages, turn.reply, turn.line) == ([user("Hi")], "Yes.", 1)
    paired = {"ours", "trl", "text", "whole", "preferred"}
    assert turn.rejected == ("No." if shape in paired else None)


def test_a_conversation_gives_a_turn_for_each_answer_of_one_talk(tmp_path):
    talk = [user("a"), assistant("b"), user("c"), user("d"), assistant("e")]
    first, second = reading(tmp_path, {"messages": talk})
    assert (first.reply, second.reply) == ("b", "e")
    assert second.messages == [user("a"), assistant("b"), user("c\n\nd")]
    assert first.talk == second.talk
    # Saved again when it had gone on, it is still the same conversation.
    [again] = reading(tmp_path, {"messages": [user("a"), assistant("other")]})
    assert again.talk == first.talk


BROKEN = {
    "{": "JSON",
    "[1]": "object",
    "[" * 100_000: "JSON",
    '{"a": 1}': "neither",
    '{"messages": []}': "empty",
    json.dumps({"messages": [{"role": "tool", "content": "x"}]}): "'tool'",
    json.dumps({"messages": [user("a")]}): "no answer",
    json.dumps({"messages": [assistant("a")]}): "question",
    json.dumps({"messages": [user("a"), assistant(" ")]}): "answer is empty",
    json.dumps({"messages": [user(" "), assistant("a")]}): "message is empty",
    json.dumps({"messages": [user("a"), assistant("b"), user("c")]}): "last message",
    json.dumps({"messages": [user([{"type": "image"}]), assistant("b")]}): "other than text",
    json.dumps({"messages": [user("a")] * 1000, "reply": "b"}): "1,000 messages",
    json.dumps({"question": "a"}): "answer is missing",
    json.dumps({"question": "a", "answer": 7}): "no text",
    json.dumps({"question": "a", "answer": "x" * 20_001}): "20,001 characters",
    json.dumps({"question": "a", "answer": "\0"}): "cannot be stored",
    '{"question": "a", "answer": "\\ud800"}': "cannot be stored",
    json.dumps({"prompt": "a", "chosen": "b"}): "rejected",
}


def test_each_bad_line_is_named_and_the_rest_is_read(tmp_path):
    good = SHAPES["asked"]
    lines = [line for bad in BROKEN for line in (bad, good)]
    found = reading(tmp_path, *lines)
    bad = [one for one in found if isinstance(one, Bad)]
    assert len(found) - len(bad) == len(BROKEN)
    for number, (one, reason) in enumerate(zip(bad, BROKEN.values(), strict=True)):
        assert (one.line, one.file) == (2 * number + 1, "file.jsonl")
        assert reason in one.reason


def test_bytes_that_are_no_text_and_endless_lines_are_named(tmp_path):
    path = tmp_path / "file.jsonl"
    line = json.dumps(SHAPES["asked"]).encode()
    path.write_bytes(b"\n".join([b"\xef\xbb\xbf" + line, b"\xff", b"x" * (LONGEST_LINE + 9), line]))
    first, second, third, last = read(path, ask)
    assert (first.line, last.line) == (1, 4)
    assert "UTF-8" in second.reason
    assert "longer" in third.reason


def test_a_table_is_read_with_its_context_and_its_bad_rows(tmp_path):
    lines = [
        "Question;Answer;Context;Intent",
        "Open?;Until 6.;Open until 6.;hours",
        "Open?",
        ";Until 6.;;",
        '"Open',
        'now?";"Yes, ""now""";;',
    ]
    first, short, empty, last = reading(tmp_path, *lines, name="file.csv")
    assert first.messages == [
        {"role": "system", "content": "Sources: Open until 6."},
        user("Open?"),
    ]
    assert (first.label, first.prompt) == ("hours", "assistant")
    assert (short.line, "1 cells" in short.reason) == (3, True)
    assert (empty.line, "question is empty" in empty.reason) == (4, True)
    assert (last.reply, last.messages) == ('Yes, "now"', [user("Open\nnow?")])


def test_a_name_that_says_nothing_is_read_by_its_beginning(tmp_path):
    [row] = reading(tmp_path, "question,answer", "Hi,Yes.", name="upload")
    [line] = reading(tmp_path, SHAPES["asked"], name="upload")
    assert row.reply == line.reply == "Yes."


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        list(read(tmp_path / "missing.jsonl", ask))
    with pytest.raises(Refused, match="folder"):
        list(read(tmp_path, ask))
    with pytest.raises(Refused, match="no column answer"):
        reading(tmp_path, "question,reply text", "a,b", name="file.csv")


def test_placeholders_become_tags_the_same_for_the_same(tmp_path):
    [turn] = reading(
        tmp_path,
        {
            "question": "Where is {{Order Number}}?",
            "context": "Call {{Support Phone Number}}.",
            "answer": "{{ Order Number }}: ask {{Support Phone Number}} or {{Live Chat}}.",
        },
    )
    assert isinstance(turn, Turn)
    assert [one["content"] for one in turn.messages] == [
        "Sources: Call ⟨phone 1001⟩.",
        "Where is ⟨order 1001⟩?",
    ]
    assert turn.reply == "⟨order 1001⟩: ask ⟨phone 1001⟩ or Live Chat."
