"""What the views of all wire dialects share."""

from typing import Any

from rest_framework import exceptions, negotiation, status
from rest_framework.request import Request


class LengthRequired(exceptions.APIException):
    """The body came without its length, and would be taken for none."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the length of the body in Content-Length; it may not come in chunks."


class OnlyJson(negotiation.BaseContentNegotiation):
    """JSON, whatever the client asks for: this dialect has nothing else."""

    def select_parser(self, request: Request, parsers: list[Any]) -> Any:
        """Return the only parser."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: list[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the only renderer."""
        return renderers[0], renderers[0].media_type


def require_length(request: Request) -> None:
    """Refuse a body that comes in chunks: the server would take it for none."""
    if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired()
