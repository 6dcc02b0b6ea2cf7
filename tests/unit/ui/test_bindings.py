"""A Gradio session belongs to who began it, and nobody's invented ones push out another's."""

import pytest

from ui import bindings
from ui.bindings import Bindings
from ui.refusal import Refusal

ALICE, BOB, CARL = 1, 2, 3


class Gradio:
    """What it keeps of sessions: the running listeners by session, and what was dropped."""

    def __init__(self):
        self.running = {}
        self.forgotten = []

    def events(self):
        return self.running

    def session_of(self, event):
        return {"e-alice": "tab-alice"}.get(event)

    def forget(self, name):
        self.forgotten.append(name)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def gradio():
    return Gradio()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bound(gradio, clock):
    return Bindings(gradio, most=5, each=3, clock=clock)


def refused(run, *given):
    with pytest.raises(Refusal) as raised:
        run(*given)
    return raised.value.status, raised.value.retry_after is not None


def test_a_session_is_the_first_ones(bound):
    bound.bind("tab-alice", ALICE)
    bound.bind("tab-alice", ALICE)
    assert refused(bound.bind, "tab-alice", BOB) == (403, False)


@pytest.mark.parametrize("name", ["", "a b", "a" * 65, "../x", "a\n", "ä", "a/b"])
def test_what_is_no_name_is_refused(bound, name):
    assert refused(bound.bind, name, ALICE) == (422, False)


def test_ones_own_oldest_idle_session_makes_room(bound, gradio):
    for name in ("a1", "a2", "a3", "a1", "a4"):
        bound.bind(name, ALICE)
    assert gradio.forgotten == ["a2"]


def test_what_runs_makes_no_room(bound, gradio):
    for name in ("a1", "a2", "a3"):
        bound.bind(name, ALICE)
    gradio.running = {"a1": 1, "a2": 1}
    with bound.streaming("a3"):
        assert refused(bound.bind, "a4", ALICE) == (429, True)
    bound.bind("a4", ALICE)
    assert gradio.forgotten == ["a3"]


def test_three_thousand_invented_sessions_evict_nobody(bound, gradio):
    bound.bind("tab-alice", ALICE)
    for number in range(3000):
        bound.bind(f"b{number}", BOB)
    bound.bind("tab-alice", ALICE)
    assert "tab-alice" not in gradio.forgotten
    assert len(gradio.forgotten) == 3000 - 3


def test_a_full_server_takes_no_session_that_is_in_use(bound, gradio, clock):
    for name, person in [("a1", ALICE), ("a2", ALICE), ("b1", BOB), ("b2", BOB), ("b3", BOB)]:
        bound.bind(name, person)
    assert refused(bound.bind, "c1", CARL) == (503, True)
    clock.now += bindings.LEFT + 1
    gradio.running = {"a1": 1, "a2": 1, "b1": 1, "b2": 1}
    bound.bind("c1", CARL)
    assert gradio.forgotten == ["b3"]


def test_what_a_page_has_left_is_forgotten_when_another_begins(bound, gradio, clock):
    for name in ("a1", "a2", "b1"):
        bound.bind(name, ALICE if name.startswith("a") else BOB)
    gradio.running = {"a1": 1}
    with bound.streaming("a2"):
        clock.now += bindings.LEFT + 1
        bound.bind("c1", CARL)
        assert gradio.forgotten == ["b1"]
    bound.bind("b2", BOB)
    assert gradio.forgotten == ["b1"]
    clock.now += bindings.LEFT + 1
    bound.bind("b1", CARL)
    assert gradio.forgotten == ["b1", "a2", "c1", "b2"]


def test_a_forgotten_name_may_be_taken(bound):
    for name in ("x", "a2", "a3", "a4"):
        bound.bind(name, ALICE)
    bound.bind("x", BOB)
    assert refused(bound.bind, "x", ALICE)[0] == 403


def test_another_ones_listener_does_not_exist(bound):
    bound.check_event("e-alice", "tab-alice")
    bound.check_event("e-never-was", "tab-bob")
    assert refused(bound.check_event, "e-alice", "tab-bob") == (404, False)


def test_listeners_of_one_person_are_limited(bound, gradio):
    bound.bind("a1", ALICE)
    bound.bind("b1", BOB)
    gradio.running = {"a1": bindings.EVENTS}
    assert refused(bound.check_events, ALICE) == (429, True)
    bound.check_events(BOB)


def test_requests_of_one_person_are_limited(bound):
    held = [bound.calling(ALICE, 0) for _ in range(bindings.CALLS)]
    for one in held:
        one.__enter__()
    assert refused(bound.calling(ALICE, 0).__enter__) == (429, True)
    with bound.calling(BOB, 0):
        pass
    held[0].__exit__(None, None, None)
    with bound.calling(ALICE, 0):
        pass


def test_bytes_of_one_person_are_limited(bound):
    with bound.calling(ALICE, bindings.BYTES):
        assert refused(bound.calling(ALICE, 1).__enter__) == (429, True)
        with bound.calling(ALICE, 0), bound.calling(BOB, bindings.BYTES):
            pass
    with bound.calling(ALICE, bindings.BYTES):
        pass


def test_streams_of_one_session_are_limited(bound):
    bound.bind("a1", ALICE)
    held = [bound.streaming("a1") for _ in range(bindings.STREAMS)]
    for one in held:
        one.__enter__()
    assert refused(bound.streaming("a1").__enter__) == (429, True)
    held[0].__exit__(None, None, None)
    with bound.streaming("a1"):
        pass
