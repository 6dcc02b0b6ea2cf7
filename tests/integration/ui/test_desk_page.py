"""The Desk page behind its scripts: roles, the queue, what is typed, what blocks, sending."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from chatbot.bootstrap import build
from chatbot.errors import NotAllowed
from chatbot.settings import Settings
from store import accounts
from store.columns import now
from store.models import OutgoingMail, Reply
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.desk_commands import DeskCommands
from ui.pages.frame import DESK
from ui.pages.prompts_runs import Runs

THREADS = [
    {
        "id": "1",
        "subject": "Cracked",
        "customer": "Maja",
        "email": "maja@example.com",
        "messages": ["!say It costs € 5. 😀"],
    },
    {"id": "2", "subject": "Cable", "customer": "Kofi", "messages": ["!say Three metres."]},
]
NONE = {"facts": [], "confirmed": [], "sources": {}, "draft": ""}


def lines(threads):
    """Threads as a file of JSON Lines."""
    rows = [
        one
        | {"channel": "email"}
        | {"messages": [{"role": "customer", "text": text} for text in one["messages"]]}
        for one in threads
    ]
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    product = build(Settings(home=home, model="scripted", scripted=True, encoder="none"))
    product.registry.open("scripted")
    yield product
    product.close()


@pytest.fixture(scope="module")
def ask(product):
    """One command of the page, as the local person."""
    call = calling(product, DeskCommands(product, Runs()), DESK.roles)
    with asyncio.Runner() as runner:
        yield lambda do, **data: runner.run(call({"do": do, **data}, None))


@pytest.fixture(scope="module")
def tickets(ask):
    """The tickets of a file that the page was given, by customer."""
    data = base64.b64encode(lines(THREADS)).decode()
    told = ask("bring", name="../../tickets.jsonl", data=data, modified=1000)
    assert told == {"text": "Tickets: 2 new.", "refused": []}
    found = ask("queue", which="all")
    return {row["customer"]: row["id"] for row in found["rows"]}


def written(ask, begun):
    """The whole text of a run, and its end."""
    text, beside, told = "", None, {"ended": None}
    while told["ended"] is None:
        told = ask("follow", work=begun["work"], have=len(text))
        assert "error" not in told, told
        text += told["text"]
        beside = told.get("beside", beside)
    return text, beside, told["ended"]


def test_page_tells_what_it_needs(ask, product):
    told = ask("start")
    assert told["people"] == [{"id": told["person"]["id"], "name": told["person"]["name"]}]
    assert told["model"] == "scripted@1" or told["model"].startswith("scripted")


def test_a_file_is_taken_in_once_and_named_by_us(ask, tickets):
    again = ask(
        "bring", name="t.jsonl", data=base64.b64encode(lines(THREADS)).decode(), modified=1000
    )
    assert again["text"] == "Tickets: 2 known already."
    assert "holds no tickets" in ask("bring", name="t.exe", data="", modified=0)["error"]
    assert "did not arrive whole" in ask("bring", name="t.csv", data="%%%", modified=0)["error"]
    assert len(tickets) == 2


def test_queue_narrows_and_counts(ask, tickets):
    found = ask("queue", which="all", text="cable")
    assert [row["customer"] for row in found["rows"]] == ["Kofi"]
    assert found["counts"]["all"] == 2
    assert ask("queue", which="all", assignee="none")["counts"]["mine"] == 0
    assert ask("queue", which="others")["error"] == NOT_UNDERSTOOD


def test_draft_is_written_kept_and_waits(ask, tickets):
    text, beside, ended = written(ask, ask("draft", ticket=tickets["Kofi"], facts=[]))
    assert text.strip() == ended["draft"]["text"] == "Three metres."
    assert beside == {"sources": []}
    assert ask("open", ticket=tickets["Kofi"])["ticket"]["draft"]["id"] == ended["draft"]["id"]
    told = ask("queue", ticket=tickets["Kofi"], typing=False, which="all")
    assert {row["draft"] for row in told["rows"]} == {
        "",
        "needs an article that answers this",
    }
    assert told["others"] == []


def test_a_text_is_kept_with_what_blocks_it(ask, tickets):
    ticket = tickets["Maja"]
    text = "😀 It costs € 777 on [[day]]."
    version = ask("open", ticket=ticket)["ticket"]["work"]["version"]
    told = ask("keep", ticket=ticket, text=text, version=version, **NONE)
    assert {(one["kind"], one["text"]) for one in told["blocking"]} == {
        ("invented", "€ 777"),
        ("unfilled", "[[day]]"),
    }
    [mark] = [one for one in told["blocking"] if one["kind"] == "unfilled"]
    assert text[mark["start"] : mark["end"]] == "[[day]]"
    again = ask("keep", ticket=ticket, text="other", version=version, **NONE)
    assert (again["code"], again["theirs"]) == ("text_conflict", text)
    assert ask("open", ticket=ticket)["ticket"]["work"]["text"] == text


def test_what_blocks_is_not_sent_and_what_is_sent_comes_back(ask, tickets):
    ticket = tickets["Maja"]
    opened = ask("open", ticket=ticket)["ticket"]
    given = {"ticket": ticket, "seconds": 3, "how": "reply", "version": opened["work"]["version"]}
    given |= NONE | {"seen": opened["messages"][-1]["id"]}
    refused = ask("send", text="It costs € 777.", **given)
    assert refused["code"] == "reply_blocked"
    assert [one["text"] for one in refused["marks"]] == ["€ 777"]
    sent = ask("send", text="It costs € 777.", **given | {"confirmed": ["€ 777"]})
    assert "error" not in sent, sent
    assert 0 < sent["undo_s"] <= 10
    assert ask("explain", reply=sent["sending"], reason="tone") == {}
    assert ask("unsend", sending=sent["sending"])["text"] == "It costs € 777."
    assert ask("open", ticket=ticket)["ticket"]["work"]["text"] == "It costs € 777."


def test_changes_are_words(ask):
    told = ask("changes", before="It costs three.", after="It costs four today.")
    kinds = [kind for kind, _, _ in told["tokens"]]
    assert {"same", "del", "ins"} == set(kinds)
    assert "".join(text for kind, text, _ in told["tokens"] if kind != "ins") == "It costs three."


def test_rework_and_refine_end_with_the_whole_text(ask, tickets):
    begun = ask("rework", ticket=tickets["Kofi"], text="All is well.", selection=[], want="formal")
    assert "All is well." in written(ask, begun)[2]["text"]
    how = {"instruction": "kinder", "sources": {}, "facts": []}
    begun = ask("refine", ticket=tickets["Kofi"], text="All is well.", **how)
    assert "note" in written(ask, begun)[2]
    assert ask("leaving", ticket=tickets["Kofi"], model="", facts=[])["leaves"] is False
    assert ask("stop", work="0" * 32)["code"] == "not_found"


def test_macros_know_the_ticket(ask, tickets):
    told = ask("save_macro", name="hi", title="Greets", text="Hi [[customer]], [[day:date]].")
    assert [one["name"] for one in told["macro"]["variables"]] == ["day"]
    filled = ask("fill", ticket=tickets["Kofi"], name="hi", values={})
    assert filled == {"text": "Hi Kofi, [[day]]."}
    assert ask("fill", ticket=tickets["Kofi"], name="gone", values={})["code"] == "not_found"
    ask("remove_macro", name="hi")
    assert ask("macros") == {"macros": []}


def test_tickets_are_assigned_closed_merged_and_exported(ask, tickets):
    kofi = tickets["Kofi"]
    ask("assign", ticket=kofi, whom="me")
    assert kofi in {row["id"] for row in ask("queue", which="mine")["rows"]}
    ask("close_ticket", ticket=kofi)
    assert kofi not in {row["id"] for row in ask("queue", which="all")["rows"]}
    ask("reopen", ticket=kofi)
    name, text = ask("export", ticket=kofi).values()
    assert name.endswith(".md")
    assert "Three metres." in text
    assert ask("merge", ticket=kofi, into="4711")["code"] == "not_found"
    number = str(ask("open", ticket=tickets["Maja"])["ticket"]["number"])
    assert ask("merge", ticket=kofi, into=number)["ticket"] == tickets["Maja"]
    said = ask("open", ticket=tickets["Maja"])["ticket"]["messages"]
    assert len(said) == 2
    card = ask("card", ticket=tickets["Maja"])
    assert len(card["entities"]) == len(said)


def test_colleagues_see_each_other(ask, product, tickets):
    lea = product.accounts.add(
        product.person(), login="lea", name="Lea", roles=("agent",), password="nine lamps 9"
    )
    with product.archive.main.reading() as session:
        person = accounts.account(session, lea.id).person
    there = DeskCommands(product, Runs())
    [me] = there.queue(person, ticket=tickets["Maja"], typing=True, which="all")["others"]
    assert me["id"] == ask("start")["person"]["id"]
    [other] = ask("queue", ticket=tickets["Maja"], typing=False, which="all")["others"]
    assert (other["name"], other["typing"]) == ("Lea", True)
    there.away(person, ticket=tickets["Maja"])
    assert ask("queue", ticket=tickets["Maja"], typing=False, which="all")["others"] == []


def failed(product, reply):
    """Let the mail of a reply have failed."""
    with product.archive.main.writing() as session:
        mine = select(Reply.id).where(Reply.public_id == reply).scalar_subquery()
        lost = {"state": "failed", "error": "550 no such person"}
        session.execute(update(OutgoingMail).where(OutgoingMail.reply_id == mine).values(lost))


def test_a_mail_that_failed_is_decided_by_a_person(ask, product, tickets):
    ticket = tickets["Maja"]
    opened = ask("open", ticket=ticket)["ticket"]
    given = NONE | {"seen": opened["messages"][-1]["id"], "version": opened["work"]["version"]}
    sent = ask("send", ticket=ticket, text="Hello Maja.", seconds=1, how="reply", **given)
    with product.archive.main.writing() as session:
        session.execute(update(Reply).values(due_at=now() - timedelta(minutes=1)))
    assert product.desk.send_due() == 1
    waits = ask("open", ticket=ticket)["ticket"]["messages"][-1]
    assert "no server for outgoing mail" in waits["problem"]
    assert waits["settle"] == ""
    assert ask("settle", reply=sent["sending"], again=True)["code"] == "conflict"
    failed(product, sent["sending"])
    lost = ask("open", ticket=ticket)["ticket"]["messages"][-1]
    assert (lost["settle"], lost["problem"]) == (sent["sending"], "550 no such person")
    assert ask("settle", reply=lost["settle"], again=False) == {}
    arrived = ask("open", ticket=ticket)["ticket"]["messages"][-1]
    assert (arrived["settle"], arrived["delivery"], arrived["problem"]) == ("", "mail sent", "")


def test_a_ticket_that_is_not_there(ask):
    for do in ("open", "card", "away", "close_ticket", "reopen", "export"):
        assert ask(do, ticket="0" * 32)["code"] == "not_found", do


def test_chatters_are_refused_by_the_services_too(product, tickets):
    chatter = product.accounts.add(
        product.person(), login="eve", name="Eve", roles=("chatter",), password="nine lamps 9"
    )
    with product.archive.main.reading() as session:
        person = accounts.account(session, chatter.id).person
    commands = DeskCommands(product, Runs())
    for run in (
        lambda: commands.queue(person, which="all"),
        lambda: commands.open(person, ticket=tickets["Maja"]),
        lambda: commands.macros(person),
        lambda: commands.settle(person, reply="0" * 32, again=True),
    ):
        with pytest.raises(NotAllowed):
            run()
