"""Evaluations behind the page: one at a time, stopped with the server."""

import threading

import pytest

from chatbot.errors import Busy, ChatbotError, Refused
from ui.pages.models_evaluating import Evaluating


def test_one_at_a_time_and_the_end_of_the_server_stops_it():
    evaluating, begun, ended = Evaluating(), threading.Event(), threading.Event()

    def run(cancel):
        begun.set()
        while not cancel.cancelled:
            threading.Event().wait(0.01)
        ended.set()

    evaluating.begin(run)
    assert begun.wait(30)
    with pytest.raises(Busy):
        evaluating.begin(run)
    evaluating.close()
    assert ended.wait(30)


@pytest.mark.parametrize("error", [Refused("no"), ZeroDivisionError()])
def test_one_that_broke_makes_room_for_the_next(error, caplog):
    evaluating, done = Evaluating(), threading.Event()

    def run(_cancel):
        raise error

    job = evaluating.begin(run)
    assert job.ended.wait(30)
    assert isinstance(job.error, ChatbotError)
    evaluating.begin(lambda _: done.set())
    assert done.wait(30)
    assert "no" not in caplog.text
