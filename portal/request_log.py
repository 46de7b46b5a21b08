"""What is told of requests: each is counted, has an id, and leaves a line where that is wanted.

A client, or the proxy before us, may send `X-Request-ID`; the answer carries the same one.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal import metrics
from portal.current_request import current_request
from portal.request_ids import current_id, id_from

HEADER = "X-Request-ID"

logger = logging.getLogger(__name__)


class RequestLogMiddleware:
    """Gives a request its id, counts it, and tells of it where that is wanted.

    The first of all, so that what others refuse is counted too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the id."""
        request_id = id_from(request.headers.get(HEADER, ""))
        before, outer = current_id.set(request_id), current_request.set(request)
        begun = time.perf_counter()
        try:
            response = self.get_response(request)
            response[HEADER] = request_id
            _tell(request, response, seconds=time.perf_counter() - begun)
        finally:
            current_id.reset(before)
            current_request.reset(outer)
        return response


def _tell(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    match = request.resolver_match
    # The pattern and not the path: paths are as many as there are entities.
    route = match.route if match else ""
    metrics.count_request(
        method=request.method or "", route=route, status=response.status_code, seconds=seconds
    )
    if settings.LOG_REQUESTS:
        told = {
            "method": request.method,
            # Without the query, which can hold secrets.
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        }
        logger.info("%(method)s %(path)s %(status)s in %(milliseconds)s ms", told, extra=told)
