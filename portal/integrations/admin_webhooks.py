"""The pages of incoming webhooks and of the requests that came in by them."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin, become, once
from catalog.errors import Invalid
from catalog.forms_conditions import pretty
from portal.integrations.forms_webhooks import WebhookForm
from portal.integrations.models import Webhook, WebhookEvent
from portal.integrations.webhooks.addresses import address_of
from portal.integrations.webhooks.operations import delete_webhook, save_webhook
from portal.sealing import Unsealable

RECENT = 10
# Where the operation names a place to the field that shows it.
_FIELDS = {
    "security.secret": "new_secret",
    "security.signatureHeaderName": "signature_header",
    "security.signatureAlgorithm": "signature_algorithm",
    "security.signaturePrefix": "signature_prefix",
    "security.requestIdentifierPath": "request_identifier_path",
}


@admin.register(Webhook)
class WebhookAdmin(OperationAdmin):
    """Webhooks, each with its address and what came in by it lately."""

    kind = "webhook"
    form = WebhookForm
    list_display = ("name", "identifier", "is_enabled", "newest", "newest_state", "problems")
    list_display_links = ("name",)
    list_filter = ("is_enabled",)
    search_fields = ("title", "identifier")
    ordering = ("identifier",)
    readonly_fields = ("address", "has_secret", "recent")
    fieldsets = (
        (None, {"fields": ("identifier", "title", "description", "icon", "is_enabled")}),
        ("Requests", {"fields": ("address", "recent")}),
        ("What they mean", {"fields": ("mappings",)}),
        (
            "How they show to be genuine",
            {
                "fields": (
                    "has_secret", "new_secret", "removes_secret", "signature_header",
                    "signature_algorithm", "signature_prefix", "request_identifier_path",
                )
            },
        ),
    )  # fmt: skip

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Webhook | None:
        """Return a webhook that knows its address, which is at the site that is looked at."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.shown_address = address_of(row, request)
        return row

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Return the webhooks with their newest request."""
        newest = WebhookEvent.objects.filter(webhook=OuterRef("pk")).order_by("-id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_at=Subquery(newest.values("received_at")[:1]),
                newest_said=Subquery(newest.values("state")[:1]),
                newest_problems=Subquery(newest.values("problem_count")[:1]),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what only a stored webhook has."""
        if obj is not None:
            return self.fieldsets
        hidden = {"address", "has_secret", "recent", "removes_secret"}
        kept = [
            (title, {"fields": [name for name in parts["fields"] if name not in hidden]})
            for title, parts in self.fieldsets
        ]
        return [(title, parts) for title, parts in kept if parts["fields"]]

    @admin.display(description="Webhook", ordering="title")
    def name(self, obj: Webhook) -> str:
        """Name it."""
        return str(obj)

    @admin.display(description="Newest request", ordering="newest_at")
    def newest(self, obj: Webhook) -> Any:
        """Say when something came in last."""
        return obj.newest_at or "-"

    @admin.display(description="State")
    def newest_state(self, obj: Webhook) -> str:
        """Say how it went."""
        return WebhookEvent.State(obj.newest_said).label if obj.newest_said else "-"

    @admin.display(description="Problems")
    def problems(self, obj: Webhook) -> Any:
        """Say how many problems it met."""
        return obj.newest_problems if obj.newest_said else "-"

    @admin.display(description="Address")
    def address(self, obj: Webhook) -> str:
        """Show where to send; whoever knows it may."""
        return format_html('<code class="tm-address">{}</code>', obj.shown_address)

    @admin.display(description="Secret", boolean=True)
    def has_secret(self, obj: Webhook) -> bool:
        """Say whether there is one."""
        return bool(obj.secret)

    @admin.display(description="Newest")
    @once
    def recent(self, obj: Webhook) -> str:
        """Show what came in lately, and what came of it."""
        events = obj.events.defer("body", "headers", "query").order_by("-id")[:RECENT]
        rows = [
            {
                "event": event,
                "tone": "troubled" if event.problem_count else event.state,
                "link": reverse("admin:integrations_webhookevent_change", args=[event.pk]),
                "problem": _told(event.problems[0]) if event.problems else "",
                "more": max(event.problem_count - 1, 0),
            }
            for event in events
        ]
        address = reverse("admin:integrations_webhookevent_changelist")
        context = {"rows": rows, "all": f"{address}?webhook__id__exact={obj.pk}"}
        return render_to_string("admin/integrations/_webhook_events.html", context)

    def faults(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the faults at the fields of the form."""
        return tuple(
            fault.at(_FIELDS.get(fault.path, fault.path)) for fault in super().faults(request)
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = Webhook.objects.filter(pk=obj.pk).first() if change else None
        saved = save_webhook(
            definition=form.definition(secret=_secret(stored, form)),
            webhook=stored,
            by=self.actor(request),
            now=timezone.now(),
        )
        become(obj, saved)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        delete_webhook(webhook=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Delete each by the operation."""
        for webhook in queryset.order_by("id"):
            self.delete_model(request, webhook)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Requests that came in, the newest first, each with what came of it."""

    list_display = ("received_at", "webhook", "state", "entities_met", "problems_met")
    list_filter = ("state", "webhook")
    select_related = ("webhook",)
    ordering = ("-id",)
    fields = (
        "webhook", "received_at", "state", "processed_at", "attempts", "problem_list", "entities",
        "request_identifier", "headers_text", "query_text", "body_text",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        """Return the requests; lists leave out what was sent."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.defer("body", "headers", "query", "touched", "problems") if is_list else rows

    @admin.display(description="Entities", ordering="touched_count")
    def entities_met(self, obj: WebhookEvent) -> int:
        """Say how many entities it wrote."""
        return obj.touched_count

    @admin.display(description="Problems", ordering="problem_count")
    def problems_met(self, obj: WebhookEvent) -> int:
        """Say how many problems it met."""
        return obj.problem_count

    @admin.display(description="Problems")
    @once
    def problem_list(self, obj: WebhookEvent) -> str:
        """Show what kept mappings from doing all they were asked for."""
        rows = [(_placed(problem), problem["message"]) for problem in obj.problems]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    @admin.display(description="Entities")
    @once
    def entities(self, obj: WebhookEvent) -> str:
        """Show what was written."""
        rows = [
            (item["action"], f"{item['blueprint']} {item['identifier']}") for item in obj.touched
        ]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    @admin.display(description="Headers")
    @once
    def headers_text(self, obj: WebhookEvent) -> str:
        """Show the headers that were kept."""
        return format_html('<pre class="tm-pre">{}</pre>', pretty(obj.headers))

    @admin.display(description="Query")
    @once
    def query_text(self, obj: WebhookEvent) -> str:
        """Show what stood in the address."""
        return format_html('<pre class="tm-pre">{}</pre>', pretty(obj.query))

    @admin.display(description="Body")
    @once
    def body_text(self, obj: WebhookEvent) -> str:
        """Show what was sent."""
        return format_html('<pre class="tm-pre">{}</pre>', pretty(obj.body))


def _secret(stored: Webhook | None, form: WebhookForm) -> str:
    """Return the secret that stays; one that cannot be read has to be given anew."""
    if stored is None or form.replaces_secret:
        return ""
    try:
        return stored.secret.reveal()
    except Unsealable as error:
        raise Invalid.at("security.secret", str(error)) from None


def _placed(problem: dict[str, Any]) -> str:
    """Return the place of a problem in words."""
    parts = []
    if "mapping" in problem:
        parts.append(f"Mapping {problem['mapping'] + 1}")
    if "item" in problem:
        parts.append(f"item {problem['item'] + 1}")
    if problem["path"]:
        parts.append(problem["path"])
    return ", ".join(parts) or "The request"


def _told(problem: dict[str, Any]) -> str:
    return f"{_placed(problem)}: {problem['message']}"
