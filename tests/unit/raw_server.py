"""A server that says byte by byte what a test wants said, which no polite server would."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]


@dataclass
class RawServer:
    """A listening port of the loopback address, and the requests that came in there, whole."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def saying(*parts: bytes) -> Behaviour:
    """Return the behaviour of sending these bytes and closing the connection."""
    return lambda connection: connection.sendall(b"".join(parts))


def ok(body: bytes = b"", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


@contextmanager
def raw_server(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Serve one connection after the other, each by the next behaviour and the rest by the last."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1])

    def serve() -> None:
        for number in range(100):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            behaviour = behaviours[min(number, len(behaviours) - 1)]
            # The other side hangs up in the middle whenever it has had enough.
            with suppress(OSError), connection:
                connection.settimeout(5)
                answer(connection, behaviour)

    def answer(connection: socket.socket, behaviour: Behaviour) -> None:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
            server.requests.append(_request(stream))
            behaviour(stream)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def _request(stream: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        part = stream.recv(65536)
        if not part:
            return received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += stream.recv(65536)
    return head + b"\r\n\r\n" + body
