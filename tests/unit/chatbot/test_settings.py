"""Settings: where they come from, and the sentences when they are wrong."""

from pathlib import Path

import pytest

from chatbot import settings as module
from chatbot.errors import SettingsInvalid
from chatbot.settings import Settings, config_file, load, sources, unknown_variables


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for key in list(module.os.environ):
        if key.startswith("CHATBOT_"):
            monkeypatch.delenv(key)
    monkeypatch.setenv("CHATBOT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_command_line_over_environment_over_file(monkeypatch, tmp_path):
    (tmp_path / "chatbot.toml").write_text('port = 1\nworkspace = "File"\nperson = "File"\n')
    monkeypatch.setenv("CHATBOT_PORT", "2")
    monkeypatch.setenv("CHATBOT_WORKSPACE", "Environment")

    found = load(port=3)

    assert (found.port, found.workspace, found.person) == (3, "Environment", "File")
    assert found.prompt == "assistant"


def test_sources_name_where_each_value_comes_from(monkeypatch, tmp_path):
    (tmp_path / "chatbot.toml").write_text('person = "Iris"\n')
    monkeypatch.setenv("CHATBOT_PORT", "2")

    found = sources()

    assert found["port"] == "environment"
    assert found["person"].endswith("chatbot.toml")
    assert found["model"] == "default"


def test_home_holds_a_file_too(monkeypatch, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "chatbot.toml").write_text("port = 9\n")

    assert load().port == 9
    assert config_file() == tmp_path / "home" / "chatbot.toml"


def test_hosted_models_are_read_and_keys_are_not_shown(monkeypatch):
    monkeypatch.setenv("CHATBOT_HOSTED", '[{"name": "big", "model": "m", "api_key": "hush"}]')

    found = load()

    assert found.hosted[0].name == "big"
    assert found.hosted[0].api_key.get_secret_value() == "hush"
    assert "hush" not in repr(found)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_solo_refuses_to_listen_beyond_loopback(host):
    with pytest.raises(SettingsInvalid, match="loopback only"):
        load(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_solo_listens_on_loopback(host):
    assert load(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_accounts_listen_anywhere(host):
    assert load(host=host, auth="accounts").host == host


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:7860"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"host": "0.0.0.0", "auth": "accounts"}, "http://localhost:7860"),
        ({"hosts": ("chat.local", "other")}, "http://chat.local:7860"),
        ({"hosts": ("chat.example.org",), "https": True}, "https://chat.example.org"),
    ],
)
def test_address_is_what_people_open(given, address):
    assert load(**given).address() == address


def test_address_has_the_port_in_force():
    assert load(port=0).address(4711) == "http://127.0.0.1:4711"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CHATBOT_PORT", "many", "port"),
        ("CHATBOT_PORT", "70000", "port"),
        ("CHATBOT_HOSTED", "[", "hosted"),
        ("CHATBOT_HOSTED", '[{"name": "a", "model": "m", "colour": 1}]', "colour"),
        ("CHATBOT_DATABASE_URL", "mysql://x", "sqlite: or postgresql:"),
        ("CHATBOT_AUTH", "none", "auth"),
        ("CHATBOT_SESSION_IDLE_MINUTES", "0", "session_idle_minutes"),
        ("CHATBOT_SESSION_DAYS", "forever", "session_days"),
        ("CHATBOT_OIDC_NEW_PEOPLE", "admin", "oidc_new_people"),
        ("CHATBOT_OIDC_ISSUER", "id.example.org", "https://"),
        ("CHATBOT_OIDC_ISSUER", "http://id.example.org", "https://"),
        ("CHATBOT_OIDC_ISSUER", "https://me@id.example.org", "without"),
        ("CHATBOT_OIDC_ISSUER", "https://id.example.org/?a=b", "without"),
        ("CHATBOT_OIDC_ISSUER", "https://id.example.org", "CHATBOT_OIDC_CLIENT_ID"),
        ("CHATBOT_OIDC_ISSUER", "https://[id", "CHATBOT_OIDC_ISSUER"),
        ("CHATBOT_CONFIG", "/nowhere.toml", "CHATBOT_CONFIG"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsInvalid) as caught:
        load()

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_setting_in_the_file_is_refused(tmp_path):
    (tmp_path / "chatbot.toml").write_text("prot = 1\n")

    with pytest.raises(SettingsInvalid, match="prot"):
        load()


@pytest.mark.parametrize("content", [b"port = \n", b'workspace = "\xff"\n'])
def test_broken_file_is_named(tmp_path, content):
    (tmp_path / "chatbot.toml").write_bytes(content)

    with pytest.raises(SettingsInvalid, match=r"chatbot\.toml is not valid TOML"):
        load()


def test_a_file_that_cannot_be_read_is_named(monkeypatch):
    monkeypatch.setenv("CHATBOT_CONFIG", "/proc/self/mem")

    with pytest.raises(SettingsInvalid, match="/proc/self/mem"):
        load()


def test_misspelt_variables_are_found(monkeypatch):
    monkeypatch.setenv("CHATBOT_PROT", "1")

    assert unknown_variables() == ["CHATBOT_PROT"]


def test_every_setting_is_documented():
    assert all(field.description for field in Settings.model_fields.values())
