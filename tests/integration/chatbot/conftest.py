"""A whole product on a migrated database with the scripted model, driven without a door."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.bootstrap import Product, build
from chatbot.settings import Settings
from prompts.sandbox import Sandbox
from store.engine import Database
from tests.support import authors
from tests.support.authors import Workroom
from tests.support.clock import Clock
from tests.support.house import House


def settings_for(database: Database, home: Path, **more: Any) -> Settings:
    """Settings of a product on this database that answers with the scripted model."""
    url = database.url.render_as_string(hide_password=False)
    values = {"home": home, "database_url": url, "model": "scripted", "person": "Iris"}
    # The public sets make attack suites long; tests that want them say so.
    return Settings(**{**values, "test_data": None, **more})


@pytest.fixture
def product(database: Database, tmp_path: Path) -> Iterator[Product]:
    product = build(settings_for(database, tmp_path))
    yield product
    product.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    return House(database, clock)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Processes that read and render prompts, for all tests of a module."""
    made = Sandbox()
    yield made
    made.close()


@pytest.fixture
def workroom(database: Database, sandbox: Sandbox) -> Workroom:
    """What authors work with, on each kind of database, with the built-in prompts."""
    return authors.workroom(database, sandbox)


@pytest.fixture
def play() -> Callable[[Awaitable[Any]], Any]:
    """Run a scene in an event loop of its own."""

    def run(scene: Awaitable[Any]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(scene, 60)

        return asyncio.run(bounded())

    return run
