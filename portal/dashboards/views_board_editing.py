"""The editor of a dashboard: arranging its widgets, and the form of each."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from catalog.errors import CatalogError, Invalid, NotFound
from portal.dashboards import operations
from portal.dashboards.boards.configuring import Configuring
from portal.dashboards.boards.editor import editor
from portal.dashboards.boards.finding import editable_board, reader_of
from portal.dashboards.boards.gallery import GALLERY, kind_of
from portal.dashboards.boards.refusals import refusal
from portal.dashboards.formats import ago
from portal.dashboards.layouts import parse_move
from portal.dashboards.models import Page
from portal.dashboards.operations import Changed
from portal.dashboards.widgets import find_widget
from portal.permissions import Actor

_methods = require_http_methods(["GET", "HEAD", "POST"])


@_methods
@vary_on_headers("HX-Request", "HX-Target")
def edit(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show a dashboard with the handles of its widgets, and do what a handle says."""
    page = editable_board(request, identifier)
    notice, place = "", ""
    if request.method == "POST":
        try:
            place = _act(page, request)
        except CatalogError as error:
            notice = refusal(error, now=timezone.now())
        else:
            if not _wants(request, "editor"):
                return redirect(f"{reverse('board_edit', args=[identifier])}#{quote(place)}")
        page = editable_board(request, identifier)
    if page.is_locked:
        return render(request, "dashboards/boards/locked_page.html", {"page": page})
    context = {
        "editor": editor(page, reader_of(request), now=timezone.now()),
        "notice": notice,
        "seen": page.version,
        "place": place,
    }
    name = "_editor" if _wants(request, "editor") else "edit_page"
    return render(request, f"dashboards/boards/{name}.html", context)


def _act(page: Page, request: HttpRequest) -> str:
    """Do what the pressed button says, and return the place of the page to come back to."""
    said = request.POST.get("act", "")
    verb, _space, target = said.partition(" ")
    parts: dict[str, Any] = {
        "page": page,
        "seen": request.POST.get("seen", ""),
        "by": Actor.of_request(request, source="page"),
        "now": timezone.now(),
    }
    match verb:
        case "copy":
            return f"widget-{operations.copy_widget(widget=target, **parts)}"
        case "remove":
            operations.take_widget(widget=target, **parts)
            return "editor"
    move = parse_move(said)
    operations.arrange_board(move=move, **parts)
    is_row = move.verb.startswith("row-") or move.verb == "height"
    return "editor" if is_row else f"widget-{target}"


@_methods
@vary_on_headers("HX-Request", "HX-Target")
def widget(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show the form of a widget, draw what it would be, and save it.

    The address names a widget (`id`), or the type of a new one (`type`, with the `row` it is to
    stand in); one that names neither shows what there is to choose from.
    """
    page = editable_board(request, identifier)
    if page.is_locked:
        return render(request, "dashboards/boards/locked_page.html", {"page": page})
    stored = _stored(page, request)
    if stored is None:
        context = {"page": page, "kinds": GALLERY.values(), "row": request.GET.get("row", "")}
        return render(request, "dashboards/boards/gallery_page.html", context)
    setting = Configuring(
        stored,
        request.POST if request.method == "POST" else None,
        reader=reader_of(request),
        now=timezone.now(),
    )
    notice = ""
    if setting.is_to_be_saved:
        try:
            id_ = _save(page, request, setting)
        except Invalid as error:
            setting.show(error.faults)
        except CatalogError as error:
            notice = _refused(error)
            page = editable_board(request, identifier)
        else:
            where = reverse("board_edit", args=[identifier])
            return redirect(f"{where}#widget-{quote(id_)}")
    context = {
        "page": page,
        "setting": setting,
        "notice": notice,
        "seen": page.version if notice or request.method != "POST" else request.POST.get("seen"),
        "address": request.get_full_path(),
        "is_new": "id" not in stored,
    }
    return render(request, f"dashboards/boards/{_part(request)}.html", context)


def _stored(page: Page, request: HttpRequest) -> dict[str, Any] | None:
    """Return the document that is edited; raises `Http404` where it is none of ours."""
    id_, type_ = request.GET.get("id"), request.GET.get("type")
    if id_ is None:
        return {"type": type_, **GALLERY[type_].start} if type_ in GALLERY else None
    try:
        found = find_widget(page.widgets or [], id_)
    except NotFound as error:
        raise Http404(str(error))
    if kind_of(found.get("type")) is None:
        raise Http404(f"widgets of type {found.get('type')} have no form")
    return found


def _save(page: Page, request: HttpRequest, setting: Configuring) -> str:
    """Store the widget and return its id."""
    document = setting.document()
    parts: dict[str, Any] = {
        "page": page,
        "widget": document,
        "seen": request.POST.get("seen", ""),
        "by": Actor.of_request(request, source="page"),
        "now": timezone.now(),
    }
    if "id" in document:
        operations.replace_widget(**parts)
        return str(document["id"])
    row = request.GET.get("row", "")
    is_row = row.isascii() and row.isdecimal() and len(row) < 5
    return operations.put_widget(row=int(row) if is_row else None, **parts)


def _refused(error: CatalogError) -> str:
    if isinstance(error, Changed):
        return _(
            "%(who)s changed this dashboard %(when)s, so your change was not saved. It still "
            "stands below: look at the dashboard as it is now, and save again."
        ) % {"who": error.by, "when": ago(error.at, now=timezone.now())}
    return refusal(error, now=timezone.now())


def _part(request: HttpRequest) -> str:
    parts = {"preview": "_preview", "config": "_config"}
    return next((parts[name] for name in parts if _wants(request, name)), "widget_page")


def _wants(request: HttpRequest, part: str) -> bool:
    """Say whether script asks for one part of the page, named by the id of its element."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == part
