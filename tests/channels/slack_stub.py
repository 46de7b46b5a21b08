"""A server that takes messages as Slack does, on a port of the loopback address.

It refuses what Slack would: too many blocks, texts that are too long, a token or an address that it
does not know. What it is told to do first, it does instead of taking a message.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any
from urllib.parse import parse_qs

TOKEN = "xoxb-s3cret"
HOOK = "/services/T000/B000/s3cret"


@dataclass(frozen=True)
class Trouble:
    """An answer that is no success: after a while, with a status and headers."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"trouble"
    seconds: float = 0
    takes_message: bool = False


@dataclass
class SlackStub:
    """What came in, and what goes wrong before anything is taken."""

    port: int
    messages: list[dict[str, Any]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    refused_methods: dict[str, str] = field(default_factory=dict)

    @property
    def hook(self) -> str:
        return f"http://127.0.0.1:{self.port}{HOOK}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def trouble(self, path: str) -> Trouble | None:
        is_message = path == HOOK or path.endswith("chat.postMessage")
        return self.troubles.pop(0) if is_message and self.troubles else None


def faults_of(payload: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse of a message."""
    blocks = payload.get("blocks", [])
    if not payload.get("text"):
        yield "no_text"
    if len(blocks) > 50:
        yield "too_many_blocks"
    for block in blocks:
        yield from _block_faults(block)


def _block_faults(block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield from _text_faults(block["text"], 150, "plain_text")
        case "section":
            if "text" not in block and not block.get("fields"):
                yield "empty_section"
            if "text" in block:
                yield from _text_faults(block["text"], 3_000, "mrkdwn")
            if len(block.get("fields", [])) > 10:
                yield "too_many_fields"
            for item in block.get("fields", []):
                yield from _text_faults(item, 2_000, "mrkdwn")
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield "wrong_number_of_elements"
            for item in block["elements"]:
                yield from _text_faults(item, 3_000, "mrkdwn")
        case "image":
            if not 1 <= len(block["alt_text"]) <= 2_000 or len(block["title"]["text"]) > 2_000:
                yield "image_text_too_long"
        case other:
            yield f"unknown_block_{other}"


def _text_faults(text: dict[str, Any], limit: int, kind: str) -> Iterator[str]:
    if text["type"] != kind:
        yield f"not_{kind}"
    if not 1 <= len(text["text"]) <= limit:
        yield f"length_{len(text['text'])}"


@contextmanager
def slack_stub(*troubles: Trouble) -> Iterator[SlackStub]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            stub.requests.append(self.path)
            trouble = stub.trouble(self.path)
            if trouble is not None:
                sleep(trouble.seconds)
                if trouble.takes_message:
                    stub.messages.append(json.loads(body))
                self._answer(trouble.status, trouble.body, trouble.headers)
            elif self.path == HOOK:
                self._hook(body)
            elif self.path.startswith("/api/"):
                self._method(self.path.removeprefix("/api/"), body)
            elif self.path == "/upload/secret-place":
                stub.files.append(body)
                self._answer(200, b"OK - 1")
            else:
                self._answer(404, b"no_service")

        def _hook(self, body: bytes) -> None:
            payload = json.loads(body)
            if faults := list(faults_of(payload)):
                self._answer(400, ",".join(faults).encode())
                return
            stub.messages.append(payload)
            self._answer(200, b"ok")

        def _method(self, method: str, body: bytes) -> None:
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._said({"ok": False, "error": "invalid_auth"})
            elif method in stub.refused_methods:
                self._said({"ok": False, "error": stub.refused_methods[method]})
            elif method == "files.getUploadURLExternal":
                assert int(parse_qs(body.decode())["length"][0]) > 0
                place = f"http://127.0.0.1:{stub.port}/upload/secret-place"
                self._said({"ok": True, "upload_url": place, "file_id": "F123"})
            elif method == "files.completeUploadExternal":
                self._said({"ok": True, "files": json.loads(body)["files"]})
            else:
                self._message(json.loads(body))

        def _message(self, payload: dict[str, Any]) -> None:
            if list(faults_of(payload)):
                self._said({"ok": False, "error": "invalid_blocks"})
                return
            stub.messages.append(payload)
            self._said({"ok": True, "channel": "C1", "ts": "1.2"})

        def _said(self, document: dict[str, Any]) -> None:
            self._answer(200, json.dumps(document).encode())

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            # The other side hangs up when it has waited long enough.
            with suppress(OSError):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = SlackStub(server.server_address[1], troubles=list(troubles))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
