"""What must never be touched: a server that nobody may ask, and a file that nobody may read.

`Canary` counts what anybody asks it for, whatever they ask. `forms` spells its address in the ways
that slip past a check of the text. `traversals` spells the way to a file outside of a folder.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote


class Canary:
    """A server on loopback that has nothing. `asked` holds the first line of every request.

    With `to`, it sends everybody on to another address (307: with method and body).
    """

    def __init__(self, to: str | None = None) -> None:
        asked = self.asked = list[bytes]()
        status = b"404 No" if to is None else b"307 On\r\nLocation: " + to.encode()

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                asked.append(self.rfile.readline())
                length = 0
                while (line := self.rfile.readline()) not in (b"\r\n", b"\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.rfile.read(length)
                self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "Canary":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def forms(port: int) -> list[str]:
    """Addresses that all lead to a port of this machine."""
    hosts = (
        "127.0.0.1",
        "localhost",
        "LOCALHOST.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0.0.0.0",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "①②⑦.⓪.⓪.①",
        "user:pass@127.0.0.1",
        "example.com@127.0.0.1",
    )
    urls = [f"http://{host}:{port}/canary" for host in hosts]
    tricks = (
        f"HTTP://127.0.0.1:{port}/canary",
        f"//127.0.0.1:{port}/canary",
        f"\\\\127.0.0.1:{port}\\canary",
        f"http:\\\\127.0.0.1:{port}\\canary",
        f" http://127.0.0.1:{port}/canary",
        f"http://127.0.0.1:{port}#@example.com/",
        f"ftp://127.0.0.1:{port}/canary",
        f"gopher://127.0.0.1:{port}/_GET",
        f"ws://127.0.0.1:{port}/canary",
    )
    return [*urls, *tricks]


def traversals(target: Path, inside: Path | None = None) -> list[str]:
    """Spellings of a path, as bytes of a URL may hold them. `inside`: the folder to climb from."""
    there = str(target)
    ups = [f"{'../' * depth}{there.lstrip('/')}" for depth in (1, 4, 8, 16)]
    if inside is not None:
        ups.append(f"{'../' * (len(inside.parts) - 1)}{there.lstrip('/')}")
    plain = [there, f"/{there}", f"./{there}", *ups]
    last = ups[-1]
    changed = (
        last.replace("../", "..%2f"),
        last.replace("../", "%2e%2e/"),
        last.replace("../", "%2e%2e%2f"),
        last.replace("../", "%252e%252e%252f"),
        last.replace("../", "%c0%ae%c0%ae%c0%af"),
        last.replace("../", "%uff0e%uff0e%u2215"),
        last.replace("../", "..\\"),
        last.replace("../", "..%5c"),
        last.replace("../", "....//"),
        last.replace("../", "..;/"),
        last.replace("../", ".%00./"),
        f"{last}%00.js",
        f"{last}%23.js",
        f"{last}?x.js",
        f"{last}/.",
        f"x/{last}",
        f"app.js/../{last}",
        f"file://{there}",
        f"file:{there}",
        f"FILE:///{there}",
        quote(there, safe=""),
        there.upper(),
        f"~root{there}",
    )
    return [*plain, *changed]
