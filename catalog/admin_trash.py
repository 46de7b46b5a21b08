"""The workshop: what was deleted, and for how long things are kept."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin, become, once
from catalog.errors import CatalogError
from catalog.forms import OperationForm
from catalog.forms_conditions import plain, pretty
from catalog.models import Blueprint, Deleted, Retention
from catalog.operations import restore, set_retention
from portal.permissions import Actor

MOST_REMARKS = 10


def tell_kept(request: HttpRequest, *, batch: str) -> None:
    """Say that what was deleted can be had back, or that it cannot."""
    if not Deleted.objects.of_batch(batch).exists():
        messages.warning(request, "This cannot be undone: it was more than is kept here.")
        return
    days = settings.TIDEMARK_KEEP_DELETED_DAYS
    text = f"It can be restored for {days:,} days."
    address = reverse("undo", args=[batch])
    messages.info(request, format_html('{} <a class="text-link" href="{}">Undo</a>', text, address))


@admin.register(Deleted)
class DeletedAdmin(ReadOnlyAdmin):
    """What was deleted and can still be restored."""

    actions = ("restore_these", "restore_together")
    list_display = (
        "title", "kind", "blueprint", "identifier", "deleted_at", "deleted_by", "expires_at",
    )  # fmt: skip
    list_filter = ("kind",)
    search_fields = ("title", "identifier", "blueprint", "batch")
    ordering = ("-id",)
    fields = (
        "kind", "blueprint", "identifier", "title", "deleted_at", "deleted_by", "expires_at",
        "together", "contents", "related",
    )  # fmt: skip
    readonly_fields = ("together", "contents", "related")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deleted]:
        """Return the rows; lists leave out what they were."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.defer("document") if is_list else rows

    @admin.display(description="Deleted together")
    @once
    def together(self, obj: Deleted) -> str:
        """Lead to where all that went together is restored."""
        count = Deleted.objects.of_batch(obj.batch).count()
        address = reverse("undo", args=[obj.batch])
        return format_html('{}. <a class="text-link" href="{}">Restore</a>', f"{count:,}", address)

    @admin.display(description="What it was")
    @once
    def contents(self, obj: Deleted) -> str:
        """Show the properties of an entity, or the document of a scorecard."""
        if obj.kind != Deleted.Kind.ENTITY:
            return format_html('<pre class="tm-pre">{}</pre>', pretty(obj.document))
        values = {**obj.document["properties"], **obj.document["computed"]}
        rows = [(key, plain(value)) for key, value in sorted(values.items())]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    @admin.display(description="Related")
    @once
    def related(self, obj: Deleted) -> str:
        """Show what it pointed at, and what pointed at it."""
        out = obj.document.get("outgoing", [])
        into = obj.document.get("incoming", [])
        rows = [(relation, name) for relation, name in out]
        rows += [(f"{blueprint}.{relation}", f"of {name}") for blueprint, relation, name in into]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    @admin.action(description="Restore these", permissions=["view"])
    def restore_these(self, request: HttpRequest, queryset: QuerySet[Deleted]) -> None:
        """Restore what was chosen."""
        self._restore(request, list(queryset))

    @admin.action(
        description="Restore these with all that was deleted with them", permissions=["view"]
    )
    def restore_together(self, request: HttpRequest, queryset: QuerySet[Deleted]) -> None:
        """Restore what was chosen, and what went with it."""
        batches = queryset.values_list("batch", flat=True)
        self._restore(request, list(Deleted.objects.filter(batch__in=list(batches))))

    def _restore(self, request: HttpRequest, rows: list[Deleted]) -> None:
        by = Actor.of_request(request, source="admin")
        try:
            restored = restore(rows=rows, by=by, now=timezone.now())
        except CatalogError as error:
            self.message_user(request, f"Nothing was restored: {error}", messages.ERROR)
            return
        self.message_user(request, f"{restored.count:,} restored.", messages.SUCCESS)
        for fault in restored.remarks[:MOST_REMARKS]:
            self.message_user(request, f"{fault.path}: {fault.message}", messages.WARNING)
        if (more := len(restored.remarks) - MOST_REMARKS) > 0:
            self.message_user(request, f"And {more:,} more remarks.", messages.WARNING)


class RetentionForm(OperationForm):
    """Of which blueprint, for how many days, by which date."""

    class Meta:
        model = Retention
        fields = ("blueprint", "days", "property")
        widgets = {"blueprint": UnfoldAdminSelectWidget}
        help_texts = {
            "days": "Entities that are older are deleted once a day, and cannot be restored.",
            "property": "A date of theirs that says how old they are; empty: when they were made.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "blueprint" in self.fields:
            kinds = Blueprint.objects.filter(is_system=False).order_by("title", "id")
            self.fields["blueprint"] = forms.ModelChoiceField(
                kinds, widget=UnfoldAdminSelectWidget()
            )


@admin.register(Retention)
class RetentionAdmin(OperationAdmin):
    """For how long entities of which blueprint are kept."""

    kind = "retention"
    form = RetentionForm
    list_display = ("blueprint", "days", "property", "running", "ran_at", "last_count")
    list_select_related = ("blueprint",)
    ordering = ("blueprint__title", "pk")
    runs = ("running", "ran_at", "last_count")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is set, and of what is stored what its runs came to."""
        return ("blueprint", "days", "property", *(self.runs if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the blueprint of what is stored."""
        return ("blueprint", *self.runs) if obj else ()

    @admin.display(description="Running")
    def running(self, obj: Retention) -> str:
        """Say how far a run is that goes on."""
        return f"{obj.gone_count:,} deleted so far" if obj.begun_at else "-"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = set_retention(
            blueprint=obj.blueprint if change else form.cleaned_data["blueprint"],
            days=form.cleaned_data["days"],
            property=form.cleaned_data["property"],
            by=self.actor(request),
            now=timezone.now(),
        )
        become(obj, stored)

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the rows of the blueprint."""
        return {"kind": self.kind, **({"identifier": obj.blueprint.identifier} if obj else {})}

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Keep them for ever from now on."""
        set_retention(
            blueprint=obj.blueprint, days=None, by=self.actor(request), now=timezone.now()
        )

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Retention]) -> None:
        """Keep those of each for ever."""
        for row in queryset.select_related("blueprint").order_by("pk"):
            self.delete_model(request, row)
