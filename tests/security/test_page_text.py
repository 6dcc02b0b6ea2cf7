"""Hostile text of people and models on the Chat page: it is shown, it runs and loads nothing.

Messages, titles, search hits, traces and exported files hold the public payloads and some of our
own, which point to a canary: a server on another port that must never be asked for anything.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip .[test]")

from playwright.sync_api import Error, expect  # noqa: E402

from chatbot.bootstrap import build  # noqa: E402
from chatbot.settings import Settings  # noqa: E402
from tests.support import corpora  # noqa: E402
from tests.support.browser import WAIT_MS, Site, opened  # noqa: E402
from tests.support.canary import Canary  # noqa: E402
from tests.support.watching import Watched, ours  # noqa: E402

pytestmark = pytest.mark.browser
REGIONS = "#chat-scroll *, #chat-side *, #chat-head *, dialog *, [role=alert] *"
SAMPLE = 16
"""Payloads of each file in `make test`; `make test-all` takes them all."""
PER_CONVERSATION = 40
TITLES = 25
"""Conversations of a single payload, which is their title too."""
WORDS = ("alert", "script", "img", "onerror", "svg", "javascript")


async def talked(product, texts, first):
    """A conversation whose questions and answers are these texts, named by the first."""
    conversation = None
    for number, text in enumerate(texts, first):
        turn = await product.chat.start_turn(
            product.person(), conversation, f"!say {text}", f"key {number}"
        )
        await turn.finished()
        conversation = turn.conversation
    await asyncio.to_thread(product.conversations.rename, product.person(), conversation, texts[0])
    return conversation


def fill(home, texts, titles):
    """Store conversations of these texts, then one for each title; ids and texts of the former."""

    async def scene(product):
        starts = range(0, len(texts), PER_CONVERSATION)
        parts = [(texts[start : start + PER_CONVERSATION], start) for start in starts]
        found = [(await talked(product, *part), part[0]) for part in parts]
        for number, title in enumerate(titles, len(texts)):
            await talked(product, [title], number)
        return found

    product = build(Settings(home=home, model="scripted"))
    try:
        with ThreadPoolExecutor(1) as beside:  # in this thread runs the loop of Playwright
            return beside.submit(asyncio.run, scene(product)).result()
    finally:
        product.close()


@pytest.fixture(scope="module")
def canary():
    with Canary() as canary:
        yield canary


@pytest.fixture(autouse=True)
def nobody_asked(canary):
    yield
    assert canary.asked == []


def filled(folder, canary, public):
    (folder / "home").mkdir(parents=True)
    texts = [*ours(canary.address), *public]
    found = fill(folder / "home", texts, texts[:: max(1, len(texts) // TITLES)])
    return Site(folder), found


@pytest.fixture(scope="module")
def sampled(tmp_path_factory, canary, public_data):
    public = corpora.hostile(public_data, SAMPLE)
    site, found = filled(tmp_path_factory.mktemp("xss"), canary, public)
    yield site, found
    site.stop()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, canary, public_data):
    site, found = filled(tmp_path_factory.mktemp("all"), canary, corpora.hostile(public_data))
    yield site, found
    site.stop()


@pytest.fixture
def watched(sampled, context):
    tab = Watched(context, sampled[0].address)
    tab.chat = opened(tab.page, sampled[0].address)
    return tab


def shown(watched, conversation):
    watched.chat.open(f"/?c={conversation}")
    watched.chat.idle()
    return watched.look(REGIONS)


def squeezed(text):
    return " ".join(text.split())


def test_the_watch_itself_sees(context):
    with Canary() as canary:  # its own, for this one is asked
        watched = Watched(context, "http://127.0.0.1:1")
        image = f"<img src='http://{canary.address}/seen' onerror='alert(1)'>"
        watched.page.goto(f"data:text/html,<div id='chat-scroll'>{image}</div>")
        wrong = watched.look(REGIONS)
        httpx.get(f"http://{canary.address}/direct", trust_env=False)

        assert ["alert", "1"] in wrong
        assert "IMG onerror" in wrong
        assert any("/seen" in str(what) for what in wrong)
        assert b"GET /direct HTTP/1.1\r\n" in canary.asked


def test_sampled_payloads_run_and_load_nothing(sampled, watched):
    for conversation, _ in sampled[1]:
        assert shown(watched, conversation) == []


def test_questions_can_be_read_as_they_were_typed(sampled, watched):
    for conversation, texts in sampled[1]:
        watched.chat.open(f"/?c={conversation}")
        watched.chat.idle()
        read = [squeezed(text) for text in watched.chat.questions.all_inner_texts()]
        typed = [squeezed(f"!say {text}") for text in texts][-len(read) :]
        assert len(read) >= 20
        for there, text in zip(read, typed, strict=True):
            assert text in there


def test_titles_run_and_load_nothing(watched):
    expect(watched.chat.listed.nth(TITLES)).to_be_visible()
    for item in watched.chat.listed.all()[: TITLES : TITLES // 5]:
        item.click()
        expect(watched.chat.answers).to_have_count(1)
        assert watched.look(REGIONS) == []


def test_links_to_scripts_are_dead(sampled, watched):
    watched.chat.open(f"/?c={sampled[1][0][0]}")
    watched.chat.idle()
    for link in watched.page.get_by_text("click", exact=True).all():
        link.click(no_wait_after=True)
    assert watched.look(REGIONS) == []
    assert watched.page.url.startswith(watched.address)


def test_search_hits_are_text(watched):
    watched.page.keyboard.press("Control+k")
    field = watched.page.get_by_label("Search", exact=True)
    for word in WORDS:
        field.fill(word)
        expect(watched.page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
        assert watched.look(REGIONS) == []


def test_traces_are_text(sampled, watched):
    for conversation, _ in sampled[1][:2]:
        watched.chat.open(f"/?c={conversation}")
        watched.chat.idle()
        watched.chat.button("More for this answer", watched.chat.answers.last).click()
        watched.chat.item("Trace").click()
        expect(watched.page.get_by_role("dialog")).to_contain_text("exactly so")
        assert watched.look(REGIONS) == []


def test_better_answers_and_errors_are_text(sampled, watched):
    """What a person writes into fields, and what comes back from the server beside them."""
    watched.chat.open("/?c=<img src=x onerror=alert(1)>")
    expect(watched.page.get_by_role("alert").first).to_be_visible()
    assert watched.look(REGIONS) == []


def test_exports_open_as_text(sampled, context, canary, tmp_path):
    site, found = sampled
    product = build(Settings(home=site.home, model="scripted"))
    watched = Watched(context, "file://")
    for conversation, texts in found[:3]:
        for form in ("markdown", "json"):
            name, text = product.conversations.export(product.person(), conversation, form)
            for end in ("", ".txt"):
                path = tmp_path / f"{name}{end}"
                path.write_text(text, "utf-8")
                try:
                    watched.page.goto(path.as_uri())
                except Error:  # this browser keeps such a file and does not show it
                    assert end == ""
                    continue
                assert watched.look("body *") == []
                assert squeezed(texts[-1])[:20] in squeezed(
                    watched.page.inner_text("body").replace('\\"', '"').replace("\\\\", "\\")
                )
    product.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_payloads_run_and_load_nothing(whole, context):
    site, found = whole
    watched = Watched(context, site.address)
    watched.chat = opened(watched.page, site.address)
    expect.set_options(timeout=60_000)  # it takes a while, and others use the machine meanwhile
    try:
        for conversation, _ in found:
            assert shown(watched, conversation) == []
    finally:
        expect.set_options(timeout=WAIT_MS)
