"""A running server with the scripted model, and tabs of a real Chromium on it."""

import re
import shutil
import signal
import subprocess

import psutil
import pytest

from tests.support.shell import COMMAND, Shell

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

LEAVES_WITHIN = 60
"""Seconds after its drain in which a server is gone, also on a busy machine."""

WAIT_MS = 20_000
"""Milliseconds that a page may take for what is expected of it, on a busy machine too."""


class Site:
    """`chatbot serve` in a process of its own, with a home of its own."""

    def __init__(self, folder, **environment):
        self.home = folder / "home"
        self._environment = {"CHATBOT_DRAIN_SECONDS": "1"} | environment
        self._leaves_within = float(self._environment["CHATBOT_DRAIN_SECONDS"]) + LEAVES_WITHIN
        self._errors = folder / "server.log"
        self._start("0")
        line = self._process.stdout.readline()
        self.address = re.search(r"http://[^\s/]+", line + self.log)[0]

    @property
    def log(self):
        """What the server has written to standard error."""
        return self._errors.read_text("utf-8")

    @property
    def memory(self):
        """Resident bytes of the server's process."""
        return psutil.Process(self._process.pid).memory_info().rss

    def _start(self, port):
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "--port", port],
                env=Shell(self.home).environment(**self._environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def kill(self):
        """End the process at once, as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def again(self):
        """Start it once more at the same address; returns when it listens."""
        self._start(self.address.rsplit(":", 1)[1])
        self._process.stdout.readline()

    def signal(self):
        """Ask it to stop; returns at once."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self):
        """Wait until it has stopped by itself."""
        assert self._process.wait(self._leaves_within) == 0
        self._process.stdout.close()

    def stop(self):
        """Ask it to stop, and see to it that it did."""
        self.signal()
        try:
            self._process.wait(self._leaves_within)
        finally:
            self.kill()


def opened(page, address, path="/"):
    """The Chat page in this tab. Playwright may be missing: then no test comes here."""
    from tests.support.chat_page import ChatPage

    return ChatPage(page, address).open(path)


@pytest.fixture(scope="module")
def chromium():
    """A browser, or a skip that says why not.

    For a module and no longer: while Playwright runs, so does its event loop, and the next tests
    of this worker could not run one of their own.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip .[test]")
    playwright.expect.set_options(timeout=WAIT_MS)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def patience():
    """Longer waits, for tests that open a page anew each: that takes a while on a busy machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip .[test]")
    playwright.expect.set_options(timeout=60_000)
    yield
    playwright.expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The server that the tests of this worker share; each test begins its own conversations."""
    server = Site(tmp_path_factory.mktemp("site"))
    yield server
    server.stop()


@pytest.fixture
def context(chromium):
    """A browser profile of its own: English, 1280 pixels wide, may use the clipboard."""
    made = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 860})
    made.set_default_timeout(15_000)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


def note_problems(page, problems):
    """Put every script error, dialog and failed request of a page into the list."""
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on(
        "response",
        lambda answer: answer.status >= 400 and problems.append(f"{answer.status} {answer.url}"),
    )


@pytest.fixture
def tab(site, context):
    """The Chat page, open and empty. A script error or a failed request fails the test."""
    page = context.new_page()
    problems = []
    note_problems(page, problems)
    yield opened(page, site.address)
    assert problems == []


@pytest.fixture
def phone(site, chromium):
    """The Chat page on a telephone: 390 pixels, touch."""
    made = chromium.new_context(
        locale="en-US",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    yield opened(made.new_page(), site.address)
    made.close()
