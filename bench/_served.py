"""A server as a person starts it, watched from outside: for benchmarks."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 2**20


@dataclass
class Server:
    """A running `chatbot serve`; `begun` is when its process was started."""

    process: psutil.Popen
    address: str
    begun: float

    def get(self, path: str) -> bytes:
        """The body of a path, whatever the status."""
        try:
            with urllib.request.urlopen(self.address + path) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()

    def worked(self) -> float:
        """Seconds that it has kept a processor busy."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def age(self) -> float:
        """Seconds since the start of the process."""
        return time.perf_counter() - self.begun

    def memory(self) -> float:
        """Resident memory in MiB."""
        return float(self.process.memory_info().rss) / MIB


@contextmanager
def served(home: Path, model: str, **settings: str) -> Iterator[Server]:
    """Start the server as a person does; `settings` are further variables."""
    environment = {name: value for name, value in os.environ.items() if "CHATBOT_" not in name}
    environment |= {"CHATBOT_HOME": str(home), "CHATBOT_MODEL": model, **settings}
    begun = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", "0"],
        env=environment,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it tells people that it starts
        text=True,
    )
    try:
        found = re.search(r"http://[^\s/]+", process.stdout.readline())
        assert found is not None, "the server did not say where it is"
        yield Server(process, found[0], begun)
    finally:
        process.terminate()
        process.wait(90)  # longer than it lets answers end
        process.stdout.close()
