"""A process of its own for a run: it outlives the server, the page and the terminal that began it.

Its settings are this process's: what was given here by hand and stands in no file goes along in its
environment, which only its own user can read. Nothing of them stands in its command line.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chatbot import settings as configuration
from chatbot.errors import Refused
from chatbot.settings import Settings

LOG = "log.txt"
_MODULE = "chatbot.learning.jobs"


def begin(run: str, settings: Settings, folder: Path) -> None:
    """Start the process of a claimed run. Raises Refused."""
    # -P: what lies in the folder where the server was started is no part of the program.
    command = [sys.executable, "-P", "-m", _MODULE, run]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(folder / LOG, "ab", opener=_private) as log:
            process = subprocess.Popen(  # noqa: S603  our own module, and an id of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | environment(settings),
                **_detached(),
            )
    except OSError as error:
        raise Refused(
            f"The run's process cannot be started: {error.strerror or error}. "
            "Nothing was trained; resume the run when that is settled."
        ) from error
    # Who has ended is a process as long as its parent does not ask.
    threading.Thread(target=process.wait, name=f"run {run}", daemon=True).start()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def environment(settings: Settings) -> dict[str, str]:
    """The settings that differ from those which a new process would find by itself."""
    found = configuration.load()
    return {
        f"CHATBOT_{name.upper()}": _as_text(getattr(settings, name))
        for name in Settings.model_fields
        if getattr(settings, name) != getattr(found, name)
    }


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Path | int | float):
        return str(value)
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    return {name: getattr(value, name) for name in type(value).model_fields}


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        return {"creationflags": flags}
    return {"start_new_session": True}
