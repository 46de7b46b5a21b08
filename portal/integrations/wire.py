"""What the views of all wire dialects share."""

from rest_framework import exceptions, status
from rest_framework.request import Request


class LengthRequired(exceptions.APIException):
    """The body came without its length, and would be taken for none."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the length of the body in Content-Length; it may not come in chunks."


def require_length(request: Request) -> None:
    """Refuse a body that comes in chunks: the server would take it for none."""
    if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired()
