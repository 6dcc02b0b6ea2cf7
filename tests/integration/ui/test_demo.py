"""The demo's shop by its pages' carrier: offered where nothing is, and all of it goes again."""

import asyncio

import pytest

from chatbot.bootstrap import build
from chatbot.errors import NotAllowed
from chatbot.settings import Settings
from store import accounts
from ui.pages.commands import calling
from ui.pages.demo import ROLES, DemoCommands
from ui.pages.works import Works


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    product = build(Settings(home=home, model="scripted", scripted=True, encoder="none"))
    yield product
    product.close()


@pytest.fixture
def works():
    works = Works()
    yield works
    works.close()


def test_offered_where_nothing_is_then_put_in_and_taken_out(product, works):
    call = calling(product, DemoCommands(product, works), ROLES)

    async def walk():
        assert await call({"do": "facts"}, None) == {"wanted": True, "loaded": False}
        work = (await call({"do": "load"}, None))["work"]
        told, seen = {}, set()
        while "result" not in told:
            told = await call({"do": "follow", "work": work}, None)
            seen.add(told.get("running", {}).get("of"))
        assert 156 in seen, "74 articles and 82 tickets are counted on the way"
        assert await call({"do": "facts"}, None) == {"wanted": False, "loaded": True}
        assert product.knowledge.state().articles == 74
        assert await call({"do": "clear"}, None) == {}
        assert await call({"do": "facts"}, None) == {"wanted": True, "loaded": False}
        assert product.knowledge.state().articles == 0

    asyncio.run(walk())


def test_the_service_asks_for_the_role_too(product, works):
    author = product.accounts.add(
        product.person(), login="ann", name="Ann", roles=("author",), password="nine lamps 9"
    )
    with product.archive.main.reading() as session:
        person = accounts.account(session, author.id).person
    demo = DemoCommands(product, works)
    assert demo.facts(person)["wanted"] is False
    with pytest.raises(NotAllowed):
        demo.clear(person)
