"""Login required by default; who asks from where; what browsers may do; timing; compression."""

from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from portal.client_addresses import address_of

# Doors that check for themselves: the API answers 401 in JSON, the admin shows its own login.
OWN_DOORS = ("/api/", "/v1/", "/admin/", "/metrics", "/static/")


class LoginUnlessPublicMiddleware(LoginRequiredMiddleware):
    """Ask for a login on pages, unless reading is public (`TIDEMARK_PUBLIC_READ=1`)."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Let readers through where reading is public; otherwise do as Django does."""
        if request.path.startswith(OWN_DOORS):
            return None
        if settings.TIDEMARK_PUBLIC_READ and request.method in ("GET", "HEAD"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class ClientAddressMiddleware:
    """Put the address of whoever asks in the place of the proxy's, where proxies stand in front.

    For what asks the request itself, such as libraries; what it is, `address_of` says.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.TIDEMARK_PROXIES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, knowing who asked."""
        request.META["REMOTE_ADDR"] = address_of(request)
        return self.get_response(request)


class PermissionsPolicyMiddleware:
    """Tell browsers that no page of ours needs a device, nor any that it shows inside."""

    POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and add the header."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.POLICY)
        return response


class ServerTimingMiddleware:
    """Tell in a header how long an answer took, where `TIDEMARK_SERVER_TIMING` asks for it.

    `total` is from here and back, `cpu` what this thread worked meanwhile, both in milliseconds:
    `Server-Timing: total;dur=31.4, cpu;dur=22.0`. Browsers show it beside each request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.TIDEMARK_SERVER_TIMING:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and add the header."""
        began, worked = perf_counter(), thread_time()
        response = self.get_response(request)
        total, cpu = (perf_counter() - began) * 1_000, (thread_time() - worked) * 1_000
        response["Server-Timing"] = f"total;dur={total:.2f}, cpu;dur={cpu:.2f}"
        return response


class CompressStaticMiddleware(GZipMiddleware):
    """Compress static files, which hold no secret; pages are left to whoever stands in front."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer files compressed, everything else as it is."""
        if not request.path_info.startswith(settings.STATIC_URL):
            return self.get_response(request)
        # A compressed file has a weak tag, and WhiteNoise knows its own only as it gave it.
        tag = request.META.get("HTTP_IF_NONE_MATCH")
        if tag is not None:
            request.META["HTTP_IF_NONE_MATCH"] = tag.removeprefix("W/")
        return super().__call__(request)
