"""The demo shop's texts: enough of them, well formed, and tickets that their article answers."""

import json
import re
from collections import Counter
from pathlib import Path

import yaml

SHOP = Path(__file__).parents[3] / "chatbot" / "demo" / "shop"
ARTICLES = {path.stem: path.read_text("utf-8") for path in (SHOP / "articles").glob("*.md")}
HEADS = {slug: yaml.safe_load(text.split("---\n")[1]) for slug, text in ARTICLES.items()}
TICKETS = [json.loads(line) for line in (SHOP / "tickets.jsonl").read_text("utf-8").splitlines()]

MOODS = {"angry", "unhappy", "neutral", "content", "happy"}
CHANNELS = {"chat", "e-mail", "form"}
LANGUAGES = {"en", "de", "es"}

# Numbers that nobody can be called at: Germany's and Britain's for films and plays.
RESERVED = re.compile(r"030 23125 \d{3}|\+44 20 7946 0\d{3}")
TELEPHONE = re.compile(r"\+?\d[\d ]{8,}\d")
ADDRESS = re.compile(r"[\w.+-]+@([\w.-]+\w)")


def said(ticket):
    return [turn["text"] for turn in ticket["thread"]]


def test_there_are_enough_in_each_language():
    articles = Counter(head["language"] for head in HEADS.values())
    tickets = Counter(ticket["language"] for ticket in TICKETS)
    assert set(articles) == set(tickets) == LANGUAGES
    assert len(ARTICLES) >= 60
    assert min(articles.values()) >= 10
    assert len(TICKETS) >= 80
    assert min(tickets.values()) >= 15


def test_articles_are_well_formed():
    for slug, head in HEADS.items():
        assert set(head) == {"title", "tags", "language", "visibility"}, slug
        assert head["title"], slug
        assert head["tags"], slug
        assert head["visibility"] in ("public", "internal"), slug
        assert 20 <= len(ARTICLES[slug].split("---\n", 2)[2].split()) <= 200, slug
    assert 3 <= sum(head["visibility"] == "internal" for head in HEADS.values()) <= 10


def test_tickets_are_well_formed():
    fields = {"id", "subject", "name", "channel", "language", "mood", "article", "facts", "thread"}
    for ticket in TICKETS:
        assert set(ticket) == fields
        assert ticket["mood"] in MOODS
        assert ticket["channel"] in CHANNELS
        assert all([ticket["subject"], ticket["name"], *said(ticket)])
        assert {turn["role"] for turn in ticket["thread"]} <= {"customer", "agent"}
        assert ticket["thread"][-1]["role"] == "customer", "somebody waits for a reply"
    assert {ticket["mood"] for ticket in TICKETS} == MOODS
    assert {ticket["channel"] for ticket in TICKETS} == CHANNELS
    assert sum(len(ticket["thread"]) > 1 for ticket in TICKETS) >= 5


def test_no_two_are_alike():
    assert len({head["title"] for head in HEADS.values()}) == len(HEADS)
    assert len({ticket["id"] for ticket in TICKETS}) == len(TICKETS)
    assert len({ticket["subject"].lower() for ticket in TICKETS}) == len(TICKETS)
    texts = Counter(text for ticket in TICKETS for text in said(ticket))
    assert texts.most_common(1)[0][1] == 1


def test_facts_of_a_ticket_stand_in_its_article():
    for ticket in TICKETS:
        if ticket["article"] is None:
            assert not ticket["facts"]
            continue
        assert ticket["facts"], ticket["subject"]
        article = " ".join(ARTICLES[ticket["article"]].split())
        for fact in ticket["facts"]:
            assert fact in article, (ticket["subject"], fact)
        assert HEADS[ticket["article"]]["language"] == ticket["language"]
        assert HEADS[ticket["article"]]["visibility"] == "public"


def test_some_tickets_ask_what_no_article_answers():
    assert 3 <= sum(ticket["article"] is None for ticket in TICKETS) <= 12


def test_nobody_real_can_be_reached():
    for text in [*ARTICLES.values(), *(text for ticket in TICKETS for text in said(ticket))]:
        for number in TELEPHONE.findall(text):
            assert RESERVED.fullmatch(number), number
        for domain in ADDRESS.findall(text):
            assert domain == "example.com" or domain.endswith(".example.com")


def test_languages_agree_on_what_things_cost():
    """Every price of a translated article stands in an English one too, in its own spelling."""
    price = re.compile(r"€ ([\d.,]+\d)")
    known = {
        amount.replace(",", "")
        for slug, text in ARTICLES.items()
        if HEADS[slug]["language"] == "en"
        for amount in price.findall(text)
    }
    for slug, text in ARTICLES.items():
        if HEADS[slug]["language"] != "en":
            for amount in price.findall(text):
                assert amount.replace(".", "").replace(",", ".") in known, (slug, amount)
