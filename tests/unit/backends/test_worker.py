import contextlib
import threading
import time

import pytest

from chatbot import errors
from chatbot.backends.base import Delta
from chatbot.backends.cancel import CancelToken
from chatbot.backends.runtimes.base import Sampling, Stepped
from chatbot.backends.runtimes.worker import MOST_ACTIVE, MOST_WAITING, Order, Worker

END = 0


class CountingRuntime:
    """Gives each request the letters after its prompt's last token. Fails on command."""

    name = "counting"

    def __init__(self):
        self.active = {}
        self.fail_start = self.die = False
        self.fail_at = 0
        self.go = threading.Event()
        self.go.set()
        self.most = 0

    def start(self, request):
        if self.fail_start:
            raise ValueError(chr(request.prompt[-1]) * 9)
        self.active[request] = request.prompt[-1]
        self.most = max(self.most, len(self.active))

    def step(self):
        self.go.wait(30)
        if self.die:
            raise KeyboardInterrupt
        if len(self.active) == self.fail_at:
            raise RuntimeError("not enough memory")
        stepped = []
        for request, last in self.active.items():
            self.active[request] = last + 1 if last < ord("z") else END
            stepped.append(Stepped(request, self.active[request]))
        return stepped

    def stop(self, request):
        self.active.pop(request, None)

    def reset(self):
        self.active.clear()


class Reader:
    """Collects what one order gets."""

    def __init__(self):
        self.pieces, self.done, self.begun = [], threading.Event(), threading.Event()

    def give(self, piece):
        self.pieces.append(piece)
        self.begun.set()
        if not isinstance(piece, Delta) or piece.finish:
            self.done.set()

    def result(self):
        assert self.done.wait(30)
        last = self.pieces[-1]
        if not isinstance(last, Delta):
            raise last
        return "".join(piece.text for piece in self.pieces), last.finish


def order(worker, letter="a", reader=None, **options):
    reader = reader or Reader()
    fields = {"limit": 100, "stop": (), "cancel": CancelToken(), "sampling": Sampling()} | options
    worker.order(Order(prompt=[ord(letter)], give=reader.give, **fields))
    return reader


@pytest.fixture
def runtime():
    return CountingRuntime()


@pytest.fixture
def worker(runtime):
    worker = Worker(runtime, lambda ids: "".join(map(chr, ids)), frozenset({END}))
    yield worker
    runtime.go.set()
    worker.close()


def test_ends_at_the_end_token(worker):
    assert order(worker, "v").result() == ("wxyz", "stop")


def test_ends_at_the_limit_and_counts(worker):
    reader = order(worker, limit=3)
    assert reader.result() == ("bcd", "length")
    assert (reader.pieces[-1].prompt_tokens, reader.pieces[-1].reply_tokens) == (1, 3)


def test_ends_before_a_stop_string(worker):
    assert order(worker, stop=["def"]).result() == ("bc", "stop")


def test_unfinished_stop_string_is_shown_at_the_limit(worker):
    assert order(worker, stop=["cdX"], limit=3).result() == ("bcd", "length")


class Swaps:
    """Writes the pair "cd" as "C-D"; a "c" waits for what follows it."""

    def __init__(self):
        self.held = ""

    def feed(self, chunk):
        text = (self.held + chunk).replace("cd", "C-D")
        self.held = "c" if text.endswith("c") else ""
        return text.removesuffix("c")

    def close(self):
        held, self.held = self.held, ""
        return held


def test_text_is_rewritten_before_stop_strings_are_looked_for(worker):
    assert order(worker, stop=["cd", "-De"], rewriter=Swaps()).result() == ("bC", "stop")


@pytest.mark.parametrize(("limit", "text"), [(1, "b"), (2, "bc"), (3, "bC-D"), (4, "bC-De")])
def test_what_a_rewriter_holds_back_is_shown_at_the_end(worker, limit, text):
    assert order(worker, limit=limit, rewriter=Swaps()).result() == (text, "length")


def test_stop_string_in_what_a_rewriter_held_back(worker):
    assert order(worker, limit=2, stop=["bc"], rewriter=Swaps()).result() == ("", "stop")


def test_bans_reach_the_runtime(worker, runtime):
    runtime.go.clear()
    reader = order(worker, "v", banned=frozenset({7}))
    while not runtime.active:
        time.sleep(0.001)
    assert [request.banned for request in runtime.active] == [{7}]
    runtime.go.set()
    assert reader.result()[1] == "stop"


def test_many_at_once_each_get_their_own(worker, runtime):
    runtime.go.clear()
    readers = {letter: order(worker, letter) for letter in "abcdefgh"}
    runtime.go.set()
    for letter, reader in readers.items():
        expected = "".join(map(chr, range(ord(letter) + 1, ord("z") + 1)))
        assert reader.result() == (expected, "stop")


def test_more_than_fit_wait_their_turn(worker, runtime):
    runtime.go.clear()
    readers = [order(worker) for _ in range(MOST_ACTIVE + 5)]
    runtime.go.set()
    assert {reader.result()[1] for reader in readers} == {"stop"}
    assert runtime.most <= MOST_ACTIVE


def test_too_many_are_turned_away(worker, runtime):
    runtime.go.clear()
    first = order(worker)
    for _ in range(MOST_ACTIVE + MOST_WAITING - 1):
        with contextlib.suppress(errors.BackendRateLimited):  # the thread may not have begun yet
            order(worker)
    with pytest.raises(errors.BackendRateLimited):
        [order(worker) for _ in range(MOST_ACTIVE)]
    runtime.go.set()
    assert first.result()[1] == "stop"


def test_cancel_of_one_leaves_the_others(worker, runtime):
    runtime.go.clear()
    cancel = CancelToken()
    gone, stays = order(worker, cancel=cancel), order(worker)
    cancel.cancel()
    runtime.go.set()
    assert gone.result()[1] == "cancelled"
    assert stays.result()[1] == "stop"
    assert not runtime.active


def test_cancelled_before_it_began(worker):
    cancel = CancelToken()
    cancel.cancel()
    assert order(worker, cancel=cancel).result() == ("", "cancelled")


def test_failure_at_the_start_ends_that_one(worker, runtime, caplog):
    runtime.fail_start = True
    with pytest.raises(errors.BackendBroken):
        order(worker).result()
    runtime.fail_start = False
    assert order(worker, "y").result() == ("z", "stop")
    assert "aaaaaaaaa" not in caplog.text
    assert "ValueError" in caplog.text


def test_failure_of_a_step_ends_all_and_the_next_works(worker, runtime):
    runtime.go.clear()
    readers = [order(worker), order(worker)]
    runtime.fail_at = 2
    runtime.go.set()
    for reader in readers:
        with pytest.raises(errors.ModelUnavailable, match="memory"):
            reader.result()
    assert order(worker, "y").result() == ("z", "stop")


def test_reader_that_is_gone_is_cancelled(worker):
    cancel = CancelToken()

    def closed(piece):
        raise RuntimeError("Event loop is closed")

    fields = {"limit": 100, "stop": (), "sampling": Sampling()}
    worker.order(Order(prompt=[97], give=closed, cancel=cancel, **fields))
    assert order(worker, "y").result() == ("z", "stop")
    assert cancel.cancelled


def test_closing_ends_what_runs_and_refuses_more(worker, runtime):
    runtime.go.clear()
    reader = order(worker)
    threading.Timer(0.05, runtime.go.set).start()
    worker.close()
    with pytest.raises(errors.ModelUnavailable):
        reader.result()
    with pytest.raises(errors.ModelUnavailable):
        order(worker)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_of_the_thread_is_told_and_the_next_answer_starts_another(worker, runtime):
    runtime.die = True
    told = order(worker)
    dying = worker._thread
    with pytest.raises(errors.ModelUnavailable):
        told.result()
    dying.join()  # its exception belongs to this test, not to the next
    runtime.die = False
    assert order(worker, "y").result() == ("z", "stop")
