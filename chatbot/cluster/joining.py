"""Ray, joined or started: on loopback unless an address is named, and without its telemetry.

Ray 2.60 reports how it is used unless told not to, asks the cloud's metadata address which
cloud it is in even then (ray/dashboard/modules/usage_stats/usage_stats_head.py), and listens on
the machine's address. Here: RAY_USAGE_STATS_ENABLED=0, a proxy at a closed port of loopback for
that one question, and loopback for the rest.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot.errors import Refused

MISSING = 'Ray is not installed. `pip install "chatbot[cluster]"` brings it.'
NOWHERE = "http://127.0.0.1:9"
"""The proxy that is asked while Ray starts: nobody listens there."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
AT_HOME = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Everything on 127.0.0.1: Ray's name for it, whatever the system is."""
PROXIES = {"http_proxy": NOWHERE, "no_proxy": "127.0.0.1,localhost"}


def ray_library(*, at_home: bool) -> Any:
    """The library, told to be quiet before its first import. Raises Refused: it is not there."""
    os.environ.update(QUIET | (AT_HOME if at_home else {}))
    try:
        import ray
    except ImportError:
        raise Refused(MISSING) from None
    return ray


@contextmanager
def joined(address: str = "", *, processors: int | None = None) -> Iterator[Any]:
    """Ray, connected to the cluster at `address`; "": one of this machine's own, for this process.

    One that this process is connected to already is used as it is. Raises Refused.
    """
    ray = ray_library(at_home=not address)
    if ray.is_initialized():
        yield ray
        return
    try:
        with proxied() if not address else unproxied():
            ray.init(
                address=address or "local",
                num_cpus=None if address else processors,
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
                **({} if address else {"_node_ip_address": "127.0.0.1"}),
            )
    except Exception as error:  # noqa: BLE001  Ray raises bare ones where it does not start in time
        reason = str(error).strip().partition("\n")[0]
        where = f"No Ray cluster answers at {address}" if address else "Ray does not start here"
        raise Refused(f"{where}: {reason[:300]}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def proxied() -> Iterator[None]:
    """While Ray starts its processes, which inherit this."""
    before = {name: os.environ.get(name) for name in PROXIES}
    os.environ.update(PROXIES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def unproxied() -> Iterator[None]:
    """Nothing is set: the cluster runs already."""
    yield


def go_out() -> None:
    """Let a process of the cluster reach other servers again: it inherited the proxy to nowhere."""
    if os.environ.get("http_proxy") == NOWHERE:
        for name in PROXIES:
            os.environ.pop(name, None)
