"""A client of the wire dialect: it sends paths as a server gets them, and an access token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client


@dataclass
class PortClient:
    """Sends JSON below ``/v1``; paths are encoded by the test, as clients do."""

    token: str = ""
    agent: str = "tests/1"
    client: Client = field(default_factory=Client)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> HttpResponse:
        """Return the answer; `path` starts below ``/v1``."""
        whole = {"user-agent": self.agent, **(headers or {})}
        if self.token:
            whole["authorization"] = f"Bearer {self.token}"
        sent = f"/v1{path}"
        if body is not None:
            extra |= {"data": body, "content_type": "application/json"}
        call = getattr(self.client, method)
        return call(sent, headers=whole, RAW_URI=sent, **extra)

    def get(self, path: str, **kwargs: Any) -> HttpResponse:
        """Send a GET."""
        return self.send("get", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> HttpResponse:
        """Send a POST."""
        return self.send("post", path, {} if body is None else body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> HttpResponse:
        """Send a PUT."""
        return self.send("put", path, {} if body is None else body, **kwargs)

    def patch(self, path: str, body: Any = None, **kwargs: Any) -> HttpResponse:
        """Send a PATCH."""
        return self.send("patch", path, {} if body is None else body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> HttpResponse:
        """Send a DELETE."""
        return self.send("delete", path, **kwargs)


def check_answer(answer: HttpResponse) -> None:
    """Hold an answer to the shape of the dialect; none is a fault of ours."""
    assert answer.status_code < 500, answer.content
    said = answer.json()
    assert said["ok"] is (answer.status_code < 300)
    if not said["ok"]:
        assert isinstance(said["error"], str)
        assert isinstance(said["message"], str)
        assert said["error"]
        assert said["message"]
