"""What a line of the table by version is called."""

import pytest

from chatbot.monitoring.views import version_name


@pytest.mark.parametrize(
    ("prompt", "number", "name"),
    [("support", 13, "support v13"), ("support", None, "support"), ("", None, "No prompt")],
)
def test_every_version_has_a_name(prompt, number, name):
    assert version_name(prompt, number) == name
