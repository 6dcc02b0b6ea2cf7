"""A receiver of webhooks on loopback that answers well, or as a test tells it to."""

import contextlib
import socket
import ssl
import threading
from contextlib import contextmanager

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Receiver:
    """`taken` are (headers in lower case, body). `answers` come first, one each.

    An answer is bytes, or a function that gets the connection and does with it what it likes.
    """

    def __init__(self, listener, tls=None):
        self.taken = []
        self.answers = []
        self.port = listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"
        self.closing = threading.Event()
        self._listener = listener
        self._tls = tls

    def run(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_side=True)
            with link:
                self.taken.append(_request(link))
                answer = self.answers.pop(0) if self.answers else OK
                if callable(answer):
                    answer(link)
                else:
                    link.sendall(answer)

    def drip(self, link):
        """A head that never ends, a few bytes at a time."""
        link.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self.closing.wait(0.02):
            link.sendall(b"x: y\r\n")

    def flood(self, link):
        """A head that never ends, as fast as it goes."""
        link.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while not self.closing.is_set():
            link.sendall(b"y" * 65536)

    def endless_body(self, link):
        """A head, and then a body without end."""
        link.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.closing.is_set():
            link.sendall(b"5\r\nhello\r\n")

    def silence(self, _link):
        """Nothing at all."""
        self.closing.wait(60)


def _request(link):
    seen = b""
    while b"\r\n\r\n" not in seen:
        more = link.recv(65536)
        if not more:
            raise OSError
        seen += more
    head, _, body = seen.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
    headers[":first"] = first
    while len(body) < int(headers.get("content-length", "0")):
        body += link.recv(65536)
    return headers, body


@contextmanager
def receiver(*, host="127.0.0.1", port=0, tls=None):
    """A receiver that listens. `tls` is a server's SSLContext."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(16)
    made = Receiver(listener, tls)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.closing.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
