"""The pages of dashboards: to read them, to make them, and what they say beside their widgets."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.errors import CatalogError, Invalid
from catalog.forms import place_faults
from portal.dashboards import operations
from portal.dashboards.boards.board_page import board_page
from portal.dashboards.boards.finding import board_for, editable_board, reader_of
from portal.dashboards.boards.refusals import refusal
from portal.dashboards.boards.settings_forms import BoardForm
from portal.dashboards.models import Folder, Page
from portal.dashboards.shelf import boards_for
from portal.dashboards.visitors import Visitor
from portal.permissions import Actor, may_make_boards, may_publish_boards

any_method = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Show all dashboards that the reader may see, in their folders."""
    may_publish = may_publish_boards(request.user)
    # Who may fill folders sees the empty ones.
    folders = Folder.objects.select_related("parent__parent__parent") if may_publish else []
    context = {
        "boards": boards_for(Visitor(request.user), folders),
        "may_make": may_make_boards(request.user),
        "may_publish": may_publish,
    }
    return render(request, "dashboards/boards_page.html", context)


@require_safe
def board(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one dashboard."""
    page = board_for(request, identifier)
    context = {
        "board": board_page(page, reader_of(request), now=timezone.now()),
        "may_change": Visitor(request.user).may_change(page),
        "may_make": may_make_boards(request.user),
    }
    return render(request, "dashboards/board_page.html", context)


@any_method
def new_board(request: HttpRequest) -> HttpResponse:
    """Ask what a new dashboard is called and for whom it is; make it, and go on to its editor."""
    if not may_make_boards(request.user):
        raise PermissionDenied("may not make dashboards")
    form = _form(request, page=None)
    if request.method == "POST" and form.is_valid():
        settings = {key: value for key, value in form.settings().items() if key != "title"}
        # The form shows it chosen, so that it is no change.
        settings.setdefault("icon", form.cleaned_data["icon"] or None)
        try:
            page = operations.create_board(
                title=form.cleaned_data["title"],
                settings=settings,
                is_private=form.is_private,
                by=Actor.of_request(request, source="page"),
                now=timezone.now(),
            )
        except Invalid as error:
            place_faults(form, error.faults)
        else:
            return redirect("board_edit", page.identifier)
    return render(request, "dashboards/boards/settings_page.html", {"form": form})


@any_method
def board_settings(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show and change what a dashboard says beside its widgets."""
    page = editable_board(request, identifier)
    form = _form(request, page=page)
    context: dict[str, Any] = {"form": form, "page": page, "seen": page.version}
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_board(
                page=page,
                settings=form.settings(),
                is_private=form.is_private,
                seen=request.POST.get("seen", ""),
                by=Actor.of_request(request, source="page"),
                now=timezone.now(),
            )
        except Invalid as error:
            place_faults(form, error.faults)
        except CatalogError as error:
            context["notice"] = refusal(error, now=timezone.now())
        else:
            return redirect("board", page.identifier)
    return render(request, "dashboards/boards/settings_page.html", context)


@require_POST
def copy_board(request: HttpRequest, identifier: str) -> HttpResponse:
    """Make a copy: for everybody where the reader may, else for themselves."""
    page = board_for(request, identifier)
    if not may_make_boards(request.user):
        raise PermissionDenied("may not make dashboards")
    is_private = page.visibility == Page.Visibility.PRIVATE or not may_publish_boards(request.user)
    copied = operations.copy_board(
        page=page,
        title=(_("Copy of %(title)s") % {"title": page})[:200],
        is_private=is_private,
        by=Actor.of_request(request, source="page"),
        now=timezone.now(),
    )
    messages.success(request, _("This is the copy. Give it a name in its settings."))
    return redirect("board_edit", copied.identifier)


@any_method
def delete_board(request: HttpRequest, identifier: str) -> HttpResponse:
    """Ask whether a dashboard is to be deleted, and delete it."""
    page = editable_board(request, identifier)
    context = {"page": page, "seen": page.version}
    if request.method == "POST":
        try:
            operations.delete_board(
                page=page,
                seen=request.POST.get("seen", ""),
                by=Actor.of_request(request, source="page"),
                now=timezone.now(),
            )
        except CatalogError as error:
            context["notice"] = refusal(error, now=timezone.now())
        else:
            messages.success(request, _("'%(title)s' was deleted.") % {"title": page})
            return redirect("boards")
    return render(request, "dashboards/boards/delete_page.html", context)


def _form(request: HttpRequest, *, page: Page | None) -> BoardForm:
    """Return the form of a dashboard, as far as this reader may say whom it is for."""
    may_publish = may_publish_boards(request.user)
    is_public = page is not None and page.visibility != Page.Visibility.PRIVATE
    is_own = page is None or page.created_by == request.user.get_username()
    return BoardForm(
        request.POST if request.method == "POST" else None,
        page=page,
        may_publish=may_publish or is_public,
        may_hide=is_own,
    )
