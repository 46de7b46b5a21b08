"""What a body of the REST API may hold: nothing that a layer below would choke on."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from rest_framework import exceptions, status
from rest_framework.parsers import JSONParser

from catalog.errors import Invalid
from catalog.storable import storable_faults

# What every database column and every client's integer holds.
MAX_INTEGER = 2**63 - 1


class PayloadTooLarge(exceptions.APIException):
    """The body is longer than the site accepts."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, limit: int | None = None) -> None:
        limit = limit or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        super().__init__(f"The body may hold at most {limit:,} bytes; send it in parts.")


class BodyParser(JSONParser):
    """JSON that can be stored, of bounded size.

    Checked here and not only by operations: surfaces look things up by what a body names.
    `max_bytes` is the limit of a surface that has one of its own.
    """

    max_bytes: int | None = None

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the decoded body; raises `ParseError`, `Invalid` or `PayloadTooLarge`."""
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        # Reading the stream goes past the limit that Django sets for bodies.
        limit = self.max_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length.isdigit() and int(length) > limit:
            raise PayloadTooLarge(limit)
        return decoded(stream.read())


def decoded(raw: bytes) -> Any:
    """Return the JSON value of a body; raises `ParseError`, or `Invalid` if it cannot be stored."""
    try:
        body = json.loads(raw.decode(), parse_constant=_refuse_constant, parse_int=_integer)
    except RecursionError:
        raise exceptions.ParseError("The body is nested too deeply.")
    except ValueError as error:
        raise exceptions.ParseError(f"The body is not usable JSON: {error}")
    faults = storable_faults(body)
    if faults:
        raise Invalid(faults)
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > MAX_INTEGER:
        raise ValueError(f"{digits[:25]} has more than 64 bits; send it as text")
    return int(digits)
