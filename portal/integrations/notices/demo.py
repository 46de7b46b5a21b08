"""What the demo tells, so that there is something to look at."""

from datetime import datetime, time

from portal.integrations.channels.definitions import ChannelDefinition
from portal.integrations.channels.operations import save_channel
from portal.integrations.models import Alert, Channel, Reminder, Report
from portal.integrations.notices.definitions import (
    AlertDefinition,
    ReminderDefinition,
    ReportDefinition,
)
from portal.integrations.notices.operations import save_alert, save_reminder, save_report
from portal.permissions import Actor

# An address of nobody: the channel is not enabled, and what a preview shows is sent nowhere.
_SLACK = "https://hooks.slack.com/services/demo"


def make_demo_report(*, by: Actor, now: datetime) -> Report:
    """Make a weekly report, an alert and a reminder for a chat, and a monthly report by mail.

    Both channels are switched off, so that the demo sends nothing to anybody: the previews show
    what would be sent. Done again, it changes nothing.
    """
    chat = save_channel(
        definition=ChannelDefinition(
            identifier="engineering-chat",
            title="Engineering chat",
            kind=Channel.Kind.SLACK_WEBHOOK,
            is_enabled=False,
            address=_SLACK,
        ),
        channel=Channel.objects.filter(identifier="engineering-chat").first(),
        by=by,
        now=now,
    )
    mail = save_channel(
        definition=ChannelDefinition(
            identifier="platform-mail",
            title="Mail to the platform team",
            kind=Channel.Kind.EMAIL,
            is_enabled=False,
            target="platform@example.com",
        ),
        channel=Channel.objects.filter(identifier="platform-mail").first(),
        by=by,
        now=now,
    )
    _report("monthly-mail", "Scorecards this month", mail, every=Report.Every.MONTH, by=by, now=now)
    _warnings(chat, by=by, now=now)
    return _report("weekly", "Scorecards this week", chat, every=Report.Every.WEEK, by=by, now=now)


def _report(
    identifier: str, title: str, channel: Channel, *, every: str, by: Actor, now: datetime
) -> Report:
    return save_report(
        definition=ReportDefinition(
            identifier=identifier, title=title, channel=channel, every=every, at=time(9)
        ),
        report=Report.objects.filter(identifier=identifier).first(),
        by=by,
        now=now,
    )


def _warnings(channel: Channel, *, by: Actor, now: datetime) -> None:
    save_alert(
        definition=AlertDefinition(identifier="lost-levels", title="Lost levels", channel=channel),
        alert=Alert.objects.filter(identifier="lost-levels").first(),
        by=by,
        now=now,
    )
    save_reminder(
        definition=ReminderDefinition(identifier="campaigns", title="Campaigns", channel=channel),
        reminder=Reminder.objects.filter(identifier="campaigns").first(),
        by=by,
        now=now,
    )
