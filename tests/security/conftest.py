"""A server with accounts that the tests of a module share."""

import pytest

from tests.support.team import Team


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    server = Team(tmp_path_factory.mktemp("team"))
    yield server
    server.stop()
