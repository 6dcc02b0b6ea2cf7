"""docs/security.md lists every route of the running application, and the guard does as it says."""

import asyncio
import re
from pathlib import Path

import pytest
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.security.test_headers import filled, routes
from tests.support.team import product_of
from ui.pages.frame import PAGES
from ui.routes import LOGIN_ROUTES, ROUTES, find
from ui.web import create_app

DOCS = Path(__file__).parents[2] / "docs" / "security.md"
ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \| ([a-z ]+) \| (.*) \|$", re.MULTILINE)


def documented():
    """{(method, path): (who, note)} of the table."""
    rows = ROW.findall(DOCS.read_text("utf-8"))
    return {
        (method, path): (who, note)
        for path, methods, who, note in rows
        for method in methods.split(", ")
    }


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """{(method, path)} of the application, folders of files included."""
    product = product_of(tmp_path_factory.mktemp("routes"))

    async def made():
        return create_app(product)

    app = asyncio.run(made())
    product.close()
    folders = {
        (method, re.sub(r"/[0-9a-f]{12}$", "", one.path) + "/{path:path}")
        for one in app.routes
        if isinstance(one, Mount) and isinstance(one.app, StaticFiles)
        for method in ("GET", "HEAD")
    }
    return folders | {(method, path.rstrip("/") or "/") for method, path in routes(app)}


def test_the_table_lists_every_route_of_the_application(known):
    table = set(documented())
    assert known - table == set(), "routes without a decision in docs/security.md"
    assert table - known == set(), "routes that are not there any more"


def test_the_guard_does_as_the_table_says():
    wrong = {}
    for (method, path), (who, note) in documented().items():
        route = find(ROUTES + LOGIN_ROUTES, method, filled(path))
        does = "closed" if route is None else route.who
        if does != who or (route in LOGIN_ROUTES) != note.startswith("in `accounts` only"):
            wrong[method, path] = (does, who, note)
    assert wrong == {}


def test_the_guard_answers_nothing_that_the_table_lacks():
    table = documented()
    answered = {(method, one.path) for one in ROUTES + LOGIN_ROUTES for method in one.methods}
    assert answered <= set(table)


def test_the_table_names_the_roles_of_pages():
    table = documented()
    for page in PAGES:
        _, note = table["GET", page.path]
        names = set(re.findall(r"chatter|agent|author|reviewer|admin|any role", note))
        assert names == (set(page.roles) if len(page.roles) < 5 else {"any role"}), page.path


def test_each_route_asks_for_a_login_as_the_table_says(team):
    """Over HTTP, without a login or a key: what is open answers, the rest says who may."""
    with team.browser() as client:
        for (method, path), (who, note) in documented().items():
            with client.stream(method, filled(path), json={}) as answer:
                status = answer.status_code
            if who == "closed":
                assert status == 404, (method, path)
            elif who != "open":
                page = find(ROUTES + LOGIN_ROUTES, method, path).page
                assert status == (303 if page else 401), (method, path)
            else:
                assert status != 401, (method, path, note)
