"""The folders that dashboards stand in."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalog.errors import CatalogError, Invalid
from catalog.forms import place_faults
from portal.dashboards import operations
from portal.dashboards.boards.refusals import refusal
from portal.dashboards.boards.settings_forms import FolderForm
from portal.dashboards.models import Folder
from portal.permissions import Actor, may_publish_boards


@require_http_methods(["GET", "HEAD", "POST"])
def new_folder(request: HttpRequest) -> HttpResponse:
    """Make a folder."""
    _require_editor(request)
    return _answer(request, FolderForm(_sent(request)), folder=None)


@require_http_methods(["GET", "HEAD", "POST"])
def folder(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show and change a folder."""
    _require_editor(request)
    found = get_object_or_404(Folder.objects.select_related("parent"), identifier=identifier)
    return _answer(request, FolderForm(_sent(request), folder=found), folder=found)


@require_POST
def delete_folder(request: HttpRequest, identifier: str) -> HttpResponse:
    """Delete a folder that holds nothing."""
    _require_editor(request)
    found = get_object_or_404(Folder, identifier=identifier)
    try:
        operations.delete_folder(
            folder=found, by=Actor.of_request(request, source="page"), now=timezone.now()
        )
    except CatalogError as error:
        messages.error(request, refusal(error, now=timezone.now()))
        return redirect("folder", identifier)
    messages.success(request, _("The folder '%(title)s' was deleted.") % {"title": found})
    return redirect("boards")


def _answer(request: HttpRequest, form: FolderForm, *, folder: Folder | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        document = {**(folder.document() if folder else {}), **form.document()}
        try:
            operations.save_folder(
                document=document,
                folder=folder,
                by=Actor.of_request(request, source="page"),
                now=timezone.now(),
            )
        except Invalid as error:
            place_faults(form, error.faults)
        except CatalogError as error:
            form.add_error(None, refusal(error, now=timezone.now()))
        else:
            return redirect("boards")
    context = {"form": form, "folder": folder}
    return render(request, "dashboards/boards/folder_page.html", context)


def _sent(request: HttpRequest) -> object:
    return request.POST if request.method == "POST" else None


def _require_editor(request: HttpRequest) -> None:
    if not may_publish_boards(request.user):
        raise PermissionDenied("may not change folders")
