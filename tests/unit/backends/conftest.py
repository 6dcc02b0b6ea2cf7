"""No test in this folder opens a connection."""

import socket

import pytest


@pytest.fixture(autouse=True)
def no_connections(monkeypatch):
    def refuse(self, address, *rest):
        raise AssertionError(f"a unit test opened a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
