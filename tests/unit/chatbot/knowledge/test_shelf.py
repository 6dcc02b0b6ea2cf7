"""The copy in memory: what may be found, and that it follows what changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chatbot.knowledge.shelf import Filter
from store.articles import Article

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ARTICLE = Article(
    1, "id", "", "T", "public", "en", "\na\nb\n", "", None, None, 1, "", 1, 1, NOW, NOW, None
)
ANY = Filter(internal=False, tags=frozenset(), language="", day=TODAY)


@pytest.mark.parametrize(
    ("article", "wanted", "expected"),
    [
        ({}, {}, True),
        ({"visibility": "internal"}, {}, False),
        ({"visibility": "internal"}, {"internal": True}, True),
        ({}, {"tags": frozenset("a")}, True),
        ({}, {"tags": frozenset("ab")}, True),
        ({}, {"tags": frozenset("ac")}, False),
        ({}, {"language": "en"}, True),
        ({}, {"language": "de"}, False),
        ({"valid_from": TODAY}, {}, True),
        ({"valid_from": TODAY + DAY}, {}, False),
        ({"valid_until": TODAY}, {}, True),
        ({"valid_until": TODAY - DAY}, {}, False),
    ],
)
def test_what_may_be_found(article, wanted, expected):
    assert replace(ANY, **wanted).lets_in(replace(ARTICLE, **article)) is expected
