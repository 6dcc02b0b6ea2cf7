import asyncio
import threading

from chatbot.backends.cancel import CancelToken


def test_starts_uncancelled():
    assert not CancelToken().cancelled


def test_calls_each_function_once_however_often_cancelled():
    token, calls = CancelToken(), []
    token.on_cancel(lambda: calls.append("a"))
    token.on_cancel(lambda: calls.append("b"))
    token.cancel()
    token.cancel()
    assert token.cancelled
    assert calls == ["a", "b"]


def test_calls_at_once_when_cancelled_before():
    token, calls = CancelToken(), []
    token.cancel()
    token.on_cancel(lambda: calls.append("late"))
    assert calls == ["late"]


def test_forgotten_function_is_not_called():
    token, calls = CancelToken(), []
    forget = token.on_cancel(lambda: calls.append("x"))
    forget()
    token.cancel()
    assert calls == []


def test_racing_threads_call_every_function_exactly_once():
    token, calls, start = CancelToken(), [], threading.Barrier(9)

    def register(number):
        start.wait()
        token.on_cancel(lambda: calls.append(number))

    threads = [threading.Thread(target=register, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    start.wait()
    token.cancel()
    for thread in threads:
        thread.join()
    assert sorted(calls) == list(range(8))


def test_event_is_set_from_another_thread():
    token = CancelToken()

    async def main():
        with token.event() as event:
            threading.Timer(0.01, token.cancel).start()
            await asyncio.wait_for(event.wait(), 10)

    asyncio.run(main())
    assert token.cancelled


def test_event_of_a_finished_loop_is_forgotten():
    token = CancelToken()

    async def main():
        with token.event():
            pass

    asyncio.run(main())
    token.cancel()
    assert token.cancelled
