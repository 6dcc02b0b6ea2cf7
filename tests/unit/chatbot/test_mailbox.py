"""The mailbox in the settings: its password from the environment, and what is refused."""

import pytest

from chatbot.doctor import examine
from chatbot.errors import SettingsInvalid
from chatbot.settings import load, sources, unknown_variables

HOME = "[mailbox]\naddress = 'help@shop.example.com'\n"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Settings of this chatbot.toml alone."""

    def write(lines=""):
        file = tmp_path / "chatbot.toml"
        file.write_text(HOME + lines)
        monkeypatch.setenv("CHATBOT_CONFIG", str(file))
        monkeypatch.setenv("CHATBOT_HOME", str(tmp_path))
        return load()

    return write


def test_a_password_of_the_environment_joins_the_file(written, monkeypatch):
    monkeypatch.setenv("CHATBOT_MAILBOX__IMAP_PASSWORD", "lamp 42")
    monkeypatch.setenv("CHATBOT_MAILBOX__IMAP_PASWORD", "slip")
    with pytest.raises(SettingsInvalid):
        written()
    assert unknown_variables() == ["CHATBOT_MAILBOX__IMAP_PASWORD"]
    monkeypatch.delenv("CHATBOT_MAILBOX__IMAP_PASWORD")
    box = written().mailbox
    assert box.imap_password.get_secret_value() == "lamp 42"
    assert (box.ports, box.domain) == ((993, 587), "shop.example.com")
    assert sources()["mailbox"] == "environment"
    shown = [line.value for line in examine().settings if line.name == "mailbox"]
    assert shown == ["help@shop.example.com (in: none, out: none)"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("imap_host = 'mx.example.com'\nimap_security = 'none'", "unprotected"),
        ("smtp_host = 'mx.example.com'\nsmtp_security = 'none'", "unprotected"),
        ("sent_folder = 'Sent'", "imap_host"),
        ("colour = 'red'", "colour"),
    ],
)
def test_what_is_refused(written, lines, says):
    with pytest.raises(SettingsInvalid, match=says):
        written(lines)


def test_no_protection_on_loopback_alone(written):
    assert written("smtp_host = 'localhost'\nsmtp_security = 'none'").mailbox.ports[1] == 25
