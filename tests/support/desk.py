"""A desk's people, threads and tickets to test with."""

from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import update

from chatbot.ticket_files import Incoming, IncomingMessage
from store import accounts, models
from tests.support.stored import started, turn

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When the threads below begin."""

_numbers = count(1)


def agent(database, name="Lea", roles=("agent",)):
    """Somebody who answers tickets."""
    with database.transaction() as session:
        return accounts.add_person(session, name, roles)


def thread(*texts, external_id=None, at=NOON, **changes):
    """A mail thread: what the customer says, and, after "> ", what an agent answered."""
    name = external_id or f"thread {next(_numbers)}"
    messages = tuple(
        IncomingMessage(
            "agent" if text.startswith("> ") else "customer",
            text.removeprefix("> "),
            at + timedelta(minutes=place),
            f"<{name.replace(' ', '-')}.{place}@mail.test>",
        )
        for place, text in enumerate(texts)
    )
    values = {
        "source": "mail:test",
        "external_id": name,
        "subject": "Late parcel",
        "customer": "Ana Silva",
        "address": "ana@example.test",
        "channel": "e-mail",
        "language": "",
        "messages": messages,
    }
    return Incoming(**(values | changes))


def brought(product, *texts, **changes):
    """Bring one thread in; its ticket's public id."""
    incoming = thread(*texts, **changes)
    told = product.desk.bring(None, [incoming])
    assert told.refused == ()
    [row] = product.desk.queue(product.person(), text=incoming.subject, limit=1).rows
    return row.id


def due(product):
    """Let every reply that waits be due, and deliver what is."""
    with product.database.transaction() as session:
        session.execute(update(models.Reply).values(due_at=NOON))
    return product.desk.send_due()


def subjects(desk, who, **how):
    """What a page of the queue is about."""
    return [row.subject for row in desk.queue(who, **how).rows]


def talk(database, owner, *, text="Where is my parcel?"):
    """A chat of somebody with one turn; its public id."""
    made = started(database, owner, "Where is it?")
    turn(database, made, text, "On its way.")
    return made.public_id
