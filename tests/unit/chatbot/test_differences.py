"""Two texts side by side: nothing of either is lost, and what is marked is what changed."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.authoring.differences import LONG, Line, Mark, lines, words

TEXTS = st.lists(st.text("ab {}\u0301", max_size=12), max_size=8).map("\n".join)


def side(found, kinds, number):
    """The lines of one text, put together again."""
    own = [line for line in found if line.kind in kinds]
    assert [getattr(line, number) for line in own] == list(range(1, len(own) + 1))
    return ["".join(mark.text for mark in line.marks) for line in own]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_in_the_lines(old, new):
    found = lines(old, new)
    assert side(found, ("same", "removed"), "old") == old.splitlines()
    assert side(found, ("same", "added"), "new") == new.splitlines()
    assert not any(mark.changed for line in found if line.kind == "same" for mark in line.marks)


@given(TEXTS)
def test_same_text_has_no_change(text):
    assert {line.kind for line in lines(text, text)} <= {"same"}


def test_changed_words_are_marked():
    old, new = words("say that you do not know.", "say what you need to know.")
    assert old == (
        Mark("say "),
        Mark("that", changed=True),
        Mark(" you "),
        Mark("do not", changed=True),
        Mark(" know."),
    )
    assert [mark.text for mark in new if mark.changed] == ["what", "need to"]


def test_added_line_has_its_number():
    assert lines("a\nc", "a\nb\nc")[1] == Line("added", None, 2, (Mark("b", changed=True),))


def test_lines_that_share_nothing_are_marked_as_a_whole():
    assert words("alpha beta", "one, two: three") == (
        (Mark("alpha beta", changed=True),),
        (Mark("one, two: three", changed=True),),
    )
    long = "x " * LONG
    assert words(long, long + "y")[1] == (Mark(long + "y", changed=True),)


def test_largest_texts_are_compared_line_by_line():
    """As large as a prompt's messages may be, and of lines that are all alike."""
    old = "\n".join(f"line {n} of a text" for n in range(12_000))
    new = "\n".join(f"line {n} of another" for n in range(12_000))
    assert len(lines(old, new)) == 24_000
    for one, other in (
        ("x\n" * 20_000, "y\nx\n" * 10_000),
        ("x\ny\n" * 499, "y\ny\nx\n" * 333),
        ("\n".join(["a " * 900] * 30), "\n".join(["b a " * 400] * 30)),
        (
            "\n".join(f"{n % 200:02x}" for n in range(21_000)),
            "\n".join("00" * 9 for n in range(99)),
        ),
    ):
        found = lines(one, other)
        assert side(found, ("same", "removed"), "old") == one.splitlines()
        assert side(found, ("same", "added"), "new") == other.splitlines()
