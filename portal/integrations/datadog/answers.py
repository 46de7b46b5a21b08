"""Answers in the shapes of this dialect, and one handler for what went wrong.

Errors come in two forms, by the part of the API: as JSON:API objects ``{"errors": [{"status",
"title", "detail"}]}``, or as texts ``{"errors": [text]}``; a view says which are its own.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework import exceptions, renderers, views
from rest_framework.response import Response

from catalog.errors import Fault, Invalid
from portal.exception_handler import faults_of, translated

# What a client is told to wait by; it knows none but these.
_KEPT_HEADERS = ("Retry-After",)


class ErrorForm(Enum):
    """How a part of the API tells errors."""

    OBJECTS = "objects"
    TEXTS = "texts"
    # Texts with a list of details beside them, one for each.
    DETAILED_TEXTS = "detailed texts"


class JsonApiRenderer(renderers.JSONRenderer):
    """JSON under the media type of JSON:API."""

    media_type = "application/vnd.api+json"


def failure(status: int, details: Iterable[str], form: ErrorForm) -> Response:
    """Return the answer to a request that did not do what it asked for."""
    return Response(_body(status, list(details), form), status=status)


def _body(status: int, details: Sequence[str], form: ErrorForm) -> dict[str, Any]:
    # Refusals of the door and limits are texts everywhere.
    if form is ErrorForm.OBJECTS and status not in (403, 429):
        title = HTTPStatus(status).phrase
        return {
            "errors": [
                {"status": str(status), "title": title, "detail": detail} for detail in details
            ]
        }
    body: dict[str, Any] = {"errors": list(details)}
    if form is ErrorForm.DETAILED_TEXTS:
        body["error_details"] = [{} for _ in details]
    return body


def told(fault: Fault) -> str:
    """Return a fault in one line: the place and what is wrong there."""
    return f'attribute "{fault.path}": {fault.message}' if fault.path else fault.message


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception, or None where it is a fault of ours."""
    form = getattr(context["view"], "error_form", ErrorForm.OBJECTS)
    match error:
        case Invalid():
            return failure(_status_of(error.faults), map(told, error.faults), form)
        case exceptions.ValidationError():
            return failure(400, map(told, faults_of("", error.detail)), form)
        case Http404():
            return failure(404, [str(error) or "Not Found"], form)
    answer = views.exception_handler(translated(error), context)
    if answer is None:
        return None
    detail = answer.data.get("detail", "") if isinstance(answer.data, dict) else answer.data
    whole = failure(answer.status_code, [str(detail)], form)
    for name in _KEPT_HEADERS:
        if name in answer:
            whole[name] = answer[name]
    return whole


def _status_of(faults: Sequence[Fault]) -> int:
    if any(fault.is_forbidden for fault in faults):
        return 403
    return 409 if any(fault.is_conflict for fault in faults) else 400
