"""Tables of the catalog, and the views that are saved of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from catalog.errors import CatalogError, Invalid
from catalog.models import USER, Blueprint
from portal.dashboards.building import building_of
from portal.dashboards.bulk_changes import actions_of
from portal.dashboards.columns_menu import after_choosing, columns_menu
from portal.dashboards.finding import blueprint_at
from portal.dashboards.groups import groups_of
from portal.dashboards.listing import listing_of
from portal.dashboards.models import TableView
from portal.dashboards.operations import change_view, delete_view, save_view
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import table_of
from portal.dashboards.table_views import TableViews, link_of
from portal.permissions import (
    Actor,
    may_change_rows,
    may_read_people,
    may_save_views,
    may_share_views,
    sight_of,
)

# The menus that are only sent when they are opened, by the ids of the elements that hold them.
_MENUS = {"columns": "columns-panel", "filters": "filters-panel"}
# What shows the boxes beside rows: they weigh as much as a column.
_ROWS = "rows"
_PARTS = frozenset(["results", *_MENUS.values()])


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def catalog_table(request: HttpRequest, blueprint: str) -> HttpResponse:
    """Show the entities of a blueprint."""
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    sight = sight_of(request.user)
    found = blueprint_at(blueprint, sight)
    views, query = _asked(request, found)
    if "choose" in request.GET:
        ways = {way: request.GET.get(way, "") for way in ("up", "down")}
        chosen = after_choosing(query, request.GET.getlist("column"), **ways)
        return redirect(f"{request.path}{chosen}")
    building = building_of(found, request.GET, query)
    if building.address:
        return redirect(f"{request.path}{building.address}")
    query = building.query
    part = _part(request)
    menu = next((name for name, id_ in _MENUS.items() if part == id_), query.get("menu"))
    listing = listing_of(
        found,
        query,
        sight=sight,
        has_rules=menu == "columns",
    )
    may_change = may_change_rows(request.user, blueprint)
    context: dict[str, Any] = {
        "blueprint": found,
        "may_change": may_change,
        "listing": listing,
        "views": views,
        "menu": menu,
        "is_part": bool(part),
        "building": building,
        "builder": SimpleLazyObject(partial(building.form, found, listing.filterset)),
        "actions": actions_of(found) if menu == _ROWS and may_change else [],
    }
    if menu == "columns":
        context["columns"] = columns_menu(listing)
    if part in _MENUS.values():
        return render(request, f"dashboards/_{menu}.html", context)
    context["table"] = table = table_of(listing)
    context["groups"] = groups_of(table)
    if part != "results":
        page = render(request, "dashboards/table_page.html", context)
        is_script = bool(request.htmx) and not building.faults  # type: ignore[attr-defined]
        return push_url(page, f"{request.path}{building.here}") if is_script else page
    # The address without the fields that the form sends empty.
    results = render(request, "dashboards/_table_results.html", context)
    return push_url(results, f"{request.path}{query}")


def _part(request: HttpRequest) -> str:
    """Return which part of the page script asks for, by the id of its element.

    A history restore wants the whole page: the part alone would be left standing on its own.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    is_part = htmx and not htmx.history_restore_request and htmx.target in _PARTS
    return htmx.target if is_part else ""


def _asked(request: HttpRequest, blueprint: Blueprint) -> tuple[TableViews, QueryString]:
    views = TableViews(blueprint, request.user, request.GET.get("view", ""))
    return views, views.query(request.GET.items())


@require_POST
def save_table_view(request: HttpRequest, blueprint: str) -> HttpResponse:
    """Save the table that somebody looks at as a new view."""
    found = blueprint_at(blueprint, sight_of(request.user))
    is_shared = "is_shared" in request.POST
    _require(may_save_views(request.user))
    _require(may_share_views(request.user) or not is_shared)
    save = partial(
        save_view,
        blueprint=found,
        title=request.POST.get("title", ""),
        query=request.POST.get("query", ""),
        is_shared=is_shared,
        owner_id=request.user.pk,
    )
    return _done(request, found, save)


@require_POST
def change_table_view(request: HttpRequest, blueprint: str, identifier: str) -> HttpResponse:
    """Do to a view what the button says that was pressed."""
    found = blueprint_at(blueprint, sight_of(request.user))
    views = TableViews(found, request.user, identifier)
    view = views.current
    if view is None:
        raise Http404(f"{blueprint} has no view {identifier}")
    match request.POST.get("act"):
        case "save":
            _require(views.may_change)
            change = partial(change_view, view=view, query=request.POST.get("query", ""))
        case "rename":
            _require(views.may_change)
            is_shared = "is_shared" in request.POST
            _require(views.may_share or is_shared == view.is_shared)
            title = request.POST.get("title", "")
            change = partial(change_view, view=view, title=title, is_shared=is_shared)
        case "delete":
            _require(views.may_delete)
            change = partial(delete_view, view=view)
        case _:
            return HttpResponseBadRequest("act: one of save, rename, delete")
    return _done(request, found, change, view=view)


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise PermissionDenied


def _done(
    request: HttpRequest,
    blueprint: Blueprint,
    operation: Callable[..., TableView | None],
    *,
    view: TableView | None = None,
) -> HttpResponse:
    """Run an operation and go on to the view that it leaves, or back with what is wrong."""
    table = reverse("catalog_table", args=[blueprint.identifier])
    by = Actor.of_request(request, source="page")
    try:
        left = operation(by=by, now=timezone.now())
    except CatalogError as error:
        words = [it.message for it in error.faults] if isinstance(error, Invalid) else [str(error)]
        messages.error(request, " ".join(words))
        posted = request.POST.get("query", "")
        back = link_of(view) if view else f"?{posted.removeprefix('?')}"
        return redirect(f"{table}{back}")
    if left is None:
        messages.success(request, gettext("The view is deleted."))
        return redirect(table)
    messages.success(request, gettext("The view is saved."))
    return redirect(f"{table}{link_of(left)}")
