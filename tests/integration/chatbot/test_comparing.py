"""Two sides answer one question, blind where wished; votes become win rates with intervals."""

import asyncio

import pytest

from chatbot.backends.cancel import CancelToken
from chatbot.comparing import Comparing
from chatbot.errors import (
    BackendError,
    Conflict,
    EmptyText,
    NotAllowed,
    NotFound,
    Refused,
    TextTooLong,
)
from chatbot.tally import Rate
from store import accounts, audit, comparisons

LEFT, RIGHT = ("scripted", "support", ""), ("scripted", "assistant", "1")


@pytest.fixture
def author(product):
    with product.database.transaction() as session:
        return accounts.add_person(session, "Aya", ("author",))


def asked(product, person, made, question="!say Good day"):
    return product.comparing.ask(person, made.id, question)


def answered(product, person, question, *places):
    """The last piece of each answer, and the texts."""

    async def both():
        told = []
        for place in places or ("first", "second"):
            pieces = [
                one
                async for one in product.comparing.answer(person, question.id, place, CancelToken())
            ]
            told.append(("".join(one.text for one in pieces), pieces[-1].ended))
        return told

    return asyncio.run(both())


def played(product, person, made, choice):
    question = asked(product, person, made)
    answered(product, person, question)
    return product.comparing.vote(person, question.id, choice)


def test_a_side_is_named_by_model_prompt_and_version(product, author):
    made = product.comparing.make(author, LEFT, RIGHT, blind=False)
    assert (made.left.label, made.right.label) == (
        "scripted@1 · support v1",
        "scripted@1 · assistant v1",
    )
    assert made.title == "support v1 or assistant v1"
    assert product.comparing.standings(author) == [made]
    assert {"support", "assistant"} <= {one.name for one in product.comparing.prompts(author)}
    with product.database.reading() as session:
        [noted] = audit.entries(session, before=None, limit=5, action="comparison_made")
    assert noted.subject == made.id


def test_both_answer_and_the_vote_counts(product, author):
    made = product.comparing.make(author, LEFT, RIGHT, blind=False)
    question = asked(product, author, made)
    assert question.sides == (made.left, made.right)
    (first, figures), (second, _) = answered(product, author, question)
    assert (first, second) == ("Good day", "Good day")
    assert figures["model"] == "scripted@1"
    voted = product.comparing.vote(author, question.id, "second")
    assert (voted.choice, voted.sides, voted.texts) == (
        "second", (made.left, made.right), ("Good day", "Good day"),
    )  # fmt: skip
    played(product, author, made, "tie")
    now = product.comparing.get(author, made.id)
    assert (now.left_wins, now.ties, now.both_bad, now.votes) == (Rate(0, 1), 1, 0, 2)
    assert [one.choice for one in product.comparing.mine(author, made.id)] == ["tie", "second"]
    with pytest.raises(Conflict):
        product.comparing.vote(author, question.id, "first")
    with pytest.raises(Conflict):
        answered(product, author, question, "first")


def test_blind_tells_nothing_before_the_vote(product, author, monkeypatch):
    made = product.comparing.make(author, LEFT, RIGHT, blind=True)
    monkeypatch.setattr("chatbot.comparing.service.secrets.randbelow", lambda _: 1)
    question = asked(product, author, made)
    assert question.sides is None
    told = answered(product, author, question)
    assert [figures for _, figures in told] == [{"status": "complete"}] * 2
    voted = product.comparing.vote(author, question.id, "first")
    assert voted.sides == (made.right, made.left)
    assert product.comparing.get(author, made.id).left_wins == Rate(0, 1)


def test_the_order_of_a_blind_comparison_is_drawn(product, author):
    made = product.comparing.make(author, LEFT, RIGHT, blind=True)
    asks = [asked(product, author, made).id for _ in range(40)]
    with product.database.reading() as session:
        drawn = {comparisons.asked(session, one, author.id)[1].swapped for one in asks}
    assert drawn == {True, False}  # one of them alone: twice in a million million


def test_sides_are_summed_over_comparisons(product, author):
    one = product.comparing.make(author, LEFT, RIGHT, blind=False)
    other = product.comparing.make(author, RIGHT, LEFT, blind=False)
    for made, choice in ((one, "first"), (other, "second"), (one, "second"), (one, "tie")):
        played(product, author, made, choice)
    best, worst = product.comparing.table(author)
    assert (best.side, best.wins, best.ties) == (one.left, Rate(2, 3), 1)
    assert (worst.side, worst.wins, worst.ties) == (one.right, Rate(1, 3), 1)


def test_what_cannot_be_compared_is_refused(product, author):
    comparing: Comparing = product.comparing
    with pytest.raises(Refused, match="Both sides are the same"):
        comparing.make(author, LEFT, LEFT, blind=True)
    with pytest.raises(Refused, match="takes no question"):
        comparing.make(author, LEFT, ("scripted", "support-draft", ""), blind=True)
    with pytest.raises(NotFound):
        comparing.make(author, LEFT, ("scripted", "nothing", ""), blind=True)
    with pytest.raises(NotFound):
        comparing.get(author, "nothing")
    made = comparing.make(author, LEFT, RIGHT, blind=True)
    with pytest.raises(EmptyText):
        comparing.ask(author, made.id, "  \n")
    with pytest.raises(TextTooLong):
        comparing.ask(author, made.id, "x" * (product.settings.message_limit + 1))
    question = asked(product, author, made)
    answered(product, author, question, "first")
    with pytest.raises(Refused, match="Both answers have to be there"):
        comparing.vote(author, question.id, "first")


def test_a_failed_answer_takes_no_vote(product, author):
    made = product.comparing.make(author, LEFT, RIGHT, blind=True)
    question = asked(product, author, made, "!429")
    with pytest.raises(BackendError):
        answered(product, author, question, "first")
    with pytest.raises(Refused):
        product.comparing.vote(author, question.id, "both bad")


def test_roles_and_owners_are_minded(product, author):
    with product.database.transaction() as session:
        chatter = accounts.add_person(session, "Cy", ("chatter", "agent"))
        reviewer = accounts.add_person(session, "Rita", ("reviewer",))
        namesake = accounts.add_person(session, author.name, ("author",))
    made = product.comparing.make(author, LEFT, RIGHT, blind=True)
    question = asked(product, author, made)
    for refused in (
        lambda: product.comparing.standings(chatter),
        lambda: product.comparing.make(chatter, LEFT, RIGHT, blind=True),
        lambda: product.comparing.ask(chatter, made.id, "Hello?"),
        lambda: product.comparing.side(chatter, *LEFT),
        lambda: product.comparing.remove(reviewer, made.id),
        lambda: product.comparing.remove(namesake, made.id),
    ):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(NotFound):
        product.comparing.vote(reviewer, question.id, "first")
    with pytest.raises(NotFound):
        answered(product, reviewer, question, "first")
    product.comparing.remove(author, made.id)
    with pytest.raises(NotFound):
        product.comparing.get(reviewer, made.id)


def test_a_turn_is_asked_again_with_what_stood_before_it(product, author):
    side = product.comparing.side(author, *LEFT)
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]

    async def told():
        pieces = product.comparing.again(author, side, "And then?", history, [], CancelToken())
        return [one async for one in pieces]

    pieces = asyncio.run(told())
    assert pieces[-1].ended["status"] == "complete"
    assert "".join(one.text for one in pieces)
