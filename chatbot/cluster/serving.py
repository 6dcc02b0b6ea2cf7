"""Starts the application from the terminal and ends it: on this machine, or on a cluster."""

import threading
from contextlib import ExitStack
from typing import Any, Self

from chatbot import settings as configuration
from chatbot.cluster.app import NAME, build
from chatbot.cluster.joining import joined
from chatbot.errors import Refused
from chatbot.settings import is_loopback


class Running:
    """The application while it runs. Ends it, and a Ray of this machine's own, when left."""

    def __init__(self, ends: ExitStack) -> None:
        self._ends = ends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def wait(self) -> None:
        """Wait for Ctrl+C."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def started(asked: dict[str, Any], *, address: str = "", host: str, port: int) -> Running:
    """Start it; seconds pass. `asked` as `app.Arguments`; `address` "": a Ray of its own, here.

    Raises Refused: Ray is not there, no cluster answers, the model does not open, or it would
    listen to strangers without a key. SettingsInvalid.
    """
    key = configuration.load().cluster_key.get_secret_value()
    if not is_loopback(host) and not key:
        raise Refused(f"Listening on {host} needs a key: set CHATBOT_CLUSTER_KEY.")
    with ExitStack() as ends:
        ends.enter_context(joined(address))
        from ray import serve

        serve.start(http_options={"host": host, "port": port})
        ends.callback(serve.shutdown)
        try:
            serve.run(build(asked), name=NAME, route_prefix="/")
        except RuntimeError as error:
            raise Refused(f"{asked['model']} cannot be served: {_reason(error)}") from None
        return Running(ends.pop_all())


def _reason(error: Exception) -> str:
    """The first line: what follows is Ray's own traceback."""
    return str(error).strip().partition("\n")[0][:300]
