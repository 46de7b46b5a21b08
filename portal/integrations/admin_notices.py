"""The pages of reports, alerts and reminders, each with a preview of what it says."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.admin_operations import OperationAdmin, become, once
from portal.integrations.admin_channels import recent_messages
from portal.integrations.channels.outcomes import Envelope
from portal.integrations.channels.previews import preview_of
from portal.integrations.forms_notices import AlertForm, ReminderForm, ReportForm
from portal.integrations.messages import Message
from portal.integrations.models import Alert, Delivery, Reminder, Report
from portal.integrations.notices.alerts import preview_of_alert
from portal.integrations.notices.operations import (
    delete_notice,
    save_alert,
    save_reminder,
    save_report,
)
from portal.integrations.notices.reminders import preview_of_reminder
from portal.integrations.notices.reports import message_of_report, send_report_now
from portal.permissions import may_edit_catalog


class _NoticeAdmin(OperationAdmin):
    """What the pages have in common: who is told, a preview, and what was told lately."""

    list_filter = ("is_enabled", "channel")
    search_fields = ("title", "identifier")
    list_select_related = ("channel", "team")
    ordering = ("identifier",)
    change_form_outer_before_template = "admin/integrations/_notice_acts.html"
    # What stands between the head of the form and the messages, by heading.
    own_fieldsets: tuple[Any, ...] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what was told of one that is there."""
        head = (None, {"fields": ("identifier", "title", "channel", "is_enabled")})
        told = (("Messages", {"fields": ("recent",)}),) if obj else ()
        return (head, *self.own_fieldsets, *told)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show what nobody sets."""
        return ("recent", *super().get_readonly_fields(request, obj)) if obj else ()

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the page that shows what would be told."""
        name = f"integrations_{self.opts.model_name}_preview"
        return (("<path:object_id>/preview/", name, show_preview),)

    def message(self, obj: Any) -> Message:
        """Return what would be told now."""
        raise NotImplementedError

    @admin.display(description="Title", ordering="title")
    def name(self, obj: Any) -> str:
        """Name it."""
        return str(obj)

    @admin.display(description="Newest")
    @once
    def recent(self, obj: Any) -> str:
        """Show what was told lately."""
        rows = Delivery.objects.filter(channel=obj.channel_id, kind=self.kind)
        mine = rows.filter(**{f"about__{self.kind}": obj.pk})
        return recent_messages(mine, f"channel__id__exact={obj.channel_id}&kind__exact={self.kind}")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        delete_notice(notice=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each by the operation."""
        for notice in queryset.order_by("id"):
            self.delete_model(request, notice)


@admin.register(Report)
class ReportAdmin(_NoticeAdmin):
    """Reports, each with when it is made and for whom."""

    kind = "report"
    form = ReportForm
    list_display = ("name", "channel", "whose", "every", "is_enabled", "next_at", "last_at")
    list_display_links = ("name",)
    filter_horizontal = ()
    readonly_fields = ("next_at", "last_at")
    own_fieldsets = (
        ("What it tells", {"fields": ("team", "scorecards")}),
        ("When", {"fields": ("every", "weekday", "month_day", "at", "time_zone")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show when one that is there was made, and will be."""
        parts = super().get_fieldsets(request, obj)
        return (*parts, ("Times, in UTC", {"fields": ("next_at", "last_at")})) if obj else parts

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the address that sends a report at once."""
        send = ("<path:object_id>/send/", "integrations_report_send", send_now)
        return (*super().get_custom_urls(), send)

    @admin.display(description="Team", ordering="team__title")
    def whose(self, obj: Report) -> str:
        """Say whom it is about."""
        return str(obj.team) if obj.team else "All teams"

    def message(self, obj: Report) -> Message:
        """Return what the report would say now."""
        return message_of_report(obj, now=timezone.now())[0]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = Report.objects.filter(pk=obj.pk).first() if change else None
        by, now = self.actor(request), timezone.now()
        become(obj, save_report(definition=form.definition(), report=stored, by=by, now=now))


@admin.register(Alert)
class AlertAdmin(_NoticeAdmin):
    """Alerts, each with which losses it tells."""

    kind = "alert"
    form = AlertForm
    list_display = ("name", "channel", "scorecard", "level", "team", "is_enabled")
    list_display_links = ("name",)
    list_select_related = ("channel", "team", "scorecard", "level")
    own_fieldsets = (("What it tells", {"fields": ("scorecard", "level", "team")}),)

    def message(self, obj: Alert) -> Message:
        """Return what the alert would have said of the newest losses."""
        return preview_of_alert(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = Alert.objects.filter(pk=obj.pk).first() if change else None
        by, now = self.actor(request), timezone.now()
        become(obj, save_alert(definition=form.definition(), alert=stored, by=by, now=now))


@admin.register(Reminder)
class ReminderAdmin(_NoticeAdmin):
    """Reminders, each with when it is made and of what."""

    kind = "reminder"
    form = ReminderForm
    list_display = ("name", "channel", "campaign", "days", "is_weekly_when_late", "is_enabled")
    list_display_links = ("name",)
    list_select_related = ("channel", "campaign")
    own_fieldsets = (
        ("What it tells", {"fields": ("campaign", "days_before", "is_weekly_when_late")}),
    )

    @admin.display(description="Days before")
    def days(self, obj: Reminder) -> str:
        """Say when it is made."""
        return ", ".join(map(str, obj.days_before)) or "-"

    def message(self, obj: Reminder) -> Message:
        """Return what the reminder would say now."""
        return preview_of_reminder(obj, now=timezone.now())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation."""
        stored = Reminder.objects.filter(pk=obj.pk).first() if change else None
        by, now = self.actor(request), timezone.now()
        become(obj, save_reminder(definition=form.definition(), reminder=stored, by=by, now=now))


def show_preview(request: HttpRequest, object_id: str, model_admin: _NoticeAdmin) -> HttpResponse:
    """Show what would be told now, as the channel shows it; nothing is sent."""
    row = _found(request, object_id, model_admin)
    message = model_admin.message(row)
    envelope = Envelope(
        id="(given when it is sent)",
        made_at=timezone.now().isoformat(),
        kind=model_admin.kind,
        message=message,
    )
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"Preview of {row}",
        "channel": row.channel,
        "preview": preview_of(message, kind=row.channel.kind, envelope=envelope),
        "back": _address(model_admin, row),
        "send": reverse("admin:integrations_report_send", args=[row.pk])
        if isinstance(row, Report)
        else "",
    }
    return TemplateResponse(request, "admin/integrations/message_preview.html", context)


@require_POST
def send_now(request: HttpRequest, object_id: str, model_admin: ReportAdmin) -> HttpResponse:
    """Send a report beside its schedule."""
    row = _found(request, object_id, model_admin)
    made = send_report_now(report=row, now=timezone.now())
    if made is None:
        model_admin.message_user(request, "It was sent a moment ago.", messages.ERROR)
        return HttpResponseRedirect(_address(model_admin, row))
    words = "is on its way" if row.channel.is_enabled else "waits until its channel is enabled"
    model_admin.message_user(request, f"The report {words}.", messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:integrations_delivery_change", args=[made.pk]))


def _found(request: HttpRequest, object_id: str, model_admin: _NoticeAdmin) -> Any:
    if not may_edit_catalog(request.user):
        raise PermissionDenied
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    return row


def _address(model_admin: _NoticeAdmin, row: Any) -> str:
    name = f"admin:integrations_{model_admin.opts.model_name}_change"
    return reverse(name, args=[row.pk])
