"""Changing many rows of a table at once: asks first, then does it for all of them or for none."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.errors import CatalogError, Invalid
from catalog.models import Blueprint
from portal.dashboards.bulk import Chosen, bulk_page, chosen_in
from portal.dashboards.bulk_changes import Change, Refused, change_of
from portal.dashboards.finding import blueprint_at
from portal.dashboards.listing import listing_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import table_of
from portal.permissions import Actor, may_change_rows, sight_of

MOST_FAULTS = 10


@require_POST
def bulk(request: HttpRequest, blueprint: str) -> HttpResponse:
    """Ask whether to change the chosen rows, or change them if that was confirmed."""
    if not may_change_rows(request.user, blueprint):
        raise PermissionDenied
    sight = sight_of(request.user)
    found = blueprint_at(blueprint, sight)
    if found.is_system:
        raise Http404(f"rows of {blueprint} are changed one by one")
    query = QueryString.of(QueryDict(request.POST.get("filters", "")).items())
    is_confirmed = "confirmed" in request.POST
    action = request.POST.get("action", "")
    try:
        table = None
        if "all" in request.POST and not is_confirmed:
            table = table_of(listing_of(found, query, sight=sight))
        chosen = chosen_in(request.POST, found, table)
        change = change_of(action, found, request.POST if is_confirmed else None)
    except Refused as error:
        messages.warning(request, str(error))
        return _back(found, query)
    faults: list[str] = []
    if is_confirmed and change.is_valid():
        faults = _apply(request, found, change, chosen)
        if not faults:
            return _back(found, query)
    page = bulk_page(
        blueprint=found, action=action, change=change, chosen=chosen, query=query, faults=faults
    )
    return render(request, "dashboards/bulk_page.html", {"page": page})


def _apply(request: HttpRequest, blueprint: Blueprint, change: Change, chosen: Chosen) -> list[str]:
    """Make the change; return why not, if it was refused."""
    try:
        done = change.apply(
            blueprint=blueprint,
            entity_ids=chosen.ids,
            by=Actor.of_request(request, source="page"),
            now=timezone.now(),
        )
    except Invalid as error:
        faults = [f"{fault.path}: {fault.message}" for fault in error.faults]
        more = len(faults) - MOST_FAULTS
        return [*faults[:MOST_FAULTS], *([f"and {more:,} more"] if more > 0 else [])]
    except CatalogError as error:
        return [str(error)]
    messages.success(request, done)
    return []


def _back(blueprint: Blueprint, query: QueryString) -> HttpResponse:
    address = reverse("catalog_table", args=[blueprint.identifier])
    return HttpResponseRedirect(f"{address}{query if query.pairs else ''}")
