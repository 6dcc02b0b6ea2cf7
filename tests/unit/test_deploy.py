"""The files in deploy/: linters where there are some, and what they promise of one another."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from chatbot.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Healthcheck(Strict):
    test: list[str]
    interval: str
    timeout: str
    retries: int


class Depends(Strict):
    condition: Literal["service_started", "service_healthy"]


class Attached(Strict):
    ipv4_address: str | None = None


class Build(Strict):
    context: str
    dockerfile: str


class Service(Strict):
    """What the Compose Specification allows of a service, as far as we use it."""

    image: str
    build: Build | None = None
    restart: Literal["no", "always", "on-failure", "unless-stopped"]
    stop_grace_period: Annotated[str, Field(pattern=r"^\d+s$")] = "10s"
    environment: dict[str, str] = {}
    volumes: list[Annotated[str, Field(pattern=r"^[\w./-]+:/[\w./-]+(:ro)?$")]] = []
    networks: dict[str, Attached]
    ports: list[str] = []
    depends_on: dict[str, Depends] | list[str] = {}
    healthcheck: Healthcheck | None = None


class Compose(Strict):
    name: str
    server: Any = Field(alias="x-server")
    services: dict[str, Service]
    networks: dict[str, dict[str, Any]]
    volumes: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def compose():
    return Compose.model_validate(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def test_the_containerfile_passes_hadolint():
    command = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("no hadolint here: install .[test]")
    done = subprocess.run([command, DEPLOY / "Containerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_file_that_an_image_needs_is_copied_into_it():
    text = (DEPLOY / "Containerfile").read_text()
    copied = re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (DEPLOY.parent / name).exists(), name


def test_compose_names_services_that_are_there(compose):
    for name, service in compose.services.items():
        assert set(service.depends_on) <= set(compose.services), name
        assert set(service.networks) <= set(compose.networks), name
        for volume in service.volumes:
            source = volume.split(":")[0]
            known = source in compose.volumes or (DEPLOY / source).is_file()
            assert known, f"{name}: {source}"


def test_compose_sets_what_the_program_reads(compose):
    server = compose.services["chat-1"]
    given = {
        key.removeprefix("CHATBOT_").lower(): value for key, value in server.environment.items()
    }
    assert set(given) <= set(Settings.model_fields)
    assert json.loads(given["forwarded"]) == [
        compose.services["proxy"].networks["inside"].ipv4_address
    ]
    assert int(server.stop_grace_period[:-1]) > Settings.model_fields["drain_seconds"].default + 25


def test_nginx_asks_the_servers_of_compose(compose):
    text = (DEPLOY / "chatbot-upstream.conf").read_text()
    asked = re.findall(r"^server ([\w-]+):7860 ", text, re.MULTILINE)
    assert asked == [name for name in compose.services if name.startswith("chat-")]


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("no systemd here")
    unit = tmp_path / "chatbot@.service"
    there = (DEPLOY / "chatbot.service").read_text()
    unit.write_text(there.replace("/opt/chatbot/.venv/bin/chatbot", "/bin/true"))
    done = subprocess.run([command, "verify", unit], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "chatbot" in line]
    assert ours == []
