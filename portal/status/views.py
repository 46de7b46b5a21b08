"""The page that says how the site is, for those who run it."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.permissions import may_see_status
from portal.status.page import read_status


@require_safe
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Show how the site is."""
    if not may_see_status(request.user):
        raise PermissionDenied
    return render(request, "portal/status_page.html", {"status": read_status(now=timezone.now())})
