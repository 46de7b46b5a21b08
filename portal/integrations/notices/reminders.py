"""Reminders: what is left to do in campaigns, told on days before they are due."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from catalog.models import TEAM, Entity
from portal.integrations.channels.deliveries import enqueue
from portal.integrations.messages import Block, Context, Heading, Item, Items, Message, Text
from portal.integrations.models import Delivery, Reminder
from portal.integrations.notices import links
from scorecards.campaign_progress import TeamProgress, progress_of
from scorecards.campaigns import failing_by_team
from scorecards.models import Campaign, Rule

# What was missed for longer is not told any more.
LATEST = timedelta(days=3)
MOST_TEAMS = 15
MOST_ENTITIES = 8
_WEEK = timedelta(days=7)


def remind_of_campaigns(*, now: datetime) -> int:
    """Make the reminders that are due; return how many. Of several that were missed, the last."""
    reminders = Reminder.objects.filter(is_enabled=True, channel__is_enabled=True)
    return sum(
        _remind(reminder, campaign, now)
        for reminder in reminders.select_related("channel").order_by("id")
        for campaign in _running(reminder, now)
    )


def due_moment(reminder: Reminder, due_at: datetime, *, now: datetime) -> datetime | None:
    """Return the last moment at which a campaign was to be told of; None where it is past.

    Those before the reminder was made do not count.
    """
    passed = [
        moment
        for moment in _moments(reminder, due_at, now)
        if reminder.created_at <= moment <= now and moment > now - LATEST
    ]
    return max(passed, default=None)


def _moments(reminder: Reminder, due_at: datetime, now: datetime) -> Iterator[datetime]:
    yield from (due_at - timedelta(days=days) for days in reminder.days_before)
    if reminder.is_weekly_when_late and now >= due_at + _WEEK:
        yield due_at + (now - due_at) // _WEEK * _WEEK


def _running(reminder: Reminder, now: datetime) -> "QuerySet[Campaign]":
    rows = Campaign.objects.filter(due_at__isnull=False, starts_at__lte=now)
    rows = rows.exclude(status=Campaign.Status.COMPLETED)
    if reminder.campaign_id is not None:
        rows = rows.filter(pk=reminder.campaign_id)
    return rows.order_by("due_at", "id")


def _remind(reminder: Reminder, campaign: Campaign, now: datetime) -> bool:
    moment = due_moment(reminder, campaign.due_at, now=now)
    if moment is None:
        return False
    occasion = f"reminder/{reminder.pk}/{campaign.pk}/{moment.isoformat()}"
    if Delivery.objects.filter(channel=reminder.channel_id, occasion=occasion).exists():
        return False
    made = enqueue(
        channel=reminder.channel,
        kind=Delivery.Kind.REMINDER,
        occasion=occasion,
        message=message_of_campaign(campaign, now=now),
        about={"reminder": reminder.pk, "campaign": campaign.pk},
        now=now,
    )
    return made is not None


def preview_of_reminder(reminder: Reminder, *, now: datetime) -> Message:
    """Return what a reminder would say now of the campaign that is due first."""
    campaign = _running(reminder, now).first()
    if campaign is None:
        return Message("No campaign is under way", (Text("There is nothing to show."),))
    return message_of_campaign(campaign, now=now)


def message_of_campaign(campaign: Campaign, *, now: datetime) -> Message:
    """Return what a reminder says of a campaign."""
    loaded = Campaign.objects.with_parts().get(pk=campaign.pk)
    progress = progress_of(loaded, now=now)
    failing = failing_by_team(loaded, now=now)
    # Those with names first: what nobody owns has nobody to read it.
    teams = sorted(
        (team for team in progress.teams if team.left), key=lambda team: (not team.team, team.team)
    )
    titles = dict(
        Entity.objects.of(TEAM)
        .named(team.team for team in teams)
        .values_list("identifier", "title")
    )
    blocks: list[Block] = [Text(_opening(campaign, progress.left, now))]
    for team in teams[:MOST_TEAMS]:
        blocks += _team_blocks(team, failing.get(team.team, []), titles)
    if len(teams) > MOST_TEAMS:
        blocks.append(Context(f"And {len(teams) - MOST_TEAMS} more teams."))
    blocks += links.campaign_links(campaign.identifier)
    return Message(f"{campaign.title}: {_when(campaign, now)}", tuple(blocks))


def _opening(campaign: Campaign, left: int, now: datetime) -> str:
    if not left:
        return "Nothing is left to do: every entity passes."
    noun = "entity has" if left == 1 else "entities have"
    due = f"{campaign.due_at:%-d %B %Y}" if campaign.due_at else "no set day"
    return f"{left:,} {noun} something left to do by {due}."


def _when(campaign: Campaign, now: datetime) -> str:
    if campaign.due_at is None:
        return "under way"
    days = (campaign.due_at.date() - now.date()).days
    if days == 0:
        return "due today"
    count = f"{abs(days)} {'day' if abs(days) == 1 else 'days'}"
    return f"due in {count}" if days > 0 else f"late by {count}"


def _team_blocks(
    team: TeamProgress,
    items: Sequence[tuple[Entity, Sequence[Rule]]],
    titles: Mapping[str, str],
) -> Iterator[Block]:
    called = (titles.get(team.team) or team.team) if team.team else "Without an owner"
    yield Heading(f"{called}: {team.left:,} to do")
    lines = tuple(_line(entity, rules) for entity, rules in items[:MOST_ENTITIES])
    yield Items(lines, more=team.left - len(lines))


def _line(entity: Entity, rules: Sequence[Rule]) -> Item:
    link = links.entity_link(entity.blueprint.identifier, entity.identifier)
    return Item(str(entity), link, ", ".join(rule.title for rule in rules))
