"""A request written by hand, for what an HTTP library would tidy or refuse to send."""

import socket
from urllib.parse import urlsplit


def exchange(address: str, request: str | bytes) -> bytes:
    """Everything that the server at an address says to these bytes, until it closes."""
    at = urlsplit(address)
    given = request if isinstance(request, bytes) else request.encode("utf-8", "surrogatepass")
    with socket.create_connection((at.hostname or "", at.port or 80), timeout=30) as connection:
        connection.sendall(given)
        said = b""
        try:
            while part := connection.recv(65_536):
                said += part
        except ConnectionResetError:
            pass
    return said
