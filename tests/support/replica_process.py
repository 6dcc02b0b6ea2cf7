"""Servers that are there to be killed, forked from one process that made everything ready once.

    python -m tests.support.replica_process SETTINGS

Reads a port a line (0: any) and prints `born PID` for each; the server then prints `at PORT`.
Forked before anything runs: no thread, no connection and no number of a replica is shared.
"""

import json
import os
import signal
import sys

from chatbot.bootstrap import build
from chatbot.settings import Settings
from ui import web


def _tell(line: str) -> None:
    if line.startswith("The chat is at"):
        print("at", line.rstrip("/").rpartition(":")[2], flush=True)


def main(given: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    product = build(Settings.model_validate(json.loads(given)))
    app = web.create_app(product)
    product.database.close()
    print("ready", 0, flush=True)
    for line in sys.stdin:
        if not (born := os.fork()):
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            web.create_app = lambda _: app
            web.serve(product, "127.0.0.1", int(line), tell=_tell)
            product.close()
            os._exit(0)
        print("born", born, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
