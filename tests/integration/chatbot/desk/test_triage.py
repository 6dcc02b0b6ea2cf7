"""Tickets are given, closed, merged and exported, on both databases."""

from datetime import timedelta

import pytest

from chatbot.errors import Conflict, NotFound, Refused
from tests.support.desk import NOON, brought, subjects, talk, thread


def test_assigning_closing_and_reopening(product, desk, lea, max_):
    ticket = brought(product, "one")
    desk.assign(lea, ticket, lea.public_id)
    assert subjects(desk, lea, which="mine") == ["Late parcel"]
    assert subjects(desk, lea, which="new") == []
    assert desk.queue(max_).counts.mine == 0
    desk.assign(lea, ticket, None)
    assert subjects(desk, lea, which="new") == ["Late parcel"]
    desk.close(lea, ticket)
    desk.close(lea, ticket)
    assert subjects(desk, lea, state="closed") == ["Late parcel"]
    desk.reopen(lea, ticket)
    assert desk.open(lea, ticket).row.waiting_s is not None
    actions = [each.action for each in product.audit.each() if each.subject == ticket]
    assert actions[::-1] == [
        "ticket_assigned",
        "ticket_assigned",
        "ticket_closed",
        "ticket_reopened",
    ]


def test_a_ticket_is_given_to_agents_alone(product, desk, lea, chatter):
    ticket = brought(product, "one")
    with pytest.raises(NotFound):
        desk.assign(lea, ticket, chatter.public_id)
    assert chatter.public_id not in dict(desk.agents(lea))
    assert lea.public_id in dict(desk.agents(lea))


def test_merging_keeps_both_threads_in_order(product, desk, lea):
    first = brought(product, "one", external_id="m1", subject="First")
    second = brought(
        product, "two", external_id="m2", subject="Second", at=NOON + timedelta(seconds=30)
    )
    desk.merge(lea, second, first)
    assert [each.said.text for each in desk.open(lea, first).thread] == ["one", "two"]
    assert desk.open(lea, second).merged_into == first
    assert subjects(desk, lea) == ["First"]
    desk.bring(
        None,
        [
            thread(
                "three",
                external_id="m3",
                at=NOON + timedelta(hours=1),
                references=("<m2.0@mail.test>",),
            )
        ],
    )
    assert [each.said.text for each in desk.open(lea, first).thread] == ["one", "two", "three"]
    for refused in (lambda: desk.merge(lea, second, first), lambda: desk.reopen(lea, second)):
        with pytest.raises(Conflict):
            refused()
    with pytest.raises(Conflict):
        desk.merge(lea, first, first)


def test_a_chat_is_not_merged_away_from_its_chatter(product, desk, database, lea, chatter):
    ticket = brought(product, "one")
    chat = desk.hand_over(chatter, talk(database, chatter))
    with pytest.raises(Refused, match="chat"):
        desk.merge(lea, chat, ticket)
    desk.merge(lea, ticket, chat)
    assert desk.open(lea, chat).thread[0].said.text == "one"


def test_an_export_is_text_and_is_noted(product, desk, lea):
    ticket = brought(product, "<b>one</b>", subject="A/B: café?")
    name, text = desk.export(lea, ticket)
    assert name.endswith("-a-b-café.md")
    assert "<b>one</b>" in text
    assert next(iter(product.audit.each())).action == "exported"


def test_two_agents_on_a_ticket_see_each_other(product, desk, lea, max_):
    ticket = brought(product, "one")
    assert desk.open(lea, ticket).others == ()
    assert [each.name for each in desk.open(max_, ticket).others] == ["Lea"]
    [other] = desk.here(lea, ticket, typing=True)
    assert (other.name, other.typing) == ("Max", False)
    assert desk.here(max_, ticket, typing=False)[0].typing
    desk.away(max_, ticket)
    assert desk.here(lea, ticket, typing=False) == []
