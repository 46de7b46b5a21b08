"""Tables taken away as files."""

import re
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from catalog.models import USER
from portal.dashboards.exports import TooMany, csv_lines, sheet
from portal.dashboards.finding import blueprint_at
from portal.dashboards.listing import Listing, listing_of
from portal.dashboards.table_views import TableViews
from portal.permissions import may_read_people, sight_of


def _as_csv(listing: Listing) -> HttpResponseBase:
    return StreamingHttpResponse(csv_lines(listing), content_type="text/csv; charset=utf-8")


def _as_sheet(listing: Listing) -> HttpResponseBase:
    type_ = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(sheet(listing), content_type=type_)


FORMS: dict[str, Callable[[Listing], HttpResponseBase]] = {"csv": _as_csv, "xlsx": _as_sheet}


@require_safe
def export(request: HttpRequest, blueprint: str, form: str) -> HttpResponseBase:
    """Send a table as a file; the address says of it what the address of the page says."""
    if form not in FORMS:
        raise Http404(f"tables come as {', '.join(FORMS)}")
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    sight = sight_of(request.user)
    found = blueprint_at(blueprint, sight)
    views = TableViews(found, request.user, request.GET.get("view", ""))
    query = views.query(request.GET.items())
    listing = listing_of(found, query, sight=sight)
    try:
        response = FORMS[form](listing)
    except TooMany as error:
        messages.error(request, str(error))
        table = reverse("catalog_table", args=[blueprint])
        return redirect(f"{table}{query.without()}")
    name = f"{views.current.identifier if views.current else blueprint}-{timezone.now():%Y-%m-%d}"
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{_safe(name)}.{form}"
    )
    return response


def _safe(name: str) -> str:
    """Return what every system takes as the name of a file."""
    return re.sub(r"[^\w-]+", "-", name).strip("-")[:120] or "table"
