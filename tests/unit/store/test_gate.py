"""The gate before a SQLite file: who goes in with whom, and in which order."""

import threading

import pytest

from store.errors import Unavailable
from store.gate import Gate


def began(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_readers_are_there_together():
    gate = Gate(30)
    both = threading.Barrier(2, timeout=30)

    def read():
        with gate.shared():
            both.wait()

    reader = began(read)
    read()
    reader.join()


def test_a_writer_waits_for_readers_and_later_readers_for_it():
    gate = Gate(30)
    order = []
    reading = threading.Event()
    leave = threading.Event()

    def read(name, hold=None):
        with gate.shared():
            order.append(name)
            reading.set()
            if hold is not None:
                assert hold.wait(30)
                order.append(f"{name} leaves")

    def write():
        with gate.alone():
            order.append("writer")

    first = began(lambda: read("first", leave))
    assert reading.wait(30)
    writer = began(write)
    while not gate._writers:  # it has said that it waits
        threading.Event().wait(0.001)
    second = began(lambda: read("second"))
    leave.set()
    for thread in (first, writer, second):
        thread.join()
    assert order == ["first", "first leaves", "writer", "second"]


def test_waiting_too_long_is_refused_and_leaves_the_gate_open():
    gate = Gate(0.01)
    told = []

    def ask(way):
        with pytest.raises(Unavailable) as caught, way():
            told.append("inside")
        told.append(caught.value.reason)

    with gate.shared():
        thread = began(lambda: ask(gate.alone))
        thread.join()
    with gate.alone():
        thread = began(lambda: ask(gate.shared))
        thread.join()
    assert told == ["locked", "locked"]
    with gate.shared():
        pass
    with gate.alone():
        pass


def test_an_error_inside_lets_the_next_in():
    gate = Gate(1)
    for way in (gate.shared, gate.alone):
        with pytest.raises(LookupError), way():
            raise LookupError
    with gate.alone():
        pass
    with gate.shared():
        pass
