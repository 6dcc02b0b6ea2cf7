"""The doctor: says what is wrong, never breaks, shows no secret and changes nothing."""

import json

import pytest

from chatbot import doctor
from chatbot.errors import ModelCorrupt
from chatbot.settings import Settings


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No setting of this machine, and a home that is not there yet."""
    for name in [*Settings.model_fields, "config", "port_", "prot"]:
        monkeypatch.delenv(f"CHATBOT_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATBOT_HOME", str(tmp_path / "home"))


def findings(report, check):
    return [finding for finding in report.findings if finding.check == check]


def test_fresh_machine_is_in_order(tmp_path):
    report = doctor.examine()
    assert report.ok, [finding for finding in report.findings if finding.level == "bad"]
    assert [finding.check for finding in report.findings if finding.level == "bad"] == []
    assert list(tmp_path.iterdir()) == [], "looking must change nothing"


@pytest.mark.parametrize(
    ("setting", "found"),
    [("auto", "onnxruntime in int8"), ("int4", "in int4"), ("transformers", "transformers, as")],
)
def test_runtime_of_the_model_is_told(monkeypatch, setting, found):
    monkeypatch.setenv("CHATBOT_RUNTIME", setting)
    (finding,) = findings(doctor.examine(), "runtime")
    assert found in finding.found


def test_running_server_is_examined_by_its_own_settings(tmp_path):
    report = doctor.examine(Settings(home=tmp_path / "other", workspace="Shop"))
    assert str(tmp_path / "other") in findings(report, "home")[0].found
    assert {line.name: line.value for line in report.settings}["workspace"] == "Shop"


def test_every_setting_has_value_and_source(monkeypatch, tmp_path):
    monkeypatch.setenv("CHATBOT_WORKSPACE", "Shop")
    (tmp_path / "chatbot.toml").write_text('person = "Ada"\n', "utf-8")
    lines = {line.name: line for line in doctor.examine().settings}
    assert set(lines) == set(Settings.model_fields)
    assert (lines["workspace"].value, lines["workspace"].source) == ("Shop", "environment")
    assert lines["person"].value == "Ada"
    assert lines["person"].source.endswith("chatbot.toml")
    assert lines["auth"].source == "default"
    assert all(line.description for line in lines.values())


def test_secrets_stay_hidden(monkeypatch):
    hosted = {"name": "big", "model": "m", "base_url": "http://u:s3cret@h/v1", "api_key": "s3cret"}
    monkeypatch.setenv("CHATBOT_HOSTED", json.dumps([hosted]))
    monkeypatch.setenv("CHATBOT_MODEL", "big")
    monkeypatch.setenv(
        "CHATBOT_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/x?password=s3cret"
    )
    report = doctor.examine()
    assert "s3cret" not in repr(report)
    assert "key set" in repr(report)
    assert findings(report, "model")[0].level == "ok"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:pa:ss@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:p@ss@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?user=me&password=x", "postgresql://host/db?user=me&password=***"),
        ("sqlite:////home/me/chatbot.db", "sqlite:////home/me/chatbot.db"),
        ("http://host/v1?api_key=x", "http://host/v1?api_key=***"),
    ],
)
def test_hidden_keeps_the_rest(url, shown):
    assert doctor.hidden(url) == shown


@pytest.mark.parametrize(
    ("variable", "value", "check"),
    [
        ("CHATBOT_PORT", "many", "settings"),
        ("CHATBOT_HOST", "0.0.0.0", "settings"),
        ("CHATBOT_HOSTED", "{", "settings"),
        ("CHATBOT_CONFIG", "/nowhere/chatbot.toml", "settings"),
        ("CHATBOT_DATABASE_URL", "mysql://x/y", "settings"),
        ("CHATBOT_DATABASE_URL", "postgresql://127.0.0.1:1/x", "database"),
        ("CHATBOT_DATABASE_URL", "sqlite:////nowhere/at/all/x.db", "database"),
        ("CHATBOT_HOME", "/dev/null", "home"),
        ("CHATBOT_MODEL", "no-such-model", "model"),
        ("CHATBOT_FALLBACK", '["starter", "gone"]', "model"),
        ("CHATBOT_PROMPT", "no-such-prompt", "prompt"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch, variable, value, check):
    monkeypatch.setenv(variable, value)
    report = doctor.examine()
    bad = {finding.check for finding in report.findings if finding.level == "bad"}
    assert bad == {check}
    assert all(finding.advice for finding in report.findings if finding.level == "bad")
    assert {line.name for line in report.settings} == set(Settings.model_fields)


def test_prompts_that_cannot_be_rendered_are_told(monkeypatch):
    monkeypatch.setenv("CHATBOT_PROMPT_OUTPUT_KB", "211")  # limits that nobody else has
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    (finding,) = findings(doctor.examine(), "prompt")
    assert finding.level == "bad"
    assert "no process for them could be started" in finding.found
    assert finding.advice


def test_broken_toml_is_named(tmp_path):
    (tmp_path / "chatbot.toml").write_text("port = = 1", "utf-8")
    report = doctor.examine()
    assert "chatbot.toml" in findings(report, "settings")[0].found
    assert {line.source for line in report.settings} == {"unknown"}


def test_misspelt_variable_is_explained(monkeypatch):
    monkeypatch.setenv("CHATBOT_PROT", "8000")
    [finding] = findings(doctor.examine(), "variables")
    assert finding.level == "warn"
    assert "CHATBOT_PORT" in finding.advice


def test_accounts_without_administrator_are_warned_about(monkeypatch):
    assert findings(doctor.examine(), "accounts")[0].found.startswith("solo")
    monkeypatch.setenv("CHATBOT_AUTH", "accounts")
    [finding] = findings(doctor.examine(), "accounts")
    assert (finding.level, "users add" in finding.advice) == ("warn", True)


@pytest.mark.parametrize(
    ("host", "https", "warned"),
    [("0.0.0.0", "false", True), ("0.0.0.0", "true", False), ("127.0.0.1", "false", False)],
)
def test_unprotected_cookies_are_warned_about(monkeypatch, host, https, warned):
    monkeypatch.setenv("CHATBOT_AUTH", "accounts")
    monkeypatch.setenv("CHATBOT_HOST", host)
    monkeypatch.setenv("CHATBOT_HTTPS", https)
    assert [one.level for one in findings(doctor.examine(), "cookies")] == ["warn"] * warned


def test_open_home_is_warned_about(tmp_path):
    (tmp_path / "home").mkdir(mode=0o755)
    [finding] = findings(doctor.examine(), "home")
    assert finding.level == "warn"
    assert finding.advice.endswith(f"chmod 700 {tmp_path / 'home'}")


def test_little_space_is_warned_about(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 2**80)
    assert findings(doctor.examine(), "disk")[0].level == "warn"
    monkeypatch.setattr(doctor, "TOO_LITTLE_SPACE", 2**80)
    assert findings(doctor.examine(), "disk")[0].level == "bad"


def test_file_in_place_of_a_database(monkeypatch, tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "chatbot.db").write_text("no database " * 100, "utf-8")
    report = doctor.examine()
    assert findings(report, "database")[0].level == "bad"


def breaking(settings):
    raise RuntimeError("what somebody said")


def corrupt(settings):
    raise ModelCorrupt


@pytest.mark.parametrize(
    ("check", "found"),
    [
        (breaking, "The check itself failed: RuntimeError."),
        (corrupt, ModelCorrupt.sentence),
    ],
)
def test_breaking_check_is_a_finding(monkeypatch, check, found):
    monkeypatch.setitem(doctor._OF_SETTINGS, "prompt", check)
    [finding] = findings(doctor.examine(), "prompt")
    assert (finding.level, finding.found) == ("bad", found)


def test_hanging_check_is_a_finding(monkeypatch):
    import threading

    release = threading.Event()
    monkeypatch.setattr(doctor, "PATIENCE", 0.05)
    [finding] = doctor._guarded("database", lambda: iter(lambda: release.wait(20), True))
    release.set()
    assert finding.level == "bad"
    assert "No result" in finding.found
