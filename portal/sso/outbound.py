"""What allauth sends, sent through portal.http, under the same rules as everything else."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote, urlencode

from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from portal.http import Answer, Outbound, OutboundError, send


class Reply:
    """An answer, as allauth reads one. Raises `OAuth2Error` where it cannot be used."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status_code = answer.status
        self.headers = answer.headers
        self.text = answer.text
        # It stands in messages: what a provider says of a fault may hold secrets.
        self.content = b"(not shown)"

    def raise_for_status(self) -> None:
        """Raise where the provider did not do what was asked."""
        if not self._answer.is_success:
            raise OAuth2Error(f"The provider answered with status {self._answer.status}.")

    def json(self) -> dict[str, Any]:
        """Return the object that the provider sent."""
        try:
            document = json.loads(self._answer.body)
        except ValueError:
            raise OAuth2Error("The provider's answer is no JSON.") from None
        if not isinstance(document, dict) or self._answer.is_cut:
            raise OAuth2Error("The provider's answer is no object, or too long.")
        return document


class Session:
    """What of a session of requests allauth uses."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Fetch a document; it may be asked for twice without harm."""
        return _sent(Outbound(method="GET", url=url, headers=headers or {}, retries=1))

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> Reply:
        """Send a form, as the exchange of a code for a token does."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        if auth is not None:
            pair = f"{quote(auth.username, safe='')}:{quote(auth.password, safe='')}"
            sent["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        address = f"{url}?{urlencode(params)}" if params else url
        body = urlencode(data or {}).encode()
        return _sent(Outbound(method=method, url=address, headers=sent, body=body))


def _sent(request: Outbound) -> Reply:
    try:
        return Reply(send(request))
    except OutboundError as error:
        raise OAuth2Error(str(error)) from error
