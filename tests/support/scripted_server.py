"""The script of chatbot/backends/scripted.py over real HTTP, as OpenAI's API would tell it.

    POST /v1/chat/completions   streamed and not        GET /v1/models

Faults happen on the wire: a status with Retry-After, silence, a connection that is reset, a stream
without its end, lines that are no JSON. In a test: `with ScriptedServer() as server: server.url`.
By hand: `python -m tests.support.scripted_server --port 8001`.
"""

import argparse
import contextlib
import json
import select
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chatbot.backends.scripted import End, Fail, FirstTimes, Say, Wait, last_user_text

MODEL = "scripted"
ERRORS = {
    "429": (429, "rate_limit_exceeded", "rate_limit_error"),
    "500": (500, "server_error", "server_error"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
}


class ScriptedServer(ThreadingHTTPServer):
    """Listens on loopback while its `with` block lasts; port 0 takes a free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port=0, key=None):
        super().__init__(("127.0.0.1", port), _Handler)
        self.key = key
        self.once = FirstTimes()
        self.requests = []  # bodies, as they came
        self.left = threading.Semaphore(0)  # released when a client leaves in the middle
        self.closing = threading.Event()

    @property
    def url(self):
        """What a client is given as its base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.closing.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # noqa: A002 (the base class names it)
        """Nothing: requests hold conversations."""

    def do_GET(self):
        if self.path == "/v1/models":
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}
            self._json(200, {"object": "list", "data": [model]})
        else:
            self._error(404, "not_found", "invalid_request_error")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/v1/chat/completions":
            return self._error(404, "not_found", "invalid_request_error")
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self._error(401, "invalid_api_key", "invalid_request_error")
        try:
            asked = json.loads(body)
            script = self.server.once.script(last_user_text(asked["messages"]))
            begun = asked["messages"][-1]
            steps = script.steps(
                begun=begun["content"] if begun["role"] == "assistant" else "",
                max_tokens=asked.get("max_completion_tokens") or asked.get("max_tokens"),
            )
        except (ValueError, KeyError, TypeError, IndexError):
            return self._error(400, "invalid_json", "invalid_request_error")
        self.server.requests.append(asked)
        with contextlib.suppress(_Left):
            if asked.get("stream"):
                usage = (asked.get("stream_options") or {}).get("include_usage", False)
                return self._stream(steps, usage)
            return self._answer(steps)
        self.close_connection = True
        self.server.left.release()
        return None

    def _answer(self, steps):
        text = ""
        for step in steps:
            if isinstance(step, Wait):
                self._wait(step.seconds)
            elif isinstance(step, Say):
                text += step.text
            elif isinstance(step, Fail):
                return self._fail(step)
            elif isinstance(step, End):
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "message": message, "finish_reason": step.finish}
                body = _envelope("chat.completion", [choice]) | {"usage": _usage(step.tokens)}
                return self._json(200, body)
        return None

    def _stream(self, steps, usage):
        began = False
        for step in steps:
            if isinstance(step, Fail) and not began:
                return self._fail(step)
            if isinstance(step, Fail):
                return self._reset()
            if isinstance(step, Wait):
                self._wait(step.seconds)
                continue
            if not began:
                began = True
                self._begin()
            if isinstance(step, Say):
                self._chunk([_delta({"content": step.text})])
            elif isinstance(step, End):
                self._end(step, usage)
        return None

    def _begin(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk([_delta({"role": "assistant", "content": ""})])

    def _end(self, end, usage):
        if end.finish:
            self._chunk([_delta({}, end.finish)])
            if usage:
                self._chunk([], usage=_usage(end.tokens))
            self._send(b"data: [DONE]\n\n")
        self._send(b"")

    def _chunk(self, choices, **more):
        event = _envelope("chat.completion.chunk", choices) | more
        self._send(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _send(self, data):
        try:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()
        except OSError as error:
            raise _Left from error

    def _wait(self, seconds):
        """Pause, but notice a client that leaves."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self.server.closing.is_set():
            left = 0.02 if until is None else min(0.02, until - time.monotonic())
            if left <= 0:
                return
            if select.select([self.connection], [], [], left)[0]:
                try:
                    here = self.connection.recv(1, socket.MSG_PEEK)
                except OSError:
                    here = b""
                if not here:
                    raise _Left
                time.sleep(left)  # the next request waits already
        raise _Left

    def _fail(self, fail):
        if fail.fault == "break":
            return self._reset()
        if fail.fault == "garbage":
            self._begin()
            self._send(b"data: {this is no JSON\n\n")
            return self._send(b"")
        return self._error(*ERRORS[fail.fault], retry_after=fail.retry_after)

    def _reset(self):
        """Drop the connection the hard way."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _error(self, status, code, kind, retry_after=None):
        error = {"message": "As the script says.", "type": kind, "param": None, "code": code}
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self._json(status, {"error": error}, headers)

    def _json(self, status, body, headers=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Left(Exception):
    """The client closed the connection."""


def _delta(delta, finish=None):
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _envelope(kind, choices):
    return {"id": "scripted-1", "object": kind, "created": 0, "model": MODEL, "choices": choices}


def _usage(tokens):
    return {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}


def main():
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible server on loopback.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--key", help="refuse requests without this bearer key")
    chosen = parser.parse_args()
    with ScriptedServer(chosen.port, chosen.key) as server, contextlib.suppress(KeyboardInterrupt):
        print(f"serving on {server.url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
