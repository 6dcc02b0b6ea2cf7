"""A little OpenTelemetry collector on loopback: takes spans by HTTP, as protobuf."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collected:
    """`spans` as they came; `about` is what the last batch says of its sender."""

    def __init__(self):
        self.spans = []
        self.about = {}
        self.paths = []
        self.raw = b""
        self._came = threading.Condition()

    def take(self, path, body):
        asked = ExportTraceServiceRequest.FromString(body)
        with self._came:
            self.raw += body
            self.paths.append(path)
            for one in asked.resource_spans:
                self.about = values_of(one.resource.attributes)
                self.spans += [span for scope in one.scope_spans for span in scope.spans]
            self._came.notify_all()

    def wait_for(self, count):
        """Spans by name, once so many have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.spans) >= count, 30)
        return {span.name: span for span in self.spans}


def values_of(attributes):
    """Attributes as plain values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def collector():
    """A collector that listens; gives what it collected, and its address."""
    collected = Collected()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collected.take(self.path, body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collected, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
