"""What is answered where nothing else could be: a fault of ours, or a database that is busy."""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

BUSY = "The database is busy or cannot be reached. Nothing was saved; try again in a moment."
BROKEN = "Something broke on our side; it has been written to the log."
# Seconds: a writer waits for the lock of SQLite about as long before it gives up.
RETRY_AFTER = 10


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the answer to an exception that nothing caught: a page, or JSON where it is spoken.

    Called while the exception is handled, wherever it was raised; a middleware of ours would not
    see those of other middlewares.
    """
    is_busy = isinstance(sys.exc_info()[1], OperationalError)
    code = 503 if is_busy else 500
    said = BUSY if is_busy else BROKEN
    if request.path.startswith(("/api/v1/", "/api/v2/")):
        response: HttpResponse = JsonResponse({"errors": [said]}, status=code)
    elif request.path.startswith("/api/"):
        response = JsonResponse({"detail": said, "errors": []}, status=code)
    elif request.path.startswith("/v1/"):
        response = JsonResponse(
            {
                "ok": False,
                "error": "busy" if is_busy else "internal_error",
                "message": said,
            },
            status=code,
        )
    else:
        # No context: its processors ask the database.
        response = HttpResponse(render_to_string(f"{code}.html"), status=code)
    if is_busy:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
