"""A browser tab in which everything that runs, or that leaves the server, is written down."""

from typing import Any

from playwright.sync_api import BrowserContext, Page, Request

WATCH = """
window.ran = [];
for (const name of ['alert', 'prompt', 'confirm', 'print']) {
  window[name] = (...given) => { window.ran.push([name, String(given)]); };
}
"""
STIR = """(regions) => {
  for (const element of document.querySelectorAll(regions)) {
    for (const kind of ['mouseover', 'mouseenter', 'focus', 'pointerover', 'animationend'])
      element.dispatchEvent(new Event(kind, {bubbles: kind !== 'focus'}));
  }
}"""
FOUND = """(regions) => {
  const wrong = [];
  for (const element of document.querySelectorAll(regions)) {
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
"""Payloads of our own. Most lead to a canary, whose address is filled in."""


def ours(canary: str) -> list[str]:
    """Our payloads for a canary (host and port)."""
    return [text.format(canary=canary) for text in OURS]


class Watched:
    """A tab. `wrong` fills with what ran, opened or was asked for off the server at `address`."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_navigation_timeout(60_000)
        self.wrong: list[Any] = []
        self.address = address
        self.page: Page = page
        page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        page.on("popup", lambda popup: self.wrong.append(f"opened {popup.url}"))
        page.on("pageerror", lambda error: self.wrong.append(f"broke: {error}"))
        page.on("request", self._ask)

    def _ask(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"asked for {request.url}")

    def look(self, regions: str) -> list[Any]:
        """Stir everything that is shown in these places, then tell what happened so far."""
        self.page.wait_for_timeout(300)
        self.page.evaluate(STIR, regions)
        self.page.wait_for_timeout(100)
        self.wrong += self.page.evaluate("window.ran")
        self.wrong += self.page.evaluate(FOUND, regions)
        return self.wrong
