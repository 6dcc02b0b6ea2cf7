"""A new conversation answers from articles once there are some, unless somebody chose otherwise."""

import pytest

from chatbot.bootstrap import build
from chatbot.documents import parse_text
from chatbot.settings import Settings

ARTICLE = "---\ntitle: Returns\nvisibility: public\n---\nYou can return a lamp within 30 days."


@pytest.fixture
def made(tmp_path):
    opened = []

    def make(**settings):
        product = build(Settings(home=tmp_path, model="scripted", encoder="none", **settings))
        opened.append(product)
        return product

    yield make
    for product in opened:
        product.close()


def test_articles_change_the_prompt_that_nobody_set(made):
    product = made()
    assert product.opening() == "assistant"
    product.knowledge.add(product.person(), [parse_text(ARTICLE, "returns.md")])
    assert product.opening() == "support"
    assert made(prompt="assistant").opening() == "assistant"


def test_a_prompt_that_was_put_away_is_not_begun_with(made):
    product = made()
    product.knowledge.add(product.person(), [parse_text(ARTICLE, "returns.md")])
    product.authoring.archive(product.person(), "support", archived=True)
    assert product.opening() == "assistant"
