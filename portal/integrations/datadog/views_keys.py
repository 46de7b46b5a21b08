"""Whether keys are good."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.datadog.answers import ErrorForm
from portal.integrations.datadog.views import DatadogView
from portal.integrations.models import ApiCredential

# The one organisation there is; the same on every installation, and nobody else's.
ORGANISATION = str(uuid5(NAMESPACE_URL, "https://tidemark.invalid/organisation"))


class ValidateV1(DatadogView):
    """Say that an API key is good."""

    renderer_classes = (JSONRenderer,)
    error_form = ErrorForm.TEXTS
    needs_only_api_key = True

    def get(self, request: Request) -> Response:
        """Answer; a request without a good key did not come this far."""
        return Response({"valid": True})


class ValidateV2(DatadogView):
    """Say whose an API key is, and what it may do."""

    error_form = ErrorForm.TEXTS
    needs_only_api_key = True

    def get(self, request: Request) -> Response:
        """Answer with the id of the credential; that of an API token where one was sent."""
        auth: Any = request.auth
        # The primary key of a token is its digest.
        identifier = auth.client_id if isinstance(auth, ApiCredential) else auth.token_key
        return Response(
            {
                "data": {
                    "id": ORGANISATION,
                    "type": "validate_v2",
                    "attributes": {
                        "valid": True,
                        "api_key_id": identifier,
                        "api_key_scopes": [auth.scope],
                    },
                }
            }
        )


class ValidateKeys(DatadogView):
    """Say that an API key and an application key are good, and belong together."""

    renderer_classes = (JSONRenderer,)
    error_form = ErrorForm.TEXTS

    def get(self, request: Request) -> Response:
        """Answer; a request without good keys did not come this far."""
        return Response({"status": "ok"})
