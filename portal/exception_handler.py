"""The one place where the REST API turns exceptions into answers.

Every error has the same shape: ``{"detail": text, "errors": [{"path", "message"}]}``.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError
from rest_framework import exceptions, views
from rest_framework.response import Response

from catalog.errors import Conflict, Fault, Invalid, NotFound
from portal.bodies import PayloadTooLarge
from portal.failures import BUSY, RETRY_AFTER
from portal.permissions import Forbidden
from portal.sealing import Unsealable

logger = logging.getLogger(__name__)


class Busy(exceptions.APIException):
    """The database is locked or away. The framework sends `wait` as ``Retry-After``."""

    status_code = 503
    wait = RETRY_AFTER


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception, or None where it is a fault of ours."""
    match error:
        case Invalid():
            return _refusal(error.faults)
        case exceptions.ValidationError():
            return _refusal(list(faults_of("", error.detail)))
    response = views.exception_handler(translated(error), context)
    if response is not None and isinstance(response.data, dict):
        response.data = {"detail": str(response.data.get("detail", "")), "errors": []}
    return response


def translated(error: Exception) -> Exception:
    """Return the exception of the framework that stands for ours, or for one of the database."""
    answer = error
    match error:
        case Forbidden():
            answer = exceptions.PermissionDenied(str(error))
        case NotFound():
            answer = exceptions.NotFound(str(error))
        case Conflict() | Unsealable():
            answer = _conflict(str(error))
        case RequestDataTooBig():
            answer = PayloadTooLarge()
        case SuspiciousOperation():
            answer = exceptions.ParseError(str(error))
        case DataError() | IntegrityError() | OperationalError():
            answer = _of_database(error)
    return answer


def _of_database(error: Exception) -> Exception:
    """Return the answer to what the checks above the database let through, or to its absence."""
    if isinstance(error, OperationalError):
        logger.error("The database does not answer", exc_info=error)
        return Busy(BUSY, code="busy")
    logger.warning("The database refused a write", exc_info=error)
    if isinstance(error, DataError):
        return exceptions.ParseError("A value does not fit what can be stored.")
    return _conflict("Somebody else changed the same at the same moment; try again.")


def _conflict(message: str) -> exceptions.APIException:
    conflict = exceptions.APIException(message, code="conflict")
    conflict.status_code = 409
    return conflict


def _refusal(faults: list[Fault]) -> Response:
    """Return the answer to bad input: the first fault in words, and all of them."""
    first = faults[0]
    detail = f"{first.path}: {first.message}" if first.path else first.message
    if len(faults) > 1:
        detail += f" (and {len(faults) - 1} more)"
    code = 403 if any(fault.is_forbidden for fault in faults) else 400
    body = {"detail": detail, "errors": [fault.as_json() for fault in faults]}
    return Response(body, status=code)


def faults_of(path: str, detail: Any) -> Iterator[Fault]:
    """Yield the faults in what the framework nests by field."""
    match detail:
        case dict():
            for key, item in detail.items():
                yield from (fault.under(path) if path else fault for fault in faults_of(key, item))
        case list():
            for item in detail:
                yield from faults_of(path, item)
        case _:
            yield Fault("" if path == "non_field_errors" else path, str(detail))
