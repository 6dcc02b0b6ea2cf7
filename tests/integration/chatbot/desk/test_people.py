"""Who may use the desk, and for whom foreign ids do not exist."""

import pytest

from chatbot.errors import NotAllowed, NotFound
from tests.support.desk import agent, brought, talk
from tests.support.stored import person


def test_only_agents_and_administrators_use_the_desk(product, desk, chatter, database):
    ticket = brought(product, "hello")
    author = agent(database, "Au", ["author", "reviewer"])
    for who in (chatter, author):
        for refused in (
            lambda who=who: desk.queue(who),
            lambda who=who: desk.open(who, ticket),
            lambda who=who: desk.look(who, ticket),
            lambda who=who: desk.card(who, ticket),
            lambda who=who: desk.agents(who),
            lambda who=who: desk.assign(who, ticket, None),
            lambda who=who: desk.close(who, ticket),
            lambda who=who: desk.reopen(who, ticket),
            lambda who=who: desk.merge(who, ticket, ticket),
            lambda who=who: desk.export(who, ticket),
            lambda who=who: desk.remove_source(who, "demo:"),
            lambda who=who: desk.take(who, ticket),
            lambda who=who: desk.bring(who, []),
            lambda who=who: desk.keep(who, ticket, "x", version=0),
            lambda who=who: desk.drafted(who, ticket),
            lambda who=who: desk.send(who, ticket, "x", draft=None, seconds=1),
            lambda who=who: desk.unsend(who, ticket),
            lambda who=who: desk.explain(who, ticket, ""),
            lambda who=who: desk.here(who, ticket, typing=False),
            lambda who=who: desk.away(who, ticket),
            lambda who=who: desk.replies(who),
            lambda who=who: product.macros.list(who),
            lambda who=who: product.macros.save(who, "a", "a", "a"),
            lambda who=who: product.macros.remove(who, "a"),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_agents_forget_no_customer(desk, lea):
    with pytest.raises(NotAllowed):
        desk.forget_address(lea, "ana@example.test")
    with pytest.raises(NotAllowed):
        desk.of_address(lea, "ana@example.test")


def test_a_chatter_hands_over_an_own_conversation_alone(desk, database, chatter):
    foreign = talk(database, person(database))
    for refused in (desk.hand_over, desk.take_back, desk.handed):
        with pytest.raises(NotFound):
            refused(chatter, foreign)


def test_unknown_ids_are_not_found(desk, lea):
    for unknown in ("", "nonsense", "00000000-0000-7000-8000-00000000abcd"):
        with pytest.raises(NotFound):
            desk.open(lea, unknown)
        with pytest.raises(NotFound):
            desk.take(lea, unknown)
        with pytest.raises(NotFound):
            desk.unsend(lea, unknown)
