"""Webhooks on both databases: told once, signed as others check it, tried until they are taken."""

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from sqlalchemy import delete, select, update

from chatbot.bootstrap import build
from chatbot.errors import NotAllowed, NotFound, Refused
from chatbot.net import AddressRefused
from chatbot.settings import Settings
from chatbot.webhooks import sending
from chatbot.webhooks.service import KINDS
from store import forgetting, models, webhooks
from store.accounts import LOCAL
from store.engine import Database
from tests.support.desk import agent, brought, due, talk, thread
from tests.support.hooks import OK, receiver

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=DATABASES)
def built(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("webhooks")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "hooks.db")
        url = f"sqlite:///{home / 'hooks.db'}"
    else:
        url = request.getfixturevalue("empty_postgresql")("webhooks")
        database = Database(url)
        database.upgrade()
        database.close()
    product = build(
        Settings(
            home=home,
            database_url=url,
            model="scripted",
            encoder="none",
            undo_seconds=0,
            test_data=None,
            webhook_hosts=("127.0.0.1",),
        )
    )
    yield product
    product.close()


@pytest.fixture
def product(built):
    with built.database.transaction() as session:
        for table in (models.Webhook, models.Ticket, models.Conversation):
            session.execute(delete(table))
        session.execute(delete(models.User).where(models.User.public_id != LOCAL))
    return built


@pytest.fixture
def hooks(product):
    return product.webhooks


@pytest.fixture
def boss(product):
    return product.person()


@pytest.fixture
def taker():
    with receiver() as taker:
        yield taker


def told(taker):
    """The kinds and the data that came, in their order."""
    bodies = [json.loads(body) for _, body in taker.taken]
    return [(each["type"], each["data"]) for each in bodies]


def at_once(product):
    """Let everything that waits be due."""
    with product.database.transaction() as session:
        session.execute(update(models.WebhookDelivery).values(due_at=datetime.now(UTC)))


def test_a_ticket_a_reply_and_a_verdict_are_told(product, hooks, boss, taker):
    hooks.add(boss, url=taker.url)
    lea, cy = agent(product.database), agent(product.database, "Cy", ["chatter"])
    mailed = brought(product, "one")
    chat = talk(product.database, cy)
    handed = product.desk.hand_over(cy, chat)
    product.desk.hand_over(cy, chat)
    product.desk.bring(None, [thread("one", "two", external_id="thread of a file")])
    sent = product.desk.send(lea, handed, "Here it is.", draft=None, seconds=1)
    due(product)
    assert hooks.send_due() == 4
    found = told(taker)
    assert [kind for kind, _ in found] == ["ticket.created"] * 3 + ["reply.sent"]
    first = {"ticket": mailed, "conversation": "", "channel": "e-mail"}
    assert found[0][1] == first | {"number": found[0][1]["number"]}
    assert found[1][1]["conversation"] == chat
    reply = found[3][1]
    assert (reply["ticket"], reply["reply"], reply["how"]) == (handed, sent.id, "reply")
    assert reply["message"] == product.conversations.open(cy, chat).messages[-1].id


def test_verdicts_are_told_skips_are_not(product, hooks, boss, taker):
    hooks.add(boss, url=taker.url, events=["verdict.given"])
    rita = agent(product.database, "Rita", ["reviewer"])
    chat = talk(product.database, boss)
    answer = product.conversations.open(boss, chat).messages[-1].id
    item = product.review.flag(boss, answer)
    product.review.tidy()
    for rating in (0, -1):
        product.review.judge(rita, item, rating=rating)
    product.review.bulk(rita, [item], rating=1)
    hooks.send_due()
    assert told(taker) == [
        ("verdict.given", {"item": item, "answer": answer, "rating": rating, "corrected": 0})
        for rating in (-1, 1)
    ]


def test_nothing_of_the_demo_is_told(product, hooks, boss, taker):
    hooks.add(boss, url=taker.url)
    product.desk.bring(None, [thread("one", source="demo:shop")])
    assert hooks.send_due() == 0


def test_what_is_rolled_back_is_not_told(product, hooks, boss, taker):
    hooks.add(boss, url=taker.url)

    def told_and_broken():
        with product.database.transaction() as session:
            assert webhooks.tell(session, "alert.began", "alert:1", {"alert": "1"}) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        told_and_broken()
    assert hooks.send_due() == 0


def test_an_event_is_told_once_to_each_address_that_listens(product, hooks, boss, taker):
    chosen = hooks.add(boss, url=taker.url, events=["alert.ended", "alert.began"]).hook
    hooks.add(boss, url=f"{taker.url}/2")
    off = hooks.add(boss, url=f"{taker.url}/3").hook
    hooks.switch(boss, off.id, active=False)
    for _ in range(2):
        with product.database.transaction() as session:
            told_now = webhooks.tell(session, "alert.began", "alert:7", {"value": 0.25})
            webhooks.tell(session, "reply.sent", "reply:7", {})
    assert (told_now, chosen.events) == (0, ("alert.began", "alert.ended"))
    assert hooks.send_due() == 3
    firsts = sorted(headers[":first"].split()[1] for headers, _ in taker.taken)
    assert firsts == ["/hook", "/hook/2", "/hook/2"]


def test_several_senders_send_each_delivery_once(product, hooks, boss, taker):
    hooks.add(boss, url=taker.url)
    with product.database.transaction() as session:
        for number in range(12):
            webhooks.tell(session, "alert.began", f"alert:{number}", {"number": number})
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(lambda _: hooks.send_due(), range(3)))
    assert sum(taken) == 12
    assert sorted(data["number"] for _, data in told(taker)) == list(range(12))


def test_others_check_the_signature(product, hooks, boss, taker):
    made = hooks.add(boss, url=taker.url)
    assert hooks.test(boss, made.hook.id).state == "taken"
    [(headers, body)] = taker.taken
    client = OpenAI(api_key="none")
    client.webhooks.verify_signature(body, headers, secret=made.secret)
    for changed in (body + b" ", body.replace(b"webhook.test", b"reply.sent")):
        with pytest.raises(InvalidWebhookSignatureError):
            client.webhooks.verify_signature(changed, headers, secret=made.secret)
    assert json.loads(body)["type"] == "webhook.test"
    assert headers["content-type"] == "application/json"


def test_what_fails_is_tried_again_under_the_same_id(product, hooks, boss, taker):
    hook = hooks.add(boss, url=taker.url).hook
    brought(product, "one")
    taker.answers += [
        b"HTTP/1.1 500 Oh\r\n\r\n",
        b"HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"nothing of HTTP\r\n\r\n",
    ]
    errors = []
    for _ in range(4):
        hooks._sending._rests.clear()
        at_once(product)
        hooks.send_due()
        [found] = hooks.deliveries(boss, hook.id)
        errors.append((found.state, found.attempts, found.status, found.error))
    assert [each[:3] for each in errors] == [
        ("waiting", 1, 500),
        ("waiting", 2, 302),
        ("waiting", 3, None),
        ("taken", 4, 204),
    ]
    assert ("status 500" in errors[0][3], "redirect" in errors[1][3]) == (True, True)
    assert errors[3][3] == ""
    assert len({headers["webhook-id"] for headers, _ in taker.taken}) == 1
    assert len({body for _, body in taker.taken}) == 1


def test_a_process_that_died_lets_its_delivery_go(product, hooks, boss, taker):
    hook = hooks.add(boss, url=taker.url).hook
    brought(product, "one")
    with product.database.transaction() as session:
        [found] = webhooks.due(session)
        claimed = webhooks.claim(session, found, 60)
    assert hooks.send_due() == 0  # it may still be sending
    at_once(product)
    assert hooks.send_due() == 1
    with product.database.transaction() as session:
        late = webhooks.end_attempt(session, claimed, status=500, error="late")
    assert not late
    assert hooks.deliveries(boss, hook.id)[0].state == "taken"


def test_an_address_that_fails_rests_and_others_do_not(product, hooks, boss, taker):
    hooks.add(boss, url="http://127.0.0.1:1/")
    hooks.add(boss, url=taker.url)
    for text in ("one", "two"):
        brought(product, text)
    assert hooks.send_due() == 2
    at_once(product)
    assert hooks._sending.due() == []  # it rests, though both are due again
    [dead, _] = hooks.all(boss)
    assert (dead.waiting, dead.last.attempts + 1) == (2, 1)
    assert sum(each.attempts for each in hooks.deliveries(boss, dead.id)) == 1


def test_after_three_days_it_is_failed(product, hooks, boss, taker):
    hook = hooks.add(boss, url=taker.url).hook
    brought(product, "one")
    long_ago = datetime.now(UTC) - sending.GIVE_UP
    with product.database.transaction() as session:
        session.execute(update(models.WebhookDelivery).values(created_at=long_ago))
    taker.answers.append(b"HTTP/1.1 500 Oh\r\n\r\n")
    hooks.send_due()
    assert hooks.deliveries(boss, hook.id)[0].state == "failed"
    with product.database.transaction() as session:
        session.execute(
            update(models.WebhookDelivery).values(created_at=long_ago - timedelta(days=30))
        )
    hooks.tidy()
    assert hooks.deliveries(boss, hook.id) == []


def test_who_is_gone_for_good_is_told_nothing_any_more(product, hooks, boss, taker):
    hook = hooks.add(boss, url=taker.url).hook
    for text in ("one", "two"):
        brought(product, text)
    taker.answers.append(b"HTTP/1.1 410 Gone\r\n\r\n")
    hooks.send_due()
    hooks._sending._rests.clear()
    at_once(product)
    assert hooks.send_due() == 0
    assert [each.active for each in hooks.all(boss)] == [False]
    assert len(taker.taken) == 1
    assert product.audit.entries(boss, action="webhook_gone")[0].subject == hook.id


def test_who_is_switched_off_is_told_nothing_from_then_on(product, hooks, boss, taker):
    hook = hooks.add(boss, url=taker.url).hook.id

    def off(link):
        hooks.switch(boss, hook, active=False)
        link.sendall(OK)

    for text in ("one", "two"):
        brought(product, text)
    taker.answers.append(off)
    assert hooks.send_due() == 1
    hooks.switch(boss, hook, active=True)
    assert hooks.send_due() == 1


def test_only_administrators_have_webhooks_and_each_change_is_audited(product, hooks, boss, taker):
    made = hooks.add(boss, url=f" {taker.url}?token=s3cret ")
    hook = made.hook.id
    lea = agent(product.database, "Lea", ["agent", "author", "reviewer"])
    for what in (
        lambda: hooks.add(lea, url=taker.url),
        lambda: hooks.all(lea),
        lambda: hooks.test(lea, hook),
        lambda: hooks.switch(lea, hook, active=False),
        lambda: hooks.deliveries(lea, hook),
        lambda: hooks.remove(lea, hook),
    ):
        with pytest.raises(NotAllowed):
            what()
    assert taker.taken == []
    hooks.test(boss, hook)
    hooks.switch(boss, hook, active=False)
    hooks.remove(boss, hook)
    with pytest.raises(NotFound):
        hooks.remove(boss, hook)
    entries = [each for each in product.audit.entries(boss, limit=8) if each.subject == hook]
    actions = ["webhook_added", "webhook_tested", "webhook_switched", "webhook_removed"]
    assert [each.action for each in reversed(entries)] == actions
    assert entries[-1].detail["host"] == "127.0.0.1"
    assert not any(word in str(entries) for word in ("s3cret", made.secret))


def test_what_cannot_be_told_is_refused(hooks, boss):
    for url in (
        "",
        "http://example.com/",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://0x7f.1/",
    ):
        with pytest.raises(AddressRefused):
            hooks.add(boss, url=url)
    with pytest.raises(Refused, match="resolver"):
        hooks.add(boss, url="https://nowhere.invalid/")
    with pytest.raises(Refused, match=", ".join(KINDS)):
        hooks.add(boss, url="http://127.0.0.1/", events=["ticket.eaten"])
    assert hooks.all(boss) == []


def test_the_server_keeps_sending(product, hooks, boss, taker, play):
    hooks.add(boss, url=taker.url)
    hooks.add(boss, url=f"{taker.url}/slow")

    async def scene():
        taker.answers.append(b"HTTP/1.1 503 Later\r\nRetry-After: 900\r\n\r\n")
        keeping = asyncio.create_task(hooks.keep(0.02))
        brought(product, "one")
        while sorted(one.last.status or 0 for one in hooks.all(boss)) != [204, 503]:
            await asyncio.sleep(0.02)
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping

    play(scene())
    states = sorted(one.last.state for one in hooks.all(boss))
    assert states == ["taken", "waiting"]
    with product.database.reading() as session:
        later = session.scalars(
            select(models.WebhookDelivery.due_at).where(models.WebhookDelivery.done_at.is_(None))
        ).one()
    assert later > datetime.now(UTC) + timedelta(minutes=10)


def test_the_person_who_added_it_may_leave(product, hooks, boss, taker, play):
    ada = agent(product.database, "Ada", ["admin"])
    made = hooks.add(ada, url=taker.url)
    with product.database.reading() as session:
        held = forgetting.rows(session, ada.id)
    assert made.secret not in str(held)
    play(product.privacy.forget(boss, ada))
    [left] = hooks.all(boss)
    assert (left.id, left.made_by) == (made.hook.id, "")


def test_waits_grow_up_to_an_hour():
    waits = [sending.wait_after(each).total_seconds() for each in range(1, 9)]
    assert waits == [5, 20, 80, 320, 1280, 3600, 3600, 3600]
