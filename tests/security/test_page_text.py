"""Hostile text of people and models on the Chat page: it is shown, it runs and loads nothing.

Messages, titles, search hits and traces hold the public payloads and some of our own, which point
to a canary: a server on another port that must never be asked for anything.
"""

import asyncio
import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.browser import Site, opened

FILES = ("owasp_filter_evasion", "dompurify_expect", "payloadbox", "payloadsallthethings")
SAMPLE = 40
"""Payloads of each file in `make test`; `make test-all` takes them all."""
PER_CONVERSATION = 40
TITLES = 40
"""Conversations of a single payload, which is their title too."""
LONGEST = 4000

OURS = (
    "![x](http://{canary}/image.png)",
    "![x][ref]\n\n[ref]: http://{canary}/reference.png",
    '<img src="http://{canary}/img.png">',
    "<img srcset='http://{canary}/set.png 2x'>",
    '<link rel="prefetch" href="http://{canary}/prefetch">',
    '<style>@import "http://{canary}/style.css";</style>',
    '<div style="background:url(http://{canary}/background.png)">x</div>',
    '<svg><image href="http://{canary}/svg.png"/></svg>',
    '<video poster="http://{canary}/poster.png" src="http://{canary}/v.mp4" autoplay></video>',
    '<iframe src="http://{canary}/frame"></iframe>',
    '<object data="http://{canary}/object"></object>',
    '<form action="http://{canary}/form"><button autofocus onfocus=alert(1)>x</button></form>',
    '<meta http-equiv="refresh" content="0;url=http://{canary}/refresh">',
    '<base href="http://{canary}/">',
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[click](vbscript:msgbox(1))",
    "<details open ontoggle=alert(1)>x</details>",
    "```html\n<script>alert(1)</script>\n```",
    "| a |\n|-|\n| <img src=x onerror=alert(1)> |",
    "`<img src=x onerror=alert(1)>` {{{{ 7*7 }}}} ${{alert(1)}}",
)

WATCH = """
window.ran = [];
for (const name of ['alert', 'prompt', 'confirm', 'print']) {
  window[name] = (...given) => { window.ran.push([name, String(given)]); };
}
"""

STIR = """() => {
  for (const element of document.querySelectorAll('#chat-scroll *, #chat-side *, dialog *')) {
    for (const kind of ['mouseover', 'mouseenter', 'focus', 'pointerover', 'animationend'])
      element.dispatchEvent(new Event(kind, {bubbles: kind !== 'focus'}));
  }
}"""

FOUND = """() => {
  const wrong = [];
  for (const element of document.querySelectorAll('#chat-scroll *, #chat-side *, dialog *')) {
    if (['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'LINK', 'META', 'BASE', 'FORM', 'STYLE']
        .includes(element.tagName)) wrong.push(element.tagName);
    for (const {name, value} of element.attributes) {
      if (name.startsWith('on')) wrong.push(`${element.tagName} ${name}`);
      if (/^\\s*(javascript|vbscript|data:text)/i.test(value) && ['href', 'src'].includes(name))
        wrong.push(`${name}=${value}`);
    }
  }
  return wrong;
}"""


class Canary:
    """Counts what anybody asks it for."""

    def __init__(self):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self):
                asked.append(self.rfile.readline())
                self.close_connection = True

            def log_message(self, *args):
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def payloads(folder, most):
    """Public payloads, evenly taken from each file."""
    for name in FILES:
        # Bytes, and not splitlines: payloads hold other signs that pass for the end of a line.
        lines = (folder / "xss_markdown" / f"{name}.jsonl").read_bytes().strip().split(b"\n")
        step = max(1, len(lines) // most) if most else 1
        for raw in lines[::step]:
            text = raw.decode()
            # One public record is broken over two lines; its parts are payloads as they are.
            with suppress(json.JSONDecodeError):
                text = json.loads(raw)["payload"]
            yield text


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
    """Store conversations of these texts, then one for each title; ids of the former."""

    async def scene(product):
        starts = range(0, len(texts), PER_CONVERSATION)
        parts = [(texts[start : start + PER_CONVERSATION], start) for start in starts]
        found = [await talked(product, *part) for part in parts]
        for number, title in enumerate(titles, len(texts)):
            await talked(product, [title], number)
        return found

    product = build(Settings(home=home, model="scripted"))
    try:
        return asyncio.run(scene(product))
    finally:
        product.close()


def usable(text):
    return bool(text.strip()) and len(text) < LONGEST and "\0" not in text


@pytest.fixture(scope="module")
def canary():
    canary = Canary()
    yield canary
    canary.close()


def filled(folder, canary, public):
    ours = [text.format(canary=canary.address) for text in OURS]
    (folder / "home").mkdir(parents=True)
    texts = [*ours, *filter(usable, public)]
    found = fill(folder / "home", texts, texts[:: max(1, len(texts) // TITLES)])
    return Site(folder), found


@pytest.fixture(scope="module")
def sampled(tmp_path_factory, canary, public_data):
    site, found = filled(tmp_path_factory.mktemp("xss"), canary, payloads(public_data, SAMPLE))
    yield site, found
    site.stop()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, canary, public_data):
    site, found = filled(tmp_path_factory.mktemp("all"), canary, payloads(public_data, 0))
    yield site, found
    site.stop()


class Watched:
    """A tab in which everything that runs or leaves the origin is written down."""

    def __init__(self, context, site):
        context.add_init_script(WATCH)
        page = context.new_page()
        self.wrong = []
        page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        page.on("popup", lambda popup: self.wrong.append(f"opened {popup.url}"))
        page.on("request", lambda request: self._leave(request.url, site.address))
        self.tab = opened(page, site.address)
        self.page = page

    def _leave(self, url, address):
        if not url.startswith((address, "data:", "blob:")):
            self.wrong.append(f"asked for {url}")

    def look(self):
        """Stir everything that is shown, then collect what happened."""
        self.page.wait_for_timeout(300)
        self.page.evaluate(STIR)
        self.page.wait_for_timeout(100)
        self.wrong += self.page.evaluate("window.ran")
        self.wrong += self.page.evaluate(FOUND)
        return self.wrong


def shown(watched, conversation):
    watched.tab.open(f"/?c={conversation}")
    watched.tab.idle()
    return watched.look()


def test_the_watch_itself_sees(sampled, context):
    canary = Canary()  # its own, for the browser may keep a connection to it open
    watched = Watched(context, sampled[0])
    image = f"<img src='http://{canary.address}/seen' onerror='alert(1)'>"
    watched.page.goto(f"data:text/html,<div id='chat-scroll'>{image}</div>")
    wrong = watched.look()

    assert ["alert", "1"] in wrong
    assert "IMG onerror" in wrong
    assert any("/seen" in str(what) for what in wrong)
    with socket.create_connection(canary.address.split(":")) as asking:
        asking.sendall(b"GET /direct HTTP/1.1\r\n")
        assert asking.recv(1) == b""
    canary.close()
    assert b"GET /direct HTTP/1.1\r\n" in canary.asked


def test_sampled_payloads_run_and_load_nothing(sampled, context, canary):
    site, found = sampled
    watched = Watched(context, site)

    for conversation in found:
        assert shown(watched, conversation) == []
    assert canary.asked == []


def test_titles_run_and_load_nothing(sampled, context, canary):
    watched = Watched(context, sampled[0])
    expect(watched.tab.listed.nth(TITLES)).to_be_visible()

    for item in watched.tab.listed.all()[: TITLES : TITLES // 5]:
        item.click()
        expect(watched.tab.answers).to_have_count(1)
        assert watched.look() == []
    assert canary.asked == []


def test_links_to_scripts_are_dead(sampled, context, canary):
    site, found = sampled
    watched = Watched(context, site)
    watched.tab.open(f"/?c={found[0]}")
    watched.tab.idle()

    for link in watched.page.get_by_text("click", exact=True).all():
        link.click(no_wait_after=True)
    assert watched.look() == []
    assert watched.page.url.startswith(site.address)


def test_search_hits_and_traces_are_text(sampled, context, canary):
    site, found = sampled
    watched = Watched(context, site)
    watched.page.keyboard.press("Control+k")
    watched.page.keyboard.type("alert")
    watched.page.wait_for_timeout(800)
    assert watched.look() == []

    watched.tab.open(f"/?c={found[0]}")
    watched.tab.idle()
    watched.tab.button("More for this answer", watched.tab.answers.last).click()
    watched.tab.item("Trace").click()
    assert watched.look() == []
    assert canary.asked == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_payloads_run_and_load_nothing(whole, context, canary):
    site, found = whole
    watched = Watched(context, site)

    for conversation in found:
        assert shown(watched, conversation) == []
    assert canary.asked == []
