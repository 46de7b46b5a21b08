"""Login required by default, on every page that does not say otherwise."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase

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
