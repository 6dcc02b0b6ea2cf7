"""Looks at everything Chatbot stands on and says what to do about what it finds.

Changes nothing: it creates no folder, no database and no table. It never fails: a check that breaks
is a finding of its own. Imports neither torch nor a model; what cannot be known without them is
said to be unknown.
"""

import asyncio
import difflib
import errno
import os
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot import machine, mail, maintenance, promotion, servers
from chatbot import settings as configuration
from chatbot.errors import ChatbotError
from chatbot.machine import Finding as Finding
from chatbot.settings import HostedModel, Settings

if TYPE_CHECKING:
    from chatbot.backends.checkpoint import Manifest
    from chatbot.backends.registry import ModelInfo, Registry
    from store.journal import Journal

PATIENCE = 15.0
"""Seconds that one check may take: a database behind a dead address must not hang the doctor."""

GIB = 1024**3
LITTLE_SPACE, TOO_LITTLE_SPACE = 2 * GIB, GIB // 10


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting in force; `source` is `environment`, a file, `default` or `unknown`."""

    name: str
    value: str
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class Report:
    """All findings and all settings."""

    findings: tuple[Finding, ...]
    settings: tuple[SettingLine, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is bad; warnings are allowed."""
        return all(finding.level != "bad" for finding in self.findings)


def examine(running: Settings | None = None) -> Report:
    """Look at everything. Takes seconds at most and raises nothing.

    `running`: the settings of the server that asks, in place of those to be found here.
    """
    findings = [finding for name in _ALWAYS for finding in look(name, None)]
    settings: Settings | None = None
    try:
        settings = running or configuration.load()
        findings += [Finding("settings", "ok", _config_in_words())]
    except Exception as error:  # noqa: BLE001  whatever is broken becomes a finding
        findings += [Finding("settings", "bad", _told(error), _SETTINGS_ADVICE)]
    if settings is not None:
        findings += [finding for name in _OF_SETTINGS for finding in look(name, settings)]
    return Report(tuple(findings), tuple(_setting_lines(settings)))


_SETTINGS_ADVICE = (
    "Mend it in the environment or in chatbot.toml, then run `chatbot doctor` again for the rest."
)


def parts() -> tuple[str, ...]:
    """The names of all that can be looked at by itself, in the order of a report."""
    return *_ALWAYS, *_OF_SETTINGS


def look(part: str, settings: Settings | None) -> list[Finding]:
    """Look at one part, seconds at most; raises nothing. Those about settings need them."""
    if part in _ALWAYS:
        return _guarded(part, _ALWAYS[part])
    about = _OF_SETTINGS[part]
    return [] if settings is None else _guarded(part, lambda: about(settings))


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of a check, run for at most PATIENCE seconds and never raising."""
    result: list[Finding] = []

    def run() -> None:
        try:
            result.extend(check())
        except Exception as error:  # noqa: BLE001  whatever is broken becomes a finding
            result.append(Finding(name, "bad", _told(error), "Mend it and look again."))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        return [
            Finding(name, "bad", f"No result within {PATIENCE:.0f} s.", "See what it waits for.")
        ]
    return result


def _told(error: Exception) -> str:
    """Our errors are sentences for people; of others only the kind and system reason are shown."""
    if isinstance(error, ChatbotError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"The check itself failed: {type(error).__name__}{reason and f' ({reason})'}."


def _sqlite() -> Iterable[Finding]:
    journal = _journal()
    found = f"SQLite {sqlite3.sqlite_version}, journal mode {journal.mode}. {journal.reason}"
    yield Finding("sqlite", "ok", found)


def _journal() -> "Journal":
    from store.journal import journal_for

    return journal_for(sqlite3.sqlite_version_info)


def _variables() -> Iterable[Finding]:
    names = [f"CHATBOT_{name.upper()}" for name in Settings.model_fields]
    for variable in configuration.unknown_variables():
        near = difflib.get_close_matches(variable, names, n=2)
        advice = (
            f"Did you mean {' or '.join(near)}?" if near else "Remove it: no setting has this name."
        )
        yield Finding("variables", "warn", f"{variable} is set and nothing reads it.", advice)


def _config_in_words() -> str:
    file = configuration.config_file()
    return f"Read from the environment and {file}" if file else "Read; there is no chatbot.toml"


def _home(settings: Settings) -> Iterable[Finding]:
    home = settings.home_folder
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "home", "bad", f"{home} cannot be written.", "Change its rights or set CHATBOT_HOME."
        )
        return
    if there != home:
        yield Finding("home", "ok", f"{home} is made at the first start.")
    elif os.name == "posix" and home.stat().st_mode & 0o077:
        yield Finding(
            "home",
            "warn",
            f"{home} may be read by other people of this machine.",
            f"Conversations lie there: chmod 700 {home}",
        )
    else:
        yield Finding("home", "ok", f"{home}")
    yield _disk(there)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB free at {folder}"
    if free < TOO_LITTLE_SPACE:
        return Finding("disk", "bad", found, "Free some space: soon nothing can be saved.")
    if free < LITTLE_SPACE:
        return Finding("disk", "warn", found, "Free some space before it runs out.")
    return Finding("disk", "ok", found)


def _database(settings: Settings) -> Iterable[Finding]:
    state = maintenance.check_database(settings)
    if not state.exists:
        yield Finding("database", "ok", f"{state.where} is made at the first start.")
    elif not state.ok:
        yield Finding("database", "bad", f"{state.where}: {state.in_words()}", state.problem)
    elif settings.database.startswith("sqlite") and state.journal != _journal().mode:
        yield Finding("database", "warn", f"{state.where}: {state.in_words()}", state.reason)
    else:
        yield Finding("database", "ok", f"{state.where}: {state.in_words()}")


def _accounts(settings: Settings) -> Iterable[Finding]:
    if settings.auth == "solo":
        yield Finding("accounts", "ok", "solo: one local person with every role, and no login.")
        return
    count = maintenance.administrators(settings)
    if count:
        found = f"{count} administrator{'s' * (count != 1)} can log in."
        yield Finding("accounts", "ok", found)
    else:
        yield Finding(
            "accounts",
            "warn",
            "No administrator can log in yet.",
            "Open the link that `chatbot serve` prints, or: chatbot users add LOGIN --role admin",
        )
    if not settings.https and not configuration.is_loopback(settings.host):
        yield Finding(
            "cookies",
            "warn",
            f"Passwords and cookies travel unprotected to {settings.host}: cookies are not Secure.",
            "Put a proxy that speaks https in front, then set CHATBOT_HTTPS=true.",
        )


_PROVIDER_SAYS = {
    "silent": "does not answer.",
    "iss": "writes its issuer differently.",
    "keys": "has no keys that we can read.",
}


def _openid(settings: Settings) -> Iterable[Finding]:
    from chatbot import openid
    from chatbot.errors import SignInFailed

    if not settings.oidc_issuer:
        return
    provider = openid.open_provider(settings)
    if provider is None:
        solo = settings.auth == "solo"
        yield Finding("openid", "warn" if solo else "bad", openid.missing(settings))
        return
    try:
        asyncio.run(provider.check())
    except SignInFailed as error:
        says = _PROVIDER_SAYS.get(error.why, f"gave an answer that does not fit ({error.why}).")
        yield Finding(
            "openid",
            "bad",
            f"{settings.oidc_issuer} {says}",
            "See whether CHATBOT_OIDC_ISSUER is its issuer to the letter; passwords go on working.",
        )
    else:
        back = f"{settings.address()}/oidc/back"
        found = f"{settings.oidc_issuer} answers; it must know {back} as a redirect address."
        yield Finding("openid", "ok", found)


def _models(settings: Settings) -> Iterable[Finding]:
    from chatbot.backends.registry import Registry

    scripted = settings.scripted or settings.model == "scripted"
    local = Registry(settings.models_folder, scripted=scripted)
    for name in dict.fromkeys((settings.model, *settings.fallback)):
        yield from _guarded("model", lambda name=name: _model(settings, local, name))  # type: ignore[misc]
    for problem in local.problems():
        yield Finding("model", "warn", problem, "It is left out of the list of models.")


def _model(settings: Settings, local: "Registry", name: str) -> Iterable[Finding]:
    from chatbot.backends.checkpoint import read_manifest, verify

    for hosted in (*settings.hosted, *servers.connected(settings)):
        if name in (hosted.name, hosted.label):
            yield Finding("model", "ok", f"{_in_words(hosted)}.")
            return
    info = local.resolve(name)
    if info.path is None:
        yield Finding("model", "ok", f"{info.label}: {info.description}")
        return
    manifest = read_manifest(info.path)
    if manifest is None:
        advice = "They are written when it is first opened; add it from a source you trust."
        yield Finding("model", "warn", f"{info.label}: {info.path} has no checksums.", advice)
        return
    verify(info.path, manifest)
    size = sum(file.stat().st_size for file in info.path.iterdir() if file.is_file())
    found = f"{info.label}: {len(manifest.files)} files, {size / 1e6:.0f} MB, checksums right"
    yield Finding("model", "ok", found)
    yield _runtime(settings, info, manifest)


def _runtime(settings: Settings, info: "ModelInfo", manifest: "Manifest") -> Finding:
    """Which engine will compute the answers of a local model, as far as that is known now."""
    from chatbot.backends.fast import Fast

    if settings.runtime == "transformers":
        return Finding("runtime", "ok", "transformers, as the setting `runtime` says.")
    precision = "int8" if settings.runtime == "auto" else settings.runtime
    fast = Fast(settings.conversions_folder, precision)
    assert info.path is not None  # noqa: S101  a checkpoint of this machine
    if reason := fast.why_not(info.path):
        return Finding("runtime", "ok", f"transformers for {info.label}: {reason}.")
    if fast.find(info.path, manifest) is None:
        found = f"onnxruntime in {precision}, whose form of {info.label} is made at its first use."
        return Finding("runtime", "ok", found)
    return Finding("runtime", "ok", f"onnxruntime in {precision}, ready.")


def _encoder(settings: Settings) -> Iterable[Finding]:
    from chatbot.backends.encoder import missing

    reason = missing(settings)
    if reason:
        yield Finding("encoder", "ok" if settings.encoder == "none" else "warn", reason)
    else:
        yield Finding("encoder", "ok", f"{settings.encoder}: sentences are compared by meaning.")


def _prompt(settings: Settings) -> Iterable[Finding]:
    from chatbot.prompt_files import no_rendering
    from prompts import library

    names = ", ".join(library())
    if settings.prompt not in library():
        hint = f"Set CHATBOT_PROMPT to one of: {names}."
        yield Finding("prompt", "bad", f"There is no prompt {settings.prompt!r}.", hint)
    elif reason := no_rendering(settings):
        yield Finding("prompt", "bad", reason, "Make room for processes on this machine.")
    else:
        yield Finding("prompt", "ok", f"{settings.prompt}, of {names}")


def _port(settings: Settings) -> Iterable[Finding]:
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            yield Finding(
                "port",
                "warn" if taken else "bad",
                f"{where} cannot be used: {error.strerror}.",
                "If a Chatbot runs there, all is well; else set CHATBOT_PORT."
                if taken
                else "Set CHATBOT_HOST and CHATBOT_PORT to an address of this machine.",
            )
        else:
            yield Finding("port", "ok", f"{where} is free.")


def hidden(url: str) -> str:
    """A database or server address without its password."""
    url = re.sub(r"(://[^/@]*?:)[^/]*@", r"\1***@", url)
    return re.sub(r"(?i)((?:password|key|token)=)[^&\s]*", r"\1***", url)


def _setting_lines(settings: Settings | None) -> Iterable[SettingLine]:
    try:
        sources = configuration.sources()
    except Exception:  # noqa: BLE001  an unreadable chatbot.toml is told by another finding
        sources = {}
    for name, field in Settings.model_fields.items():
        value = "unknown" if settings is None else _in_words(getattr(settings, name))
        source = sources.get(name, "unknown")
        yield SettingLine(name, value, source, field.description or "")


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_in_words(part) for part in value)
    if isinstance(value, HostedModel):
        key = "key set" if value.api_key else "no key"
        return f"{value.name} ({value.model} at {hidden(value.base_url or value.provider)}, {key})"
    return hidden(str(value))


_ALWAYS: dict[str, Callable[[], Iterable[Finding]]] = {
    "python": machine.python,
    "sqlite": _sqlite,
    "gpu": machine.gpu,
    "variables": _variables,
}
_OF_SETTINGS: dict[str, Callable[[Settings], Iterable[Finding]]] = {
    "home": _home,
    "database": _database,
    "accounts": _accounts,
    "openid": _openid,
    "model": _models,
    "servers": servers.look,
    "served": promotion.look,
    "encoder": _encoder,
    "prompt": _prompt,
    "port": _port,
    "mail": lambda settings: (Finding(*told) for told in mail.look(settings.mailbox)),
}
