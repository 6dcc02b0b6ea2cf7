"""The process that workers are forked from: it imports and rehearses all, then does as it is told.

It never runs an author's template with values of a person, so it is always there to fork and to
kill. It ends with its caller, because the other end of its socket is then closed, and takes the
workers with it. `python -c "…; from prompts.forking import main; main()" FD LIMITS`.
"""

import gc
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from prompts.wire import COMMAND, PID, Limits
from prompts.worker import Desk, work

_LOOK_AGAIN = 0.05
"""Seconds until a process that was killed is looked for again, so that its number is given back."""
_PROMPT = """---
name: rehearsal
inputs:
  - {name: words, kind: list}
  - {name: history, kind: thread}
---
system:
{% for word in words %}{{ loop.index }} {{ word|upper|tojson }}{% endfor %}
{{ history }}
user:
{% if words %}{{ words|join(", ") }}{% else %}{{ 1 / 0 }}{% endif %}
"""


def main() -> NoReturn:
    """Serve until the other end is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    limits = Limits(**json.loads(sys.argv[2]))
    for told_to_all in (signal.SIGINT, signal.SIGTERM):  # the caller may go on for a while
        signal.signal(told_to_all, signal.SIG_IGN)
    _rehearse(limits)
    gc.collect()
    gc.freeze()  # what is shared with the workers stays shared
    control.sendall(PID.pack(os.getpid()))
    try:
        _serve(control, limits)
    finally:
        os._exit(0)


def _rehearse(limits: Limits) -> None:
    """Do everything once, right and wrong: a worker cannot open a file to import from."""
    desk = Desk(limits)
    texts: dict[str, Any] = {"source": _PROMPT, "partials": {}, "examples": None}
    values = {"words": ["one"], "history": [{"role": "user", "content": "two"}]}
    asked = {**texts, "values": values, "chosen": None, "holes": True}
    desk.answer({**texts, "op": "parse"})
    for source in (_PROMPT, _PROMPT.replace("upper", "uper"), _PROMPT.replace("name:", "nam:")):
        desk.answer({**texts, "op": "lint", "source": source})
    for given in (values, {}, {"words": 3}):
        desk.answer({**asked, "op": "render", "values": given})
        desk.answer({**asked, "op": "preview", "values": given})


def _serve(control: socket.socket, limits: Limits) -> None:
    alive: set[int] = set()
    dying: set[int] = set()
    try:
        while True:
            dying = {pid for pid in dying if os.waitpid(pid, os.WNOHANG)[0] == 0}
            control.settimeout(_LOOK_AGAIN if dying else None)
            try:
                command, fds, _, _ = socket.recv_fds(control, COMMAND.size, 2)
            except TimeoutError:
                continue
            if len(command) < COMMAND.size:
                return
            what, number = COMMAND.unpack(command)
            if what == b"F":
                pid = _forked(control, fds, number, limits)
                if pid:
                    alive.add(pid)
                control.sendall(PID.pack(pid))
            elif number in alive:  # nobody has reaped it, so the number is nobody else's
                os.kill(number, signal.SIGKILL)
                alive.remove(number)
                dying.add(number)
    finally:
        for pid in alive:
            os.kill(pid, signal.SIGKILL)


def _forked(control: socket.socket, fds: list[int], nice: int, limits: Limits) -> int:
    """Return the new worker's number, or 0 where the machine has no room for one."""
    try:
        pid = os.fork()
        if pid == 0:
            control.close()
            work(fds[0], fds[1], nice, limits)
    except OSError:
        pid = 0
    for fd in fds:
        os.close(fd)
    return pid
