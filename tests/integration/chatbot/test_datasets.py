"""Datasets on both databases: from verdicts, replies and files to rows that nobody changes."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import delete, select, update

from chatbot import privacy
from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import build
from chatbot.errors import Conflict, NotAllowed, NotFound, Refused
from chatbot.learning.dataset.drafted import talk_of
from chatbot.learning.dataset.turns import hashed
from store import accounts, models, tickets
from store.columns import now
from tests.integration.chatbot.conftest import settings_for
from tests.support.desk import brought, due

ORDER = "48213"
keys = count()
ASKED = f"!say Your order {ORDER} left. I am Anna Weber, where is my order #{ORDER}?"


@pytest.fixture
def product(database, tmp_path):
    """Without the sentence encoder: names are then found by form and by whose talk it is."""
    product = build(settings_for(database, tmp_path / "home", encoder="none"))
    yield product
    product.close()


def told(product, text, conversation=None, person=None):
    """A turn of somebody's; its answer's row and the conversation."""

    async def scene():
        who = person or product.person()
        turn = await product.chat.start_turn(who, conversation, text, f"key {next(keys)}")
        return await turn.finished()

    turn = asyncio.run(scene())
    with product.database.reading() as session:
        row = session.scalars(
            select(models.Message).where(models.Message.public_id == turn.reply)
        ).one()
        return row, turn.conversation


def judged(database, *opinions, **subject):
    """An item with these verdicts: (rating, corrected text or None, use)."""
    with database.transaction() as session:
        item = models.ReviewItem(
            kind="answer" if "message_id" in subject else "reply",
            state="done",
            reasons=[],
            tags=[],
            topic="delivery",
            created_at=now(),
            **subject,
        )
        session.add(item)
        session.flush()
        for at, (rating, text, use) in enumerate(opinions):
            reviewer = accounts.add_person(session, f"Reviewer {at}", ("reviewer",))
            session.add(
                models.Verdict(
                    item_id=item.id,
                    reviewer_id=reviewer.id,
                    rating=rating,
                    text=text,
                    use=use,
                    tags=[],
                )
            )


def person_with(database, name, *roles):
    with database.transaction() as session:
        return accounts.add_person(session, name, roles)


def every(product, name="one", **how):
    return list(product.datasets.rows(product.person(), name, **how))


def built(product, name="one", **how):
    return product.datasets.build(product.person(), name, **how)


def test_verdicts_become_masked_rows_of_what_was_sent(product, database):
    good, talk = told(product, ASKED)
    worse, _ = told(product, "!say Nothing of it. Is it open on Sunday?", talk)
    corrected, _ = told(product, "!say I do not know. May I bring a dog?")
    for text, opinions in (
        ("!say Poor one.", [(-1, None, True)]),
        ("!say Not for training.", [(1, None, False)]),
        ("!say Two minds.", [(1, None, True), (-1, None, True)]),
    ):
        judged(database, *opinions, message_id=told(product, text)[0].id)
    judged(database, (1, None, True), message_id=good.id)
    judged(database, (-1, "Yes, from ten to six.", True), message_id=worse.id)
    judged(database, (-1, "Dogs are welcome.", True), message_id=corrected.id)

    made = built(product)

    rows = {row.reply: row for row in every(product)}
    assert len(rows) == made.dataset.rows == 3
    first = rows["Your order ⟨order 1⟩ left. I am ⟨name 1⟩, where is my order #⟨order 1⟩?"]
    assert (first.source, first.rejected, first.label) == ("verdict", None, "delivery")
    assert first.messages[-1]["content"].startswith("!say Your order ⟨order 1⟩ left. I am ⟨name 1⟩")
    sent = product.traces.of(product.person(), good.public_id)
    assert first.messages[0]["content"] == sent.messages[0]["content"]
    assert (first.prompt, first.version) == ("assistant", sent.sha)
    second = rows["Yes, from ten to six."]
    assert second.source == "correction"
    assert second.rejected == "Nothing of it. Is it open on Sunday?"
    assert [one["role"] for one in second.messages] == ["system", "user", "assistant", "user"]
    # Turns of one conversation are in one part.
    assert second.talk == first.talk != rows["Dogs are welcome."].talk
    assert second.split == first.split
    assert [row.reply for row in every(product, kind="preference")] == [
        row.reply for row in every(product) if row.rejected
    ]
    card = made.dataset.card
    assert card["counts"]["source"] == {"correction": 2, "verdict": 1}
    assert card["hidden"]["names"] >= 1
    assert sum(card["removed"].values()) == 3
    assert "Anna" not in json.dumps(card) + str(every(product))

    # The same again is the same, and never changes under its name.
    again = built(product, "two")
    assert again.dataset.sha == made.dataset.sha
    assert [row.split for row in every(product, "two")] == [row.split for row in every(product)]
    with pytest.raises(Conflict, match="never change"):
        built(product)
    only = built(product, "three", sources=["verdict"], since=datetime.now(UTC) - timedelta(days=1))
    assert only.dataset.rows == 1
    with pytest.raises(Refused, match="nothing to learn"):
        built(product, "four", since=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Refused, match="small letters"):
        built(product, "No name")


def test_without_its_trace_a_turn_is_rendered_by_the_version_of_today(product, database):
    answer, _ = told(product, "!say From ten to six. When is it open?")
    judged(database, (1, None, True), message_id=answer.id)
    exact = built(product, dry=True)
    with database.transaction() as session:
        session.execute(delete(models.Trace))
    made = built(product)
    assert exact.dataset is None
    assert exact.card["rendered by the present version"] == 0
    assert made.card["rendered by the present version"] == 1
    [row] = every(product)
    assert (row.prompt, row.messages[-1]["role"]) == ("assistant", "user")


def test_a_sent_reply_is_learned_with_its_draft(product, database):
    lea = person_with(database, "Lea Kern", "agent")

    async def drafted(ticket):
        return [each async for each in product.desk.draft(lea, ticket, CancelToken())][-1]

    same, changed, poor = (
        brought(product, f"!say {text}", subject=text)
        for text in ("It leaves today.", "It is lost, dear Ana Silva.", "No idea.")
    )
    for ticket, text in (
        (same, None),
        (changed, "Dear Ana,\n\nIt is lost, dear Ana Silva. We send another. Lea Kern"),
        (poor, None),
    ):
        draft = asyncio.run(drafted(ticket))
        text = text or draft.ended.text
        product.desk.send(lea, ticket, text, draft=draft.id, seconds=1)
    assert due(product) == 3
    with database.reading() as session:
        replies = list(session.scalars(select(models.Reply).order_by(models.Reply.id)))
    judged(database, (-1, None, True), reply_id=replies[2].id)

    made = built(product)

    assert made.dataset.card["removed"] == {"judged poor, and nobody corrected it": 1}
    rows = every(product)
    assert [row.source for row in rows] == ["reply", "reply"]
    assert rows[0].rejected is None
    assert "It is lost" in rows[1].rejected
    # Nothing that was asked names her, so the greeting is not learned.
    assert rows[1].reply.startswith("It is lost, dear ⟨name")
    assert "Silva" not in str(rows)
    assert "Lea" not in str(rows)
    assert rows[1].prompt == "support-draft"
    assert rows[1].messages[-1]["role"] == "user"
    built(product, "strict", sources=["reply"], least_distance=1.0)
    assert every(product, "strict", kind="preference") == []
    # The customer is forgotten, who only wrote mails.
    product.desk.forget_address(product.person(), "ana@example.test")
    assert product.datasets.get(product.person(), "one").rows == 0


def test_who_is_forgotten_leaves_no_row_and_a_mark(product, database, play, monkeypatch, tmp_path):
    monkeypatch.setattr(privacy, "PAUSE", 0)
    eve = person_with(database, "Eve Stone", "chatter")
    theirs, _ = told(product, "!say I am Eve Stone. Who am I?", person=eve)
    mine, _ = told(product, "!say From ten to six. When is it open?")
    for answer in (theirs, mine):
        judged(database, (1, None, True), message_id=answer.id)
    made = built(product).dataset
    with database.transaction() as session:
        dataset = session.scalars(select(models.Dataset)).one()
        for state, model in (("complete", "tuned@1"), ("queued", "tuned@2")):
            session.add(
                models.TrainingRun(
                    model=model, base="starter@2", dataset_id=dataset.id, dataset="one",
                    dataset_sha=made.sha, method="full", settings={}, state=state, facts={},
                    samples=[], actor="Iris",
                )
            )  # fmt: skip

    play(product.privacy.forget(product.person(), eve))

    left = product.datasets.get(product.person(), "one")
    assert (made.rows, left.rows) == (2, 1)
    assert (left.first_sha, left.sha != made.sha) == (made.sha, True)
    assert left.changed.startswith("1 turn left")
    assert left.card["counts"]["rows"] == 1
    [row] = every(product)
    assert row.reply == "From ten to six. When is it open?"
    with database.reading() as session:
        [mark] = session.scalars(select(models.ModelMark))
    assert mark.model == "tuned@1"
    assert "one" in mark.reason
    # What a run reads now has no line of theirs; a build of the same has the same hash.
    product.datasets.write("one", tmp_path / "run")
    lines = [
        json.loads(line)
        for part in ("train", "validation", "test")
        for line in (tmp_path / "run" / f"{part}.jsonl").read_text("utf-8").splitlines()
    ]
    assert [line["reply"] for line in lines] == [row.reply]
    assert set(lines[0]) == {"messages", "reply", "rejected", "label", "number", "talk"}


def test_files_are_imported_checked_and_written_again(product, database, tmp_path):
    path = tmp_path / "own.jsonl"
    lines = [
        {"question": f"When does shop {n} open?", "answer": f"Shop {n} opens at {n}."}
        for n in range(40)
    ]
    lines += [
        lines[0],
        {"question": "When does shop 1 open?!", "answer": "Shop 1 opens at 1!"},
        {
            "question": "My mail is a@b.example",
            "answer": "To a@b.example.",
            "label": "mail",
        },
        {"question": "How do I call?", "answer": "Call 020 7946 0018."},
        {"question": "And in full?", "answer": "word " * 3000},
        {"question": "With a source?", "context": "Open at 9.", "answer": "At 9.", "label": "mail"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{\n", encoding="utf-8")

    looked = product.datasets.check(product.person(), path)
    assert {"broken": 1, "cut": 1, "few": 1}.items() <= looked.counts.items()
    assert looked.counts["personal"] == 2
    assert {(one.number, one.kind) for one in looked.problems} >= {
        (45, "cut"), (47, "broken"), (43, "personal"), (0, "few"),
    }  # fmt: skip

    made = built(product, sources=(), files=[path])

    assert (made.dataset.rows, made.dataset.splits["test"] > 0) == (43, True)
    assert [(one.line, one.file) for one in made.bad] == [(44, "own.jsonl"), (47, "own.jsonl")]
    assert made.card["removed"] == {
        "said nearly the same as another one": 1,
        "said the same as another one": 1,
    }
    rows = every(product)
    [mail] = [row for row in rows if row.reply.startswith("To ")]
    assert mail.messages[-1]["content"] == "My mail is ⟨email 1⟩"
    assert mail.reply == "To ⟨email 1⟩."
    [sourced] = [row for row in rows if row.prompt == "support"]
    assert "Open at 9." in sourced.messages[0]["content"]

    found = product.datasets.check(product.person(), "one")
    assert set(found.counts) == {"cut", "few", "imbalance"}
    # What was written is read again as it was, masks included.
    product.datasets.write("one", tmp_path)
    parts = [tmp_path / f"{part}.jsonl" for part in ("train", "validation", "test")]
    again = built(product, "two", sources=(), files=parts)
    assert again.dataset.rows == 43
    assert {row.talk: row.split for row in every(product, "two")} == {
        row.talk: row.split for row in rows
    }
    few = built(product, "few", sources=(), files=[path], balance=5, dry=True)
    assert few.card["counts"]["split"]["train"] <= 10


def test_only_reviewers_and_administrators_use_datasets(product, database, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("question,answer\nOpen?,Yes.\n")
    built(product, sources=(), files=[path])
    chatter, reviewer = (person_with(database, role, role) for role in ("agent", "reviewer"))
    service = product.datasets
    for call in (
        lambda: service.list(chatter),
        lambda: service.get(chatter, "one"),
        lambda: service.rows(chatter, "one"),
        lambda: service.build(chatter, "two"),
        lambda: service.check(chatter, "one"),
        lambda: service.check(chatter, path),
        lambda: service.remove(chatter, "one"),
        lambda: service.export(chatter, "one", tmp_path / "out"),
    ):
        with pytest.raises(NotAllowed):
            call()
    [one] = service.list(reviewer)
    assert service.get(reviewer, one.id) == one
    assert service.export(reviewer, "one", tmp_path / "out" / "x.jsonl", split="train") == 1
    with pytest.raises(Refused, match="is not there"):
        built(product, "two", files=[tmp_path / "missing.csv"])
    with pytest.raises(Refused, match="below 1"):
        built(product, "two", held_out=0.6, validation=0.4)
    service.remove(reviewer, "one")
    with pytest.raises(NotFound):
        service.get(reviewer, "one")
    with database.reading() as session:
        assert list(session.scalars(select(models.DatasetRow))) == []


def test_what_was_merged_into_a_chat_is_of_its_conversation(product, database):
    first, second = (brought(product, text, subject=text) for text in ("Late.", "Lost."))
    _, talk = told(product, "!say hi")
    wanted = hashed("conversation", talk)
    with database.transaction() as session:
        asked = select(models.Conversation.id).where(models.Conversation.public_id == talk)
        shown = update(models.Ticket).where(models.Ticket.public_id == first)
        session.execute(shown.values(conversation_id=session.scalar(asked)))
        mail, chat = (tickets.get(session, one) for one in (second, first))
        assert talk_of(session, mail) != talk_of(session, chat) == wanted
        tickets.merge(session, mail, chat, now())
        assert talk_of(session, tickets.get(session, second)) == wanted
