"""The Chat page as a person uses it: what tests click, type and read, by roles and names."""

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    """One tab on the Chat page of a running server."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, path: str = "/") -> "ChatPage":
        """Go to an address of the server and wait until the page can be used."""
        self.page.goto(self.address + path)
        expect(self.page.get_by_role("button", name="Account: ")).to_be_visible(timeout=30_000)
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Message", exact=True)

    @property
    def questions(self) -> Locator:
        return self.page.get_by_role("article", name="Question")

    @property
    def answers(self) -> Locator:
        return self.page.get_by_role("article", name="Answer")

    @property
    def writing(self) -> Locator:
        return self.page.get_by_role("article", name="Answer, being written")

    @property
    def listed(self) -> Locator:
        return self.page.get_by_role("navigation", name="Conversation list").get_by_role("link")

    @property
    def conversation(self) -> str:
        """The id in the address."""
        return self.page.url.split("c=")[1].split("&")[0]

    def button(self, name: str, inside: Locator | None = None) -> Locator:
        return (inside or self.page).get_by_role("button", name=name, exact=True)

    def item(self, name: str) -> Locator:
        """An entry of the open menu."""
        return self.page.get_by_role("menuitem", name=name)

    def send(self, text: str) -> None:
        """Type a message and press Enter; the server has it when the box is empty."""
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.box).to_have_value("")

    def ask(self, text: str) -> Locator:
        """Send a message and wait for the whole answer, which is returned."""
        before = self.answers.count()
        self.send(text)
        expect(self.answers).to_have_count(before + 1)
        self.idle()
        return self.answers.last

    def idle(self) -> None:
        """Wait until nothing is being written."""
        log = self.page.get_by_role("log", name="Messages")
        expect(log).to_have_attribute("aria-busy", "false", timeout=20_000)
        expect(self.answers.last.get_by_role("button", name="Copy answer")).to_be_visible()

    def key(self, combination: str) -> None:
        """Press a key outside every field."""
        self.page.get_by_role("log", name="Messages").focus()
        self.page.keyboard.press(combination)
