"""What streaming costs in the page: updates that a browser sees, and what each one costs.

    python bench/page.py [--rounds 3] [--tokens 300] [--json]

A real Chromium looks at conversations of 2, 20 and 50 messages while the scripted model writes 100
tokens a second. Counted are changes of the answer's text, seconds of the server's processor and of
the page's main thread for each, and the time from Enter to the first text on the screen.
"""

import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from _report import Report, median, options
from _served import Server, served
from _talks import conversation
from playwright.sync_api import CDPSession, Page, expect, sync_playwright

from chatbot.bootstrap import build
from chatbot.settings import Settings

LENGTHS = (2, 20, 50)
RATE = 100
"""Tokens a second of the scripted model."""
MOST = 20.5
"""Updates a second that a page may get."""

WATCH = """() => {
  const told = window.told = {times: [], length: 0};
  const now = document.querySelector('#chat-now');
  new MutationObserver(() => {
    const text = now.textContent; // not innerText, which would lay the page out
    if (text.length === told.length || !text.includes('You wrote')) return;
    told.length = text.length;
    told.times.push(performance.now());
  }).observe(now, {subtree: true, childList: true, characterData: true});
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') told.sent = performance.now();
  }, {capture: true});
}"""


@dataclass
class Seen:
    """One answer as the browser saw it; seconds."""

    first: float
    rate: float
    server: float
    page: float


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=300)
    chosen = parser.parse_args()
    report = Report("page", as_json=chosen.json)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        report.say("No Chromium here: nothing to measure. Install Debian's chromium.")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        talks = _filled(Path(folder), chosen.rounds)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(Path(folder), "scripted") as server:
            _measure(report, server, browser.new_page(), talks, chosen.tokens)
        browser.close()
    report.finish()


def _filled(home: Path, rounds: int) -> dict[int, list[str]]:
    """For each length as many conversations as rounds; the answer measured makes it full."""
    product = build(Settings(home=home, model="scripted"))
    talks = {
        length: [conversation(product, length - 2) for _ in range(rounds + 1)] for length in LENGTHS
    }
    product.close()
    return talks


def _measure(
    report: Report, server: Server, page: Page, talks: dict[int, list[str]], tokens: int
) -> None:
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable")
    seen: dict[int, list[Seen]] = {length: [] for length in LENGTHS}
    for number in range(len(talks[LENGTHS[0]])):
        for length in LENGTHS:
            one = _answer(server, page, metrics, talks[length][number], tokens)
            if number:  # the first round warms up
                seen[length].append(one)
    for length, all_of_it in seen.items():
        name = f"{length} messages"
        report.bound(f"updates a second, {name}", median([one.rate for one in all_of_it]), MOST)
        report.add(
            f"server, {name}",
            median([one.server for one in all_of_it]) * 1000,
            "ms",
            "of its processor for an update",
        )
        report.add(
            f"page, {name}",
            median([one.page for one in all_of_it]) * 1000,
            "ms",
            "of its main thread for an update",
        )
        report.add(
            f"Enter to the first text, {name}, p50",
            median([one.first for one in all_of_it]) * 1000,
            "ms",
        )
    for kind in ("server", "page"):
        most, least = (median([getattr(one, kind) for one in seen[n]]) for n in (50, 2))
        report.add(f"{kind}, 50 messages / 2 messages", round(most / least, 2))


def _answer(server: Server, page: Page, metrics: CDPSession, talk: str, tokens: int) -> Seen:
    page.goto(f"{server.address}/?c={talk}")
    box = page.get_by_label("Message", exact=True)
    expect(box).to_be_visible(timeout=60_000)
    expect(page.get_by_role("log", name="Messages")).to_have_attribute("aria-busy", "false")
    time.sleep(1)  # whatever the page still does at its start is not counted
    page.evaluate(WATCH)
    box.fill(f"!tokens {tokens} !rate {RATE} measure")
    worked, busy = server.worked(), _busy(metrics)
    box.press("Enter")
    time.sleep(tokens / RATE)
    expect(page.get_by_role("log", name="Messages")).to_have_attribute(
        "aria-busy", "false", timeout=60_000
    )
    worked, busy = server.worked() - worked, _busy(metrics) - busy
    told = page.evaluate("window.told")
    times = told["times"]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return Seen(
        first=(times[0] - told["sent"]) / 1000,
        rate=1000 / median(gaps),
        server=worked / len(times),
        page=busy / len(times),
    )


def _busy(metrics: CDPSession) -> float:
    """Seconds that the page's main thread has worked."""
    told = metrics.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in told if one["name"] == "TaskDuration")


if __name__ == "__main__":
    main()
