"""`chatbot monitor` from outside: figures, JSON, CSV."""

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store.columns import now
from tests.support.answered import Past
from tests.support.shell import Shell

PLAIN = {"CHATBOT_ENCODER": "none"}


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    home = tmp_path_factory.mktemp("monitor") / "home"
    product = build(Settings(home=home, model="scripted", encoder="none"))
    past = Past(product.database, prompt="lamps")
    past.answer(now(), rating=1)
    product.close()
    return Shell(home)


def test_figures_are_shown_and_told_as_data(shell):
    shown = shell.run("monitor", **PLAIN)
    assert "Thumbs up\t100.0 %\t–" in shown.out
    assert "lamps v2" in shown.out
    data = shell.run("monitor", "--period", "24h", "--json", **PLAIN).data
    assert [one["value"] for one in data["figures"] if one["key"] == "answers"] == [1]
    head, line, *_ = shell.run("monitor", "--csv", **PLAIN).out.splitlines()
    assert head.startswith("prompt,version,")
    assert line.startswith("lamps,2,")
