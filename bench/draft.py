"""How good and how quick drafts are on the demo's shop: facts held, claims cited, first characters.

    python bench/draft.py [--model starter] [--tickets 82] [--show] [--picks] [--json]

Loads the 74 articles into a fresh home, drafts a reply to each of the shop's tickets by the path of
the desk, and prints the share of tickets whose draft holds all facts that it is expected to hold
(`facts` of chatbot/demo/shop/tickets.jsonl, to the letter, in any case), what is marked, and the
seconds from opening a ticket to the first characters. `--picks`: how many of the tickets have all
facts in the sentences that a model which only quotes is given. `--show` prints every draft.
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from _report import Report, median, options, percentile

from chatbot.analysis import Said
from chatbot.backends.cancel import CancelToken
from chatbot.backends.encoder import open_encoder
from chatbot.bootstrap import Product, build
from chatbot.demo.texts import SHOP, articles
from chatbot.drafting import Draft, quoting
from chatbot.drafting.asking import _sources_of, asked
from chatbot.settings import Settings

FIRST_S = 1.5
"""Most seconds until the first characters, at the 95th percentile."""
CHECK_MS = 20.0
"""Most milliseconds of a check while somebody types, at the 95th percentile."""

Ticket = dict[str, Any]


def thread_of(ticket: Ticket) -> list[Said]:
    """The thread as the desk reads it."""
    name = ticket["name"]
    return [
        Said(one["role"], one["text"], name if one["role"] == "customer" else "")
        for one in ticket["thread"]
    ]


async def drafted(product: Product, ticket: Ticket, model: str) -> tuple[Draft, float]:
    """A draft, and the seconds until its first characters were told."""
    began, first, ended = time.perf_counter(), 0.0, None
    pieces = product.drafting.draft(
        product.person(), thread_of(ticket), CancelToken(), subject=ticket["subject"], model=model
    )
    async with aclosing(pieces) as told:
        async for one in told:
            if one.text.strip() and not first:
                first = time.perf_counter() - began
            ended = one.ended or ended
    assert ended is not None
    return ended, first


def holds(text: str, ticket: Ticket) -> bool:
    """Whether a text has every fact that it is expected to have."""
    return all(fact.casefold() in text.casefold() for fact in ticket["facts"])


def picks(product: Product, tickets: list[Ticket], report: Report) -> None:
    """How many tickets have their facts in five sentences, by what a passage counts."""
    encoder = open_encoder(product.settings)
    weight = quoting.PASSAGE
    for tried in (0.0, weight):
        quoting.PASSAGE = tried
        held = 0
        for ticket in tickets:
            thread = asked(thread_of(ticket), ticket["subject"])
            hits = product.knowledge.search(
                thread.question, earlier=thread.searched, most=5, internal=True
            )
            sources = _sources_of(hits)
            found = quoting.ranked(encoder, thread.question, thread.hints, sources)
            chosen = quoting.chosen(found, 0)
            held += holds(" ".join(one.sentence.text for one in chosen), ticket)
        report.add(f"facts in the sentences, passage counts {tried:g}", held / len(tickets))
    quoting.PASSAGE = weight


def checked(product: Product, ticket: Ticket, draft: Draft) -> float:
    """Milliseconds of a processor that a check takes."""
    began = time.process_time()
    product.drafting.check(draft.text, thread_of(ticket), draft.sources)
    return (time.process_time() - began) * 1000


def measure(
    product: Product, tickets: list[Ticket], given: argparse.Namespace, report: Report
) -> None:
    """Draft for every ticket, and tell."""
    product.registry.open(product.registry.resolve(given.model).label)
    drafts: list[tuple[Ticket, Draft, float]] = []
    with asyncio.Runner() as runner:
        runner.run(drafted(product, tickets[0], given.model))  # encoder and prompts are read once
        for ticket in tickets:
            draft, first = runner.run(drafted(product, ticket, given.model))
            drafts.append((ticket, draft, first))
            if given.show:
                report.say(f"\n--- {ticket['id']} {ticket['thread'][-1]['text']}\n{draft.text}")
    for language in ("en", "de", "es"):
        asked_of = [(t, d) for t, d, _ in drafts if t["facts"] and t["language"] == language]
        if asked_of:
            share = sum(holds(d.text, t) for t, d in asked_of) / len(asked_of)
            report.add(f"all facts held, {language}", share, remark=f"{len(asked_of)} tickets")
    wanted = [(t, d) for t, d, _ in drafts if t["facts"]]
    report.add("all facts held", sum(holds(d.text, t) for t, d in wanted) / len(wanted))
    kinds = [mark.kind for _, draft, _ in drafts for mark in draft.marks]
    for kind in ("unsupported", "invented"):
        report.add(f"marked {kind}", kinds.count(kind) / len(drafts), "each")
    report.bound("first characters, 95 %", percentile([f for *_, f in drafts], 0.95), FIRST_S, "s")
    report.add("first characters, middle", median([first for *_, first in drafts]), "s")
    times = [checked(product, ticket, draft) for ticket, draft, _ in drafts]
    report.bound("a check, 95 %, of a processor", percentile(times, 0.95), CHECK_MS, "ms")


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--tickets", type=int, default=82, help="how many, from the first on")
    parser.add_argument("--show", action="store_true", help="print every draft")
    parser.add_argument("--picks", action="store_true", help="only look at what is picked")
    given = parser.parse_args()
    report = Report("draft", as_json=given.json)
    lines = (SHOP / "tickets.jsonl").read_text("utf-8").splitlines()
    tickets = [json.loads(line) for line in lines[: given.tickets]]
    with tempfile.TemporaryDirectory() as home:
        product = build(Settings(home=Path(home), workspace="Halden Lamps"))
        try:
            product.knowledge.add(product.person(), articles())
            product.knowledge.embed()
            if given.picks:
                picks(product, [one for one in tickets if one["facts"]], report)
            else:
                measure(product, tickets, given, report)
        finally:
            product.close()
    report.finish()


if __name__ == "__main__":
    main()
