"""Review for its people: masked, audited, judged once each, exported, forgotten."""

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from chatbot.bootstrap import build
from chatbot.errors import Conflict, EmptyText, NotAllowed, NotFound, Refused, TextTooLong
from chatbot.options import Masking
from chatbot.review import Filters
from chatbot.settings import Settings
from store import accounts, models
from store.accounts import LOCAL
from tests.support.desk import brought, due
from tests.support.stored import started, turn

QUESTION = "I am Anna Schmidt, call +49 30 1234567. Where is order 12345678?"
ANSWER = "Dear Anna Schmidt, order 12345678 comes tomorrow."


@pytest.fixture(scope="module")
def built(sqlite_template, tmp_path_factory):
    home = tmp_path_factory.mktemp("review")
    shutil.copy(sqlite_template, home / "review.db")
    product = build(
        Settings(
            home=home,
            database_url=f"sqlite:///{home / 'review.db'}",
            model="scripted",
            person="Iris",
            encoder="none",
            undo_seconds=0,
            test_data=None,
        )
    )
    yield product
    product.close()


@pytest.fixture
def product(built):
    with built.database.transaction() as session:
        for table in (models.Ticket, models.Conversation):
            session.execute(delete(table))
        session.execute(delete(models.User).where(models.User.public_id != LOCAL))
    built.review.tidy()
    return built


@pytest.fixture
def review(product):
    return product.review


def someone(product, name, *roles):
    with product.database.transaction() as session:
        return accounts.add_person(session, name, roles)


@pytest.fixture
def anna(product):
    return someone(product, "Anna Schmidt", "chatter")


@pytest.fixture
def rita(product):
    return someone(product, "Rita", "reviewer")


@pytest.fixture
def raul(product):
    return someone(product, "Raul", "reviewer")


def rated(product, who, rating=-1, question=QUESTION, answer=ANSWER, **said):
    """A rated answer; its public id and its item's."""
    talk = started(product.database, who)
    _, reply = turn(product.database, talk, question, answer)
    product.conversations.feedback(who, reply.public_id, rating=rating, **said)
    return reply.public_id, product.review.queue(product.person()).rows[0].id


def actions(product, kind="review"):
    with product.database.reading() as session:
        asked = select(models.AuditEntry.action).where(models.AuditEntry.kind == kind)
        return list(session.scalars(asked.order_by(models.AuditEntry.id)))


def exported(review, who, shape, **how):
    out = io.BytesIO()
    review.export(who, Filters(), shape, out, **how)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_nothing_personal_is_listed(product, review, rita, anna):
    rated(product, anna, reasons=["Missing something"])
    found = review.queue(rita)
    [row] = found.rows
    assert row.title == "I am ⟨name 1⟩, call ⟨phone 1⟩. Where is order ⟨order 1⟩?"
    assert (row.chip, row.state, row.mood, row.taken) == (
        "missing something",
        "open",
        "neutral",
        "",
    )
    assert (found.open, found.done, found.found, found.more) == (1, 0, 1, None)
    assert len(review.queue(rita, text="order tomorrow").rows) == 1
    for personal in ("Anna", "12345678", "name"):
        assert review.queue(rita, text=personal).rows == []
    assert review.waiting(rita) == 1
    assert "neutral" in review.choices(rita).moods
    assert actions(product, "person").count("review_listed") >= 1


def test_a_customer_is_the_same_everywhere_and_nobody(product, review, rita, anna):
    bob = someone(product, "Bob", "chatter")
    for who in (anna, anna, bob):
        rated(product, who)
    third, second, first = (row.customer for row in review.queue(rita).rows)
    assert first == second != third
    assert len(first) == 4
    assert anna.public_id[:4].upper() != first


def test_an_item_is_shown_masked_and_noted(product, review, rita, anna):
    _, item = rated(product, anna, better="Tell Anna Schmidt when.")
    found = review.open(rita, item)
    assert [line.role for line in found.thread] == ["customer", "assistant"]
    assert [line.judged for line in found.thread] == [False, True]
    assert found.answer == "Dear ⟨name 1⟩, order ⟨order 1⟩ comes tomorrow."
    assert found.better == "Tell ⟨name 1⟩ when."
    assert found.masked == "1 name, 1 phone number, 1 reference number"
    shown = repr(replace(found, row=None))
    assert not any(secret in shown for secret in ("Anna", "1234567", "12345678"))
    assert actions(product)[-1] == "review_seen"


def test_a_correction_keeps_what_its_tags_meant(product, review, rita, anna):
    _, item = rated(product, anna)
    seen = review.open(rita, item)
    text = seen.answer.replace("tomorrow", "on Monday")
    assert review.judge(
        rita, item, rating=-1, text=text, tags=[" wrong  fact "], note="Which day?", seen=seen.seen
    ) is None  # fmt: skip
    with product.database.reading() as session:
        stored = session.scalars(select(models.Verdict)).one()
    assert stored.text == "Dear Anna Schmidt, order 12345678 comes on Monday."
    own = review.open(rita, item).own
    assert (own.text, own.tags, own.note, own.rating) == (text, ("wrong fact",), "Which day?", -1)
    assert [token.text for token in own.changes if token.kind != "same"] == [
        "tomorrow", "on Monday",
    ]  # fmt: skip
    [row] = review.queue(rita, which="done", filters=Filters(tag="wrong fact")).rows
    assert (row.verdict, row.state) == (-1, "done")


def test_an_unchanged_text_is_no_correction(product, review, rita, anna):
    _, item = rated(product, anna, rating=1)
    seen = review.open(rita, item)
    review.judge(rita, item, rating=1, text=f" {seen.answer}\n", seen=seen.seen)
    assert review.open(rita, item).own.text is None


def test_a_view_that_is_out_of_date_is_refused(product, review, rita, anna):
    _, item = rated(product, anna)
    other = review.open(rita, rated(product, anna, question="I am Bob Miller.")[1])
    with pytest.raises(Conflict, match="open it again"):
        review.judge(rita, item, rating=-1, text="Dear ⟨name 1⟩,", seen=other.seen)
    assert review.open(rita, item).own is None


def test_two_do_not_judge_at_once(product, review, rita, raul, anna):
    _, item = rated(product, anna)
    review.open(rita, item)
    found = review.open(raul, item)
    assert (found.taken, found.taken_until is not None) == ("Rita", True)
    with pytest.raises(Conflict, match="Rita has this open"):
        review.judge(raul, item, rating=1)
    assert review.bulk(raul, [item], rating=1) == 0
    review.take_over(raul, item)
    with pytest.raises(Conflict, match="Raul"):
        review.judge(rita, item, rating=1)
    review.judge(raul, item, rating=1)
    review.judge(rita, item, rating=1)


def test_a_second_opinion_does_not_see_the_first(product, review, rita, raul, anna):
    _, item = rated(product, anna)
    review.ask_second(rita, item, True)
    review.judge(rita, item, rating=-1, note="No day")
    found = review.open(raul, item)
    assert (found.opinions, found.others, found.row.state) == ((), 1, "open")
    review.judge(raul, item, rating=1)
    found = review.open(raul, item)
    assert [(each.reviewer, each.rating, each.own) for each in found.opinions] == [
        ("Rita", -1, False), ("Raul", 1, True),
    ]  # fmt: skip
    assert (found.row.state, found.row.split) == ("done", True)
    told = review.agreement(rita)
    assert (told.pairs, told.share) == (1, 0.0)
    assert review.reviewed(rita, datetime.now(UTC) - timedelta(days=1)) == 1


def test_the_next_one_follows(product, review, rita, anna):
    items = [rated(product, anna)[1] for _ in range(3)]
    assert review.judge(rita, items[1], rating=0).id == items[0]
    assert review.judge(rita, items[0], rating=1).id == items[2]
    assert review.judge(rita, items[2], rating=1) is None


def test_many_are_judged_at_once(product, review, rita, anna):
    items = [rated(product, anna)[1] for _ in range(3)]
    review.judge(rita, items[0], rating=-1, tags=["tone"], note="Hm")
    assert review.bulk(rita, [*items, "no-such-id"], rating=1) == 3
    assert review.bulk(rita, items[:2], tag="policy") == 2
    own = review.open(rita, items[0]).own
    assert (own.rating, own.tags, own.note) == (1, ("tone",), "Hm")
    found = review.queue(rita, which="done", filters=Filters(tag="policy", verdict=1))
    assert (found.found, len(found.rows)) == (2, 2)
    assert review.bulk(rita, items, second=True) == 3
    assert review.queue(rita).open == 3
    with pytest.raises(Refused):
        review.bulk(rita, ["x"] * 501, rating=1)


def test_comments_are_for_reviewers(product, review, rita, raul, anna):
    _, item = rated(product, anna)
    review.comment(rita, item, "Is this policy?")
    [said] = review.comments(raul, item)
    assert (said.author, said.text, said.own) == ("Rita", "Is this policy?", False)
    (entry,) = product.audit.each(action="review_commented")
    assert (entry.actor, entry.subject, entry.detail) == ("Rita", item, {})
    with pytest.raises(EmptyText):
        review.comment(rita, item, " \n")


@pytest.mark.parametrize("roles", [(), ("chatter",), ("agent",), ("author",), ("admin",)])
def test_nobody_else_sees_anything(product, review, anna, roles):
    message, item = rated(product, anna)
    other = replace(someone(product, "Eve", *roles), roles=("reviewer",))
    calls = [
        lambda: review.queue(other),
        lambda: review.choices(other),
        lambda: review.open(other, item),
        lambda: review.judge(other, item, rating=1),
        lambda: review.bulk(other, [item], rating=1),
        lambda: review.take_over(other, item),
        lambda: review.comment(other, item, "x"),
        lambda: review.comments(other, item),
        lambda: review.ask_second(other, item, True),
        lambda: review.agreement(other),
        lambda: review.reviewed(other, datetime.now(UTC)),
        lambda: review.export(other, Filters(), "openai", io.BytesIO()),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert review.waiting(other) == 0
    if not {"agent", "admin"} & set(roles):
        with pytest.raises(NotAllowed):
            review.flag(other, message)


def test_unknown_ids_are_not_found(product, review, rita, anna):
    talk = started(product.database, anna)
    _, unrated = turn(product.database, talk)
    for call in (
        lambda: review.open(rita, "nothing"),
        lambda: review.judge(rita, "nothing", rating=1),
        lambda: review.queue(rita, after="nothing"),
        lambda: review.flag(rita, unrated.public_id),
        lambda: review.unflag(rita, unrated.public_id),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"tags": ["x" * 61]}, Refused),
        ({"tags": [str(n) for n in range(21)]}, Refused),
        ({"note": "x" * 2001}, Refused),
        ({"text": "x" * 20_001}, TextTooLong),
    ],
)
def test_what_is_too_long_is_refused(product, review, rita, anna, given, error):
    _, item = rated(product, anna)
    with pytest.raises(error):
        review.judge(rita, item, rating=-1, **given)
    assert review.open(rita, item).own is None


def test_flags_come_from_the_desk_too(product, review, rita, anna):
    lea = someone(product, "Lea", "agent")
    talk = started(product.database, anna)
    question, answer = turn(product.database, talk, QUESTION, ANSWER)
    with pytest.raises(NotFound):
        review.flag(lea, answer.public_id)
    product.desk.hand_over(anna, talk.public_id)
    with pytest.raises(NotFound):
        review.flag(lea, question.public_id)
    item = review.flag(lea, answer.public_id, "Anna Schmidt was told wrong")
    found = review.open(rita, item)
    assert (found.row.chip, found.flag_note) == ("flagged", "⟨name 1⟩ was told wrong")
    review.unflag(lea, answer.public_id)
    assert review.queue(rita).rows == []


def test_changed_replies_of_the_desk_are_here(product, review, rita):
    lea = someone(product, "Lea", "agent")
    ticket = brought(product, "Where is my lamp? Call me: +49 30 1234567")
    with product.database.transaction() as session:
        stored = session.scalars(select(models.Ticket)).one()
        draft = models.TicketDraft(
            ticket_id=stored.id, sources=[], missing=[], unsupported=[], notes=["Short."],
            language="en", model="m@1", prompt="reply", version="b" * 64, number=2, tone="",
            instruction="", text="It comes soon.",
        )  # fmt: skip
        session.add(draft)
        session.flush()
        public_id = draft.public_id
    product.desk.send(lea, ticket, "It comes soon, dear Ana.", draft=public_id, seconds=3)
    assert review.queue(rita).rows == []
    assert due(product) == 1
    [row] = review.queue(rita, filters=Filters(kind="reply", prompt="reply")).rows
    assert row.chip.startswith("edited 0.")
    found = review.open(rita, row.id)
    assert (found.answer, found.sent) == ("It comes soon.", "It comes soon, dear ⟨name 1⟩.")
    assert found.changes
    assert found.trace.model == "m@1"
    assert [(line.role, line.judged) for line in found.thread] == [
        ("customer", False), ("agent", True),
    ]  # fmt: skip
    [pair] = exported(review, rita, "preference")
    assert pair["chosen"][0]["content"] == "It comes soon, dear ⟨name 1⟩."
    assert pair["rejected"][0]["content"] == "It comes soon."


def test_a_file_holds_what_the_filters_leave(product, review, rita, anna, tmp_path):
    _, item = rated(product, anna)
    rated(product, anna, rating=1)
    review.judge(rita, item, rating=-1, text="On Monday, ⟨name 1⟩.")
    file = tmp_path / "made.jsonl"
    assert review.export(rita, Filters(), "openai", file) == 1
    [line] = [json.loads(each) for each in file.read_text().splitlines()]
    assert line["messages"][-1] == {"role": "assistant", "content": "On Monday, ⟨name 1⟩."}
    assert "Anna" not in file.read_text()
    assert review.export(rita, Filters(rating=1), "csv", tmp_path / "made.csv") == 1
    assert review.export(rita, Filters(), "csv", io.BytesIO(), which="open") == 1
    assert review.export(rita, Filters(), "csv", io.BytesIO(), text="order tomorrow") == 2
    with pytest.raises(Refused, match="already"):
        review.export(rita, Filters(), "openai", file)
    with pytest.raises(Refused, match="no shape"):
        review.export(rita, Filters(), "xml", tmp_path / "x")
    with pytest.raises(Refused, match="cannot be written"):
        review.export(rita, Filters(), "openai", tmp_path / "nowhere" / "x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made.csv", "made.jsonl"]
    assert actions(product).count("review_exported") >= 2


def test_real_values_are_for_administrators(product, review, rita, anna):
    rated(product, anna)
    with pytest.raises(NotAllowed):
        exported(review, rita, "openai", masked=False)
    root = someone(product, "Root", "reviewer", "admin")
    [item] = review.queue(root).rows
    review.judge(root, item.id, rating=1)
    [line] = exported(review, root, "openai", masked=False)
    assert line["messages"][0]["content"] == QUESTION


def test_what_is_hidden_later_is_hidden_in_titles_too(product, review, rita, anna):
    rated(product, anna, question="My club card is KD-123456, where is it?")
    assert "KD-123456" in review.queue(rita).rows[0].title
    me, old = product.person(), product.options.stored(Masking)
    more = {"patterns": [{"name": "club card", "pattern": "KD-######"}]}
    version = product.options.set(me, Masking.model_validate(more), old.version)
    try:
        assert "KD-" not in review.queue(rita).rows[0].title
        assert review.queue(rita, text="kd").rows == []
    finally:
        product.options.set(me, Masking(), version)


def test_notes_reach_authors_without_customers_words(product, review, rita, anna):
    _, item = rated(product, anna)
    with product.database.transaction() as session:
        session.execute(delete(models.Trace))
    review.judge(rita, item, rating=-1, tags=["tone"], note="Warmer")
    with product.database.transaction() as session:
        from store import review as rows

        found = rows.get(session, item)
        rows.change(session, [found.id], lambda _: {"prompt": "support", "version": "a" * 64})
    author = someone(product, "Alan", "author")
    [note] = review.notes_for(author, "support", "a" * 64)
    assert (note.note, note.tags, note.rating) == ("Warmer", ("tone",), -1)
    assert review.notes_for(author, "support", "b" * 64) == []
    assert len(review.notes_for(author, "support")) == 1
    with pytest.raises(NotAllowed):
        review.notes_for(anna, "support")


def test_temporary_talks_are_never_here(product, review, rita, anna):
    product.archive.know(anna)
    talk = started(product.archive.temporary.database, anna)
    _, reply = turn(product.archive.temporary.database, talk)
    product.conversations.feedback(anna, reply.public_id, rating=-1)
    assert review.queue(rita).rows == []
