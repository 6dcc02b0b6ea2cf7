"""Which sentence encoder is chosen, and the sentences where there is none. Opens no weights."""

import json
import logging
import sys
from pathlib import Path

import pytest

from chatbot.backends import encoder as module
from chatbot.backends.encoder import MINILM, missing, open_encoder
from chatbot.settings import Settings


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package of MiniLM's name; None takes it away."""

    def install(files):
        site = tmp_path / "site"
        (site / module.PACKAGE).mkdir(parents=True)
        (site / module.PACKAGE / "__init__.py").write_text("raise SystemExit('was run')\n")
        if files is not None:
            folder = site / module.PACKAGE / "model"
            folder.mkdir()
            for name in files:
                (folder / name).write_text("{}")
        monkeypatch.setattr(sys, "path", [str(site), *sys.path])
        sys.path_importer_cache.clear()

    return install


def test_absence_is_said_once_and_to_whoever_asks(monkeypatch, caplog):
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_of_encoders")
    module._log_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert open_encoder(Settings()) is None
        assert open_encoder(Settings()) is None
    assert [record.getMessage() for record in caplog.records] == [missing(Settings())]
    assert module.INSTALL in missing(Settings())


def test_none_is_a_choice_and_no_warning(caplog):
    assert open_encoder(Settings(encoder="none")) is None
    assert "words alone" in missing(Settings(encoder="none"))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (None, "Install it again"),
        ((), "is missing. Install it again"),
        (MINILM.files, "does not have its checksum"),
        ((*MINILM.files, "pytorch_model.bin"), "is a pickle"),
        ((*MINILM.files, "more.json"), "more.json is not in"),
    ],
)
def test_a_damaged_package_is_refused_and_not_run(package, files, says):
    package(files)
    assert says in missing(Settings())
    assert open_encoder(Settings()) is None
    assert module.PACKAGE not in sys.modules


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (None, "config.json is missing or unreadable"),
        ("{", "config.json is missing or unreadable"),
        ("[]", "names no width"),
        (json.dumps({"hidden_size": "wide"}), "names no width"),
    ],
)
def test_a_folder_that_is_no_encoder(tmp_path, config, says):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    assert says in missing(Settings(encoder=str(tmp_path)))


def test_a_folder_that_is_not_there():
    assert "/nowhere/at/all, which is no folder" in missing(Settings(encoder="/nowhere/at/all"))


def test_the_folder_may_be_written_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text('{"hidden_size": 8}')
    assert open_encoder(Settings(encoder="~/mine")).width == 8


def test_the_way_to_install_it_is_in_the_repository():
    root = Path(__file__).parents[3]
    named = module.INSTALL.rsplit(" ", 1)[-1]
    [line] = [
        line for line in (root / named).read_text().splitlines() if line and line[0] not in "# "
    ]
    assert line.split("==")[0].replace("-", "_") == module.PACKAGE
    assert f"--no-deps -r {named}" in (root / "Makefile").read_text()
