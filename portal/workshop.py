"""The admin site: who comes in, and how those are met who do not."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.sites import UnfoldAdminSite

from portal.permissions import may_enter_workshop


class WorkshopConfig(AdminConfig):
    """Django's admin app, with our site in place of its own."""

    default_site = "portal.workshop.Workshop"


class Workshop(UnfoldAdminSite):
    """The workshop, open to whoever may write something; what that is, each page says."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who may write something."""
        return may_enter_workshop(request.user)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Tell those who are signed in that this is not open to them: signing in does not help."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            if "%00" in request.META.get("QUERY_STRING", ""):
                # No column holds a NUL, and PostgreSQL takes it for a fault to be asked for one.
                return HttpResponseRedirect(request.path)
            if any("\x00" in unquote(str(part)) for part in kwargs.values()):
                raise Http404
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)
