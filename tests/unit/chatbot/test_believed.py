"""What is believed for a moment: when it is asked again, and by whom it is not kept waiting."""

import threading

import pytest

from chatbot.believed import Believed
from chatbot.errors import StoreUnavailable
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock()


def believed(clock, answers):
    asked = iter(answers)

    def ask():
        said = next(asked)
        if isinstance(said, Exception):
            raise said
        return said

    return Believed(ask, "unknown", 10, lambda: clock().timestamp())


def test_it_is_asked_again_after_a_while(clock):
    known = believed(clock, ["one", "two"])
    assert (known.get(), known.get()) == ("one", "one")
    clock.go(seconds=11)
    assert known.get() == "two"


def test_it_stays_what_it_was_while_nobody_answers(clock):
    known = believed(clock, [StoreUnavailable("away"), "one", StoreUnavailable("away")])
    for said in ("unknown", "one", "one"):
        assert known.get() == said
        clock.go(seconds=11)


def test_it_is_asked_at_once_after_a_change(clock):
    known = believed(clock, ["one", "two"])
    assert known.get() == "one"
    known.forget()
    assert known.get() == "two"


def test_what_was_asked_before_a_change_is_not_believed(clock):
    changes = [True, False]

    def ask():
        if changes.pop(0):
            known.forget()  # another thread changes it while the database answers
            return "old"
        return "new"

    known = Believed(ask, "unknown", 10, lambda: clock().timestamp())
    assert known.get() == "unknown"
    assert known.get() == "new"


def test_nobody_waits_for_another_who_asks(clock):
    asking, leave = threading.Event(), threading.Event()

    def ask():
        if threading.current_thread() is not slow:
            return "quick"
        asking.set()
        assert leave.wait(30)
        return "slow"

    known = Believed(ask, "unknown", 10, lambda: clock().timestamp())
    slow = threading.Thread(target=known.get)
    slow.start()
    assert asking.wait(30)
    assert known.get() == "quick"
    leave.set()
    slow.join()
