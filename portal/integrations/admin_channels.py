"""The pages of channels and of what was sent to them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin, become, once
from catalog.errors import Conflict, Invalid
from portal.integrations.channels.deliveries import envelope_of, send_again
from portal.integrations.channels.operations import delete_channel, save_channel, send_test
from portal.integrations.channels.previews import preview_of
from portal.integrations.forms_channels import ChannelForm
from portal.integrations.messages import parse
from portal.integrations.models import Channel, Delivery
from portal.permissions import Actor, may_edit_catalog
from portal.sealing import Unsealable

_FIELDS = {"address": "new_address", "secret": "new_secret"}
_TONES = {Delivery.Status.SENT: "pass", Delivery.Status.FAILED: "fail"}
RECENT = 10


@admin.register(Channel)
class ChannelAdmin(OperationAdmin):
    """Channels, each with where it leads and what was sent there lately."""

    kind = "channel"
    form = ChannelForm
    list_display = ("name", "kind", "shown_address", "is_enabled", "newest", "newest_state")
    list_display_links = ("name",)
    list_filter = ("kind", "is_enabled")
    search_fields = ("title", "identifier")
    ordering = ("identifier",)
    readonly_fields = ("leads_to", "has_secret", "recent")
    change_form_outer_before_template = "admin/integrations/_channel_acts.html"
    fieldsets = (
        (None, {"fields": ("identifier", "title", "kind", "is_enabled")}),
        (
            "How it is reached",
            {
                "fields": (
                    "leads_to", "target", "new_address", "has_secret", "new_secret",
                    "removes_secrets",
                )
            },
        ),
        ("Messages", {"fields": ("recent",)}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Return the channels with their newest message."""
        newest = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_at=Subquery(newest.values("created_at")[:1]),
                newest_status=Subquery(newest.values("status")[:1]),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what only a stored channel has."""
        if obj is not None:
            return self.fieldsets
        hidden = {"leads_to", "has_secret", "recent", "removes_secrets"}
        kept = [
            (title, {"fields": [name for name in parts["fields"] if name not in hidden]})
            for title, parts in self.fieldsets
        ]
        return [(title, parts) for title, parts in kept if parts["fields"]]

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the address that sends a test."""
        return (("<path:object_id>/test/", "integrations_channel_test", try_channel),)

    @admin.display(description="Channel", ordering="title")
    def name(self, obj: Channel) -> str:
        """Name it."""
        return str(obj)

    @admin.display(description="Newest message", ordering="newest_at")
    def newest(self, obj: Channel) -> Any:
        """Say when something was told last."""
        return obj.newest_at or "-"

    @admin.display(description="State")
    def newest_state(self, obj: Channel) -> str:
        """Say how it went."""
        return _state(obj.newest_status) if obj.newest_status else "-"

    @admin.display(description="Leads to")
    def leads_to(self, obj: Channel) -> str:
        """Say where messages go, without what is secret of it."""
        return obj.shown_address or "-"

    @admin.display(description="Secret", boolean=True)
    def has_secret(self, obj: Channel) -> bool:
        """Say whether there is one."""
        return bool(obj.secret)

    @admin.display(description="Newest")
    @once
    def recent(self, obj: Channel) -> str:
        """Show what was sent lately, and what came of it."""
        return recent_messages(obj.deliveries.all(), f"channel__id__exact={obj.pk}")

    def faults(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the faults at the fields of the form."""
        return tuple(
            fault.at(_FIELDS.get(fault.path, fault.path)) for fault in super().faults(request)
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = Channel.objects.filter(pk=obj.pk).first() if change else None
        kept = form.kept(stored)
        saved = save_channel(
            definition=form.definition(
                address=_kept(stored, "address", kept), secret=_kept(stored, "secret", kept)
            ),
            channel=stored,
            by=self.actor(request),
            now=timezone.now(),
        )
        become(obj, saved)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        delete_channel(channel=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Delete each by the operation."""
        for channel in queryset.order_by("id"):
            self.delete_model(request, channel)


@require_POST
def try_channel(request: HttpRequest, object_id: str, model_admin: ChannelAdmin) -> HttpResponse:
    """Send a test to a channel, and show what becomes of it."""
    if not may_edit_catalog(request.user):
        raise PermissionDenied
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    made = send_test(channel=row, by=model_admin.actor(request), now=timezone.now())
    text = "The test is on its way. This page tells what became of it; load it again in a while."
    model_admin.message_user(request, text, messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:integrations_delivery_change", args=[made.pk]))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Messages that were sent or will be, the newest first, each with its tries."""

    list_display = ("title", "channel", "kind", "state", "attempts", "created_at", "sent_at")
    list_filter = ("status", "kind", "channel")
    search_fields = ("title",)
    select_related = ("channel",)
    ordering = ("-id",)
    change_form_outer_before_template = "admin/integrations/_delivery_acts.html"
    fieldsets = (
        (None, {"fields": ("channel", "kind", "state", "next_try", "created_at", "sent_at")}),
        ("Message", {"fields": ("preview",)}),
        ("Tries", {"fields": ("tries_made",)}),
    )
    readonly_fields = (
        "channel", "kind", "state", "next_try", "created_at", "sent_at", "preview", "tries_made",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return the messages; lists leave out what they say."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.defer("message", "about") if is_list else rows

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the address that sends a message once more."""
        return (("<path:object_id>/again/", "integrations_delivery_again", repeat_delivery),)

    @admin.display(description="State", ordering="status")
    def state(self, obj: Delivery) -> str:
        """Say how far it is."""
        return _state(obj.status)

    @admin.display(description="Next try")
    def next_try(self, obj: Delivery) -> Any:
        """Say when it is tried next."""
        if obj.status != Delivery.Status.WAITING:
            return "-"
        if not obj.channel.is_enabled and obj.kind != Delivery.Kind.TEST:
            return "Once its channel is enabled."
        return f"{obj.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="As it is shown")
    @once
    def preview(self, obj: Delivery) -> str:
        """Show the message as the channel shows it."""
        message = parse(obj.message)
        shown = preview_of(message, kind=obj.channel.kind, envelope=envelope_of(obj))
        return render_to_string("admin/integrations/_message.html", {"preview": shown})

    @admin.display(description="Newest first")
    @once
    def tries_made(self, obj: Delivery) -> str:
        """Show the tries, and what the other side said."""
        rows = obj.tries.order_by("-id")[:50]
        return render_to_string("admin/integrations/_tries.html", {"rows": rows})


@require_POST
def repeat_delivery(
    request: HttpRequest, object_id: str, model_admin: DeliveryAdmin
) -> HttpResponse:
    """Send a message once more, and show what becomes of it."""
    if not may_edit_catalog(request.user):
        raise PermissionDenied
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    try:
        by = Actor.of_request(request, source="admin")
        send_again(delivery=row, by=by, now=timezone.now())
    except Conflict as error:
        model_admin.message_user(request, str(error), messages.ERROR)
    else:
        model_admin.message_user(request, "The message is on its way again.", messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:integrations_delivery_change", args=[row.pk]))


def recent_messages(rows: QuerySet[Delivery], query: str) -> str:
    """Show the newest of some messages, and lead to all of them."""
    address = reverse("admin:integrations_delivery_changelist")
    context = {
        "rows": [
            {
                "delivery": row,
                "state": _state(row.status),
                "link": reverse("admin:integrations_delivery_change", args=[row.pk]),
            }
            for row in rows.defer("message").order_by("-id")[:RECENT]
        ],
        "all": f"{address}?{query}",
    }
    return render_to_string("admin/integrations/_deliveries.html", context)


def _state(status: str) -> str:
    known = Delivery.Status(status)
    mark = '<span class="tm-status tm-status-{}">{}</span>'
    return format_html(mark, _TONES.get(known, "none"), known.label)


def _kept(stored: Channel | None, name: str, kept: tuple[str, ...]) -> str:
    """Return a secret that stays; one that cannot be read has to be given anew."""
    if stored is None or name not in kept:
        return ""
    try:
        return str(getattr(stored, name).reveal())
    except Unsealable as error:
        raise Invalid.at(name, str(error)) from None
