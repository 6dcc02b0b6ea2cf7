"""A tab behind nginx whose server dies: it comes back on another one by itself.

Its short sibling, without a browser, is in tests/integration/test_replicas.py.
"""

from contextlib import closing

import pytest
from playwright.sync_api import expect

from store.engine import Database
from tests.support.browser import opened
from tests.support.replicated import NGINX, replicated

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.skipif(NGINX is None, reason="no nginx here: apt-get install nginx-light"),
]


def test_a_tab_comes_back_on_another_server_and_answers_again(tmp_path, empty_postgresql, context):
    context.set_default_timeout(60_000)
    url = empty_postgresql("page")
    with replicated(tmp_path / "house", url, count=2) as house:
        tab = opened(context.new_page(), house.address)
        tab.send("!tokens 3000 !rate 100 on and on")
        expect(tab.answers).to_have_count(1, timeout=40_000)
        expect(tab.answers.last).to_contain_text("goes on for", timeout=40_000)
        with closing(Database(url)) as database:
            house.writer_of(database).kill()

        expect(tab.answers.last).to_contain_text("The server stopped here", timeout=60_000)
        tab.button("Answer again", tab.answers.last).first.click()
        expect(tab.writing).to_be_visible(timeout=40_000)
        tab.page.keyboard.press("Escape")
        expect(tab.writing).to_have_count(0, timeout=40_000)
        expect(tab.questions).to_have_count(1)
