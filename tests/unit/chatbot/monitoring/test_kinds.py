"""Every sentence that an answer may end with is of the kind that it says."""

import inspect

import httpx
import pytest

from chatbot import answering, errors
from chatbot.backends import provider_errors
from chatbot.monitoring.kinds import TITLES, kind_of

OF_CLASSES = {
    errors.ModelUnavailable: "unavailable",
    errors.ModelCorrupt: "unavailable",
    errors.UnknownModel: "unavailable",
    errors.BackendRefused: "refused",
    errors.BackendRateLimited: "busy",
    errors.TooManyTurns: "busy",
    errors.BackendQuota: "quota",
    errors.BackendTimeout: "timeout",
    errors.BackendBroken: "broken",
    errors.ContextTooSmall: "too long",
    errors.BackendError: "other",
}


@pytest.mark.parametrize("kind", OF_CLASSES, ids=lambda one: one.__name__)
def test_the_sentences_of_errors(kind):
    assert kind_of(kind.sentence) == OF_CLASSES[kind]


def test_no_class_of_the_models_side_was_forgotten():
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass)]
    assert {one for one in classes if issubclass(one, errors.BackendError)} <= OF_CLASSES.keys()


class Answered(Exception):
    def __init__(self, status):
        super().__init__("x")
        self.status_code = status
        self.body = {}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "refused"), (302, "refused"), (404, "refused"), (400, "refused"), (402, "quota"),
     (408, "timeout"), (413, "too long"), (429, "busy"), (500, "broken"), (503, "unavailable")],
)  # fmt: skip
def test_what_providers_answer(status, kind):
    wrong = provider_errors.classify(Answered(status), "big@1", "api.example.com")
    assert kind_of(str(wrong.error)) == kind


def test_a_provider_that_is_not_there_refused():
    wrong = provider_errors.classify(httpx.ConnectError("x"), "big@1", "api.example.com")
    assert kind_of(str(wrong.error)) == "refused"


def test_the_sentences_of_answers():
    assert kind_of(answering.NO_ANSWER) == "empty"
    assert kind_of(answering.SHUT_DOWN) == "stopped"
    assert kind_of(answering.CUT_OFF) == "broken"
    assert kind_of(answering.CRASH) == "other"
    assert kind_of("") == "stopped"
    assert set(OF_CLASSES.values()) | {"empty", "stopped"} == set(TITLES)
