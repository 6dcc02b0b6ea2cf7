"""The assembled application, without a socket: what its start and its end do."""

import asyncio

import pytest
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.scenes import ask


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted"))
    yield product
    product.close()


def test_the_server_removes_what_was_deleted_for_good(product):
    from ui.web import create_app

    def stored() -> int:
        with product.archive.main.reading() as session:
            return session.execute(text("SELECT count(*) FROM conversations")).scalar_one()

    async def scene() -> int:
        turn = await ask(product, "!say gone")
        product.conversations.delete(product.person(), turn.conversation)
        with product.archive.main.writing() as session:
            session.execute(text("UPDATE conversations SET deleted_at = '2020-01-01 00:00:00'"))
        app = create_app(product)
        async with app.router.lifespan_context(app):
            while await asyncio.to_thread(stored):
                await asyncio.sleep(0.01)
        return stored()

    assert asyncio.run(asyncio.wait_for(scene(), 60)) == 0
