"""Where credentials become access tokens."""

import time
from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.credentials import find_by_secret, note_use
from portal.integrations.port import tokens
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView
from portal.integrations.port.wrong_secrets import waiting_room, wrong_secrets


class AccessTokenView(PortView):
    """``POST {"clientId", "clientSecret"}`` gives an access token for three hours."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """Return a challenge: without one, the framework would say 403."""
        return 'Bearer realm="v1"'

    def post(self, request: Request) -> Response:
        """Issue a token. A secret that keeps being wrong is refused without a look at it."""
        client_id, secret = _pair(self.body())
        moment = time.monotonic()
        if wait := wrong_secrets.wait(client_id, secret, now=moment):
            waiting_room.wait()
            raise exceptions.Throttled(wait, "This secret is wrong, and was tried too often.")
        credential = find_by_secret(client_id, secret)
        if credential is None:
            wrong_secrets.note(client_id, secret, now=moment)
            raise exceptions.AuthenticationFailed("The client id or the secret is wrong.")
        now = timezone.now()
        note_use(credential, now)
        token = tokens.issue(credential, now=now)
        return success(accessToken=token, expiresIn=tokens.LIFETIME, tokenType="Bearer")  # noqa: S106


def _pair(body: dict[str, Any]) -> tuple[str, str]:
    pair = body.get("clientId"), body.get("clientSecret")
    for name, value in zip(("clientId", "clientSecret"), pair, strict=True):
        if not isinstance(value, str):
            raise Invalid.at(name, "give a text")
    return pair[0], pair[1]
