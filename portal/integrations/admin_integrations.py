"""The pages of exporters: what they are set to, how their resync went, and what they logged."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from catalog.admin_operations import OperationAdmin, once
from portal.integrations.integrations import delete_integration, request_resync
from portal.integrations.models import Integration, ResyncKind
from portal.integrations.reports import counts_of
from portal.permissions import may_edit_catalog

_LINES = 50
_TONES = {
    Integration.Status.COMPLETED: "pass",
    Integration.Status.FAILED: "fail",
    Integration.Status.ABORTED: "fail",
}


@admin.register(Integration)
class IntegrationAdmin(OperationAdmin):
    """Exporters, which register and set themselves: to be looked at, asked to resync, deleted."""

    kind = "integration"
    list_display = ("name", "app_type", "version", "status", "told_at", "updated_at")
    list_display_links = ("name",)
    list_filter = ("resync_status",)
    search_fields = ("identifier", "title", "app_type")
    ordering = ("identifier",)
    actions = None
    change_form_outer_before_template = "admin/tidemark/_resync.html"
    fieldsets = (
        (None, {"fields": ("identifier", "app_type", "version", "written")}),
        ("Last resync", {"fields": ("resync", "kinds")}),
        ("Log", {"fields": ("log_lines",)}),
        ("Set by the exporter", {"fields": ("mapping", "flags")}),
    )
    readonly_fields = (
        "identifier", "app_type", "version", "written", "resync", "kinds", "log_lines", "mapping",
        "flags",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: exporters register themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: exporters say themselves what they are set to."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        """Return the rows; lists leave out what an exporter is set to."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.defer("config", "spec", "changelog_destination") if is_list else rows

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the address that asks for a resync."""
        return (("<path:object_id>/resync/", "integrations_integration_resync", resync),)

    @admin.display(description="Name", ordering="identifier")
    def name(self, obj: Integration) -> str:
        """Return what it is called."""
        return str(obj)

    @admin.display(description="Last resync", ordering="resync_status")
    def status(self, obj: Integration) -> str:
        """Say how the last resync went."""
        if not obj.resync_status:
            return "-"
        tone = _TONES.get(obj.resync_status, "none")
        mark = '<span class="tm-status tm-status-{}">{}</span>'
        return format_html(mark, tone, obj.get_resync_status_display())

    @admin.display(description="Told at", ordering="resync_state_at")
    def told_at(self, obj: Integration) -> Any:
        """Return when it last told how its resync goes."""
        return obj.resync_state_at

    @admin.display(description="Written")
    @once
    def written(self, obj: Integration) -> str:
        """Say who wrote it when."""
        return _table(
            [
                ("Created", f"{_moment(obj.created_at)} by {obj.created_by}"),
                ("Updated", f"{_moment(obj.updated_at)} by {obj.updated_by}"),
            ]
        )

    @admin.display(description="State")
    @once
    def resync(self, obj: Integration) -> str:
        """Say how the last resync went, and whether another one is asked for."""
        asked = obj.open_request_at
        rows = [
            ("State", self.status(obj)),
            ("Began", _moment(obj.resync_started_at)),
            ("Ended", _moment(obj.resync_ended_at)),
            ("Next", _moment(obj.next_resync_at)),
            ("Told", _moment(obj.resync_state_at)),
        ]
        if asked is not None:
            rows.append(("Asked for", f"{_moment(asked)} by {obj.resync_requested_by}"))
        return _table(rows)

    @admin.display(description="Kinds")
    @once
    def kinds(self, obj: Integration) -> str:
        """Say how far the newest resync is with what it reads."""
        newest = obj.resyncs.order_by("-id").first()
        if newest is None:
            return "-"
        rows = newest.kinds.exclude(identifier__startswith="__").order_by("id")
        return _table([(row.identifier, _progress(row)) for row in rows])

    @admin.display(description="Newest lines")
    @once
    def log_lines(self, obj: Integration) -> str:
        """Show the newest log lines."""
        lines = obj.logs.order_by("-id").only("at", "level", "message")[:_LINES]
        return render_to_string("admin/tidemark/_log.html", {"lines": lines})

    @admin.display(description="Mapping")
    @once
    def mapping(self, obj: Integration) -> str:
        """Show the mapping, as the exporter keeps it here."""
        text = json.dumps(obj.config, indent=2, ensure_ascii=False)
        return format_html('<pre class="tm-pre tm-tall">{}</pre>', text)

    @admin.display(description="Settings")
    @once
    def flags(self, obj: Integration) -> str:
        """Show what else it says about itself."""
        return _table(
            [
                ("Processing mode", obj.processing_mode or "-"),
                ("Runs actions", _yes(obj.processes_actions)),
                ("Syncs incrementally", _yes(obj.syncs_incrementally)),
                ("Has made its first resources", _yes(obj.has_initialized_resources)),
            ]
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation; what it exported stays."""
        delete_integration(integration=obj, by=self.actor(request), now=timezone.now())


@require_POST
def resync(request: HttpRequest, object_id: str, model_admin: IntegrationAdmin) -> HttpResponse:
    """Ask an exporter for a resync."""
    if not may_edit_catalog(request.user):
        raise PermissionDenied
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    request_resync(integration=row, by=model_admin.actor(request), now=timezone.now())
    text = f"{row} is asked to resync. It begins when it looks next."
    model_admin.message_user(request, text, messages.SUCCESS)
    address = reverse("admin:integrations_integration_change", args=[row.pk])
    return HttpResponseRedirect(address)


def _progress(row: ResyncKind) -> str:
    counts = [f"{count:,} {what}" for what, count in counts_of(row.metrics).items() if count]
    return ", ".join([row.state.capitalize(), *counts])


def _table(rows: list[tuple[str, str]]) -> str:
    return render_to_string("admin/tidemark/_values.html", {"rows": rows})


def _moment(value: Any) -> str:
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
