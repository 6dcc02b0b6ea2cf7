"""A server with accounts, some people on it, and their browsers as HTTP clients.

alice, bob    chatters
rita          a reviewer
root          everything
"""

import re
from contextlib import contextmanager

import httpx

from chatbot.allowance import UNLIMITED
from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.browser import Site
from tests.support.over_http import Door

PASSWORD = "nine lamps in a row"
PEOPLE = {
    "alice": ("chatter",),
    "bob": ("chatter",),
    "rita": ("reviewer",),
    "root": ("chatter", "agent", "author", "reviewer", "admin"),
}


def product_of(home, **settings):
    """The product of a server's home, for what a test does behind its back. To be closed."""
    return build(Settings(home=home, model="scripted", auth="accounts", **settings))


def make_people(home):
    """The people above, in a new home."""
    product = product_of(home)
    try:
        # Many tests share these people, and how fast a machine is must not decide any of them.
        product.options.set(product.person(), UNLIMITED, 0)
        for login, roles in PEOPLE.items():
            product.accounts.add(
                product.person(), login=login, name=login.title(), roles=roles, password=PASSWORD
            )
    finally:
        product.close()


class Team(Site):
    """`chatbot serve` in `accounts` mode, with its people."""

    def __init__(self, folder, **environment):
        make_people(folder / "home")
        super().__init__(folder, CHATBOT_AUTH="accounts", **environment)

    def browser(self, **options):
        """A client in which nobody is logged in; it says where it comes from, as browsers do."""
        headers = {"origin": self.address, **options.pop("headers", {})}
        return httpx.Client(base_url=self.address, timeout=60, headers=headers, **options)

    @contextmanager
    def client(self, login, password=PASSWORD):
        """A client in which somebody is logged in."""
        with self.browser() as client:
            answer = log_in(client, login, password)
            assert answer.status_code == 303, answer.text
            yield client

    @contextmanager
    def door(self, login):
        """A tab of somebody's on the chat page."""
        with self.client(login) as client:
            yield Door(self.address, client)


def form_word(page):
    """The word that a page's form carries."""
    return re.search(r'name="form" value="([^"]+)"', page)[1]


def log_in(client, login, password=PASSWORD, to="/"):
    """Fill in the form."""
    word = form_word(client.get("/login", params={"next": to}).text)
    given = {"form": word, "name": login, "password": password, "next": to}
    return client.post("/login", data=given)
