"""A client that speaks the dialect byte by byte, as the test client of the site."""

import json
from typing import Any

from django.test import Client


class DatadogClient:
    """Sends what it is told to, with the headers of a pair of keys, and shows whole answers."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self._client = Client(raise_request_exception=False)
        self._headers = headers or {}

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """Send a request with a JSON body, if any; return the answer."""
        return self._client.generic(
            method,
            path,
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self._headers,
            RAW_URI=path,
            **extra,
        )

    def get(self, path: str) -> Any:
        """Read."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Write anew."""
        return self.send("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Replace."""
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Change."""
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Delete."""
        return self.send("DELETE", path)
