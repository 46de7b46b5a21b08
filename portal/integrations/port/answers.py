"""Answers in the shape of this dialect: ``ok`` in every one, and one handler for what went wrong.

Errors are ``{"ok": false, "error": code, "message": text}``, and where several things are wrong
``details`` lists them as ``{"path", "message"}``.
"""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from rest_framework import exceptions, views
from rest_framework.response import Response

from catalog.errors import Fault, HasDependents, Invalid
from portal.exception_handler import faults_of, translated

# Status to the code that clients are told.
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    411: "invalid_request",
    413: "payload_too_large",
    415: "invalid_request",
    422: "invalid_request",
    429: "too_many_requests",
    503: "busy",
}


def success(*, status: int = 200, **parts: Any) -> Response:
    """Return the answer to a request that did what it asked for."""
    return Response({"ok": True, **parts}, status=status)


def failure(status: int, message: str, *, code: str = "", faults: Sequence[Fault] = ()) -> Response:
    """Return the answer to a request that did not."""
    body: dict[str, Any] = {
        "ok": False,
        "error": code or CODES.get(status, "internal_error"),
        "message": message,
    }
    if len(faults) > 1:
        body["details"] = [fault.as_json() for fault in faults]
    return Response(body, status=status)


def told(fault: Fault) -> str:
    """Return a fault in one line: the place and what is wrong there."""
    return f"{fault.path}: {fault.message}" if fault.path else fault.message


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception, or None where it is a fault of ours."""
    match error:
        case Invalid():
            return _refusal(error.faults)
        case exceptions.ValidationError():
            return _refusal(list(faults_of("", error.detail)))
        case HasDependents():
            return failure(409, str(error), code="has_dependents")
        case Http404():
            return failure(404, str(error) or "There is nothing here.")
    answer = views.exception_handler(translated(error), context)
    if answer is None:
        return None
    message = answer.data.get("detail", "") if isinstance(answer.data, dict) else answer.data
    whole = failure(answer.status_code, str(message))
    # The challenge of a 401, and for how long to stay away.
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in answer:
            whole[name] = answer[name]
    return whole


def _refusal(faults: list[Fault]) -> Response:
    return failure(status_of(faults), summary(faults), faults=faults)


def status_of(faults: Sequence[Fault]) -> int:
    """Return the status for bad input: 404 where all that is wrong is that something is missing."""
    if any(fault.is_forbidden for fault in faults):
        return 403
    if any(fault.is_conflict for fault in faults):
        return 409
    return 404 if all(fault.is_missing for fault in faults) else 422


def summary(faults: Sequence[Fault]) -> str:
    """Return the first fault in words, and how many there are besides."""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{told(faults[0])}{more}"
