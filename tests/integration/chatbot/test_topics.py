"""Topics of tickets and conversations on both databases: grouped, named, masked, week by week."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chatbot.archive import Archive
from chatbot.errors import NotAllowed
from chatbot.topics import Topics, by_words, spherical
from store import accounts, conversations, ticket_threads, tickets
from store.ticket_records import NewMessage
from tests.support.desk import agent
from tests.support.stored import person, started, turn

LATE = [
    "my parcel is late, where is the courier",
    "the courier lost my parcel again",
    "parcel not delivered, courier says tomorrow",
]
BULBS = [
    "which bulb fits my lamp and dimmer",
    "the bulb flickers on the dimmer",
    "a dimmer that goes with this bulb",
]


@pytest.fixture
def archive(database):
    return Archive(database)


@pytest.fixture
def topics(archive):
    return Topics(archive, lambda: None)


def ticket(database, text, *, days=0, channel="e-mail"):
    """A ticket of one message, written some days ago; its public id."""
    at = datetime.now(UTC) - timedelta(days=days)
    with database.transaction() as session:
        made = tickets.add(
            session,
            source="test",
            external_id=text,
            channel=channel,
            subject="",
            customer="Ada",
            at=at,
        )
        message = NewMessage(role="customer", content=text, name="Ada", at=at)
        ticket_threads.add(session, made.id, message)
        return made.public_id


def test_only_people_of_the_desk_see_topics(database, topics):
    with pytest.raises(NotAllowed):
        topics.clusters(agent(database, "Cy", ["chatter"]))
    lea = agent(database)
    with database.transaction() as session:
        accounts.set_roles(session, lea.id, ["chatter"])
    with pytest.raises(NotAllowed):
        topics.clusters(lea)


def test_nothing_written_has_no_topic(database, topics):
    assert topics.clusters(agent(database)) == []


def test_what_is_alike_is_one_topic_with_its_weeks(database, topics):
    for number, text in enumerate([*LATE, *BULBS]):
        ticket(database, text, days=7 * (number % 3))
    found = topics.clusters(agent(database))
    parcels = next(topic for topic in found if any("courier" in e.text for e in topic.examples))
    assert {e.text for e in parcels.examples} <= set(LATE)
    assert sum(topic.size for topic in found) == 6
    assert all(sum(count for _, count in topic.weeks) == topic.size for topic in found)
    assert {len(topic.weeks) for topic in found} == {3}
    assert all(week.weekday() == 0 for topic in found for week, _ in topic.weeks)


def test_conversations_are_counted_once_and_deleted_ones_not(database, topics):
    ada = person(database)
    kept, gone = started(database, ada), started(database, ada)
    turn(database, kept, LATE[0])
    turn(database, gone, LATE[1])
    with database.transaction() as session:
        tickets.add(
            session,
            source="chat",
            external_id=None,
            channel="chat",
            subject="",
            customer="Ada",
            conversation_id=kept.id,
        )
        conversations.mark_deleted(session, ada.id, gone.public_id)
    [topic] = topics.clusters(agent(database))
    assert topic.size == 1
    assert [(e.source, e.where) for e in topic.examples] == [("conversation", kept.public_id)]


def test_channel_and_days_choose(database, topics):
    ticket(database, LATE[0], channel="file")
    ticket(database, LATE[1], days=40)
    lea = agent(database)
    assert [topic.size for topic in topics.clusters(lea, channel="file")] == [1]
    assert sum(topic.size for topic in topics.clusters(lea, days=30)) == 1
    assert sum(topic.size for topic in topics.clusters(lea)) == 2


def test_examples_and_names_are_masked(database, topics):
    for number in range(3):
        text = f"Please call Anna Weber at +44 20 7946 001{number} or anna{number}@velo.example"
        ticket(database, text)
    for topic in topics.clusters(agent(database)):
        told = topic.name + " ".join(example.text for example in topic.examples)
        assert "Weber" not in told
        assert "7946" not in told
        assert "@velo" not in told


def test_groups_are_the_same_every_time_and_alike_without_an_order():
    drawn = np.random.default_rng(1)
    rows = drawn.normal(size=(40, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    one, other = spherical(rows, 5)[0], spherical(rows, 5)[0]
    assert one == other
    assert sorted(at for group in one for at in group) == list(range(40))
    assert [len(group) for group in one] == sorted((len(group) for group in one), reverse=True)


def test_texts_without_a_shared_word_are_no_trouble():
    rows = by_words(["alpha", "beta", "", "?"])
    groups, _ = spherical(rows, 3)
    assert sum(map(len, groups)) == 4
