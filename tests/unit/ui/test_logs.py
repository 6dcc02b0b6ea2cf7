"""Lines of the log: one a record, with turn and replica, and nothing of what was said."""

import asyncio
import gc
import io
import json
import logging

import pytest

from chatbot.monitoring import ends
from chatbot.turn import TURN
from store.records import Trace
from ui import logs

SECRET = "Anna Schmidt\nis in Kiel"


@pytest.fixture(params=["plain", "json"])
def kind(request):
    return request.param


@pytest.fixture
def lines(kind):
    """What is written; the log of the process is put back afterwards."""
    names = [None, *logs.OWN]
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    stream = io.StringIO()
    logs.configure(kind, lambda: 7, stream)
    yield lambda: stream.getvalue().splitlines()
    root.handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


def facts(line, kind):
    if kind == "json":
        return json.loads(line)
    head, _, rest = line.partition(": ")
    time, level, logger = head.split(" ")
    pairs = dict(each.split("=", 1) for each in rest.split(" ") if "=" in each)
    return {"time": time, "level": level, "logger": logger} | pairs


def trace(**changes):
    values = {
        "message_id": 1, "attempt": 1, "prompt": "support", "version": "abc" * 20, "release_id": 3,
        "model": "starter@1", "parameters": {}, "inputs": {"workspace": SECRET},
        "rendered_hash": "", "history_ids": [], "passages": [{"text": SECRET}],
        "prompt_tokens": 12, "reply_tokens": 5, "first_token_s": 0.12345, "total_s": 1.0,
        "error": None, "notes": [SECRET],
    }  # fmt: skip
    return Trace(**(values | changes))


def test_a_turns_line_has_ids_and_figures_alone(lines, kind):
    async def turn(number):
        TURN.set(f"turn-{number}")
        await asyncio.sleep(0)
        figures = ends.figures_of(trace())
        ends.ended("chat", "complete", figures, conversation="talk")

    async def both():
        await asyncio.gather(turn(1), turn(2))
        logging.getLogger("chatbot.else").warning("beside")

    asyncio.run(both())
    first, second, beside = (facts(each, kind) for each in lines())
    assert (first["turn"], second["turn"], "turn" in beside) == ("turn-1", "turn-2", False)
    told = ("level", "channel", "status", "model", "prompt", "first_s")
    assert [str(first[each]) for each in told] == [
        "INFO", "chat", "complete", "starter@1", "support", "0.123",
    ]  # fmt: skip
    assert {str(each["replica"]) for each in (first, second, beside)} == {"7"}
    assert "Anna" not in "".join(lines())


def test_an_error_is_told_by_its_kind(lines, kind):
    slow = "The model did not answer in time. Try again."
    ends.ended("api", "failed", ends.figures_of(trace(error=slow)), error=slow)
    ends.ended("api", "failed", None, error=SECRET, saved=False)
    timed, other = (facts(each, kind) for each in lines())
    assert (timed["error"], other["error"], other["saved"]) == ("timeout", "other", "no")
    assert "Anna" not in "".join(lines())


def test_of_an_exception_its_type_and_place_are_told(lines, kind):
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("broke")
    [line] = lines()
    assert facts(line, kind)["error"] == "ValueError"
    assert "test_logs.py:" in line
    assert "Anna" not in line


def test_a_record_is_one_line_whatever_stands_in_it(lines, kind):
    logging.getLogger("chatbot").warning("a\nb\r\x1b[31m\x85\u2028c %s", "d\ne")
    assert len(lines()) == 1
    assert lines()[0].isprintable()


def test_what_libraries_tell_below_warnings_is_left_out(lines):
    logging.getLogger("httpx").info("GET https://example.com/secret")
    logging.getLogger("ui.door").info("told")
    assert len(lines()) == 1


def test_what_asyncio_quotes_of_an_exception_is_not_written(lines):
    async def broken():
        raise ValueError(SECRET)

    def called(text):
        raise ValueError(text)

    async def main():
        task = asyncio.create_task(broken())
        asyncio.get_running_loop().call_soon(called, SECRET)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    first, second = sorted(lines())
    assert "Anna" not in first + second
    assert "Exception in callback" in first + second
    assert "Task exception was never retrieved" in first + second
