"""Undoing a deletion: shows what went together, and brings it back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.errors import CatalogError
from catalog.models import Deleted
from catalog.operations import Restored, restore
from catalog.querysets import DeletedQuerySet
from portal.permissions import Actor, may_write, rights_of

MOST_NAMED = 50
MOST_REMARKS = 10


def undo(request: HttpRequest, batch: str) -> HttpResponse:
    """Ask whether to restore what one deletion took, or restore it."""
    if not may_write(request.user):
        raise PermissionDenied
    rows = _seen(request, batch)
    first = rows.first()
    if first is None:
        raise Http404("there is nothing of it any more")
    fault = ""
    if request.method == "POST":
        try:
            by = Actor.of_request(request, source="page")
            restored = restore(rows=list(rows), by=by, now=timezone.now())
        except CatalogError as error:
            fault = str(error)
        else:
            _tell(request, restored)
            return HttpResponseRedirect(_address(first))
    page = {
        "batch": batch,
        "first": first,
        "rows": rows.order_by("id").defer("document")[:MOST_NAMED],
        "more": max(rows.count() - MOST_NAMED, 0),
        "back": _address(first),
        "fault": fault,
    }
    return render(request, "dashboards/undo_page.html", {"page": page})


def _seen(request: HttpRequest, batch: str) -> DeletedQuerySet:
    """Return what they may know of: what they may delete, or have deleted."""
    rows = Deleted.objects.of_batch(batch)
    own = Q(deleted_by=request.user.get_username())
    seen = Deleted.objects.seen_by(rights_of(request.user)).filter(batch=batch)
    return rows.filter(own | Q(pk__in=seen.values("pk"))).order_by("id")


def _address(row: Deleted) -> str:
    if row.kind == Deleted.Kind.ENTITY:
        return reverse("catalog_table", args=[row.blueprint])
    return reverse("scorecards")


def _tell(request: HttpRequest, restored: Restored) -> None:
    count = restored.count
    done = ngettext("{count} was restored.", "{count} were restored.", count)
    messages.success(request, done.format(count=f"{count:,}"))
    for fault in restored.remarks[:MOST_REMARKS]:
        messages.warning(request, f"{fault.path}: {fault.message}")
    more = len(restored.remarks) - MOST_REMARKS
    if more > 0:
        told = _("And {count} more did not come back with them.").format(count=f"{more:,}")
        messages.warning(request, told)
