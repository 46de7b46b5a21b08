"""Reports: made when they are due, once each."""

from datetime import datetime
from secrets import token_hex

from django.db import transaction
from django.db.models import QuerySet

from catalog.models import TEAM, Entity
from portal.dashboards.ownership import graded_entities_of
from portal.integrations.channels.deliveries import enqueue
from portal.integrations.messages import Message
from portal.integrations.models import Delivery, Report
from portal.integrations.notices import links
from portal.integrations.notices.figures import Baseline, Figures, past_figures, read_figures
from portal.integrations.notices.moves import Moves, read_moves
from portal.integrations.notices.report_messages import (
    MOST_MOVES,
    Addresses,
    Contents,
    report_message,
)
from portal.integrations.notices.schedules import schedule_of
from scorecards.models import Scorecard

ADDRESSES = Addresses(
    scorecard=links.scorecard_link, entity=links.entity_link, team=links.team_link
)


def make_due_reports(*, now: datetime) -> int:
    """Make the reports that are due; return how many. One that was missed is made once."""
    due = Report.objects.filter(is_enabled=True, next_at__lte=now).order_by("next_at", "id")
    return sum(_make(report, now) for report in due.select_related("channel", "team"))


def send_report_now(*, report: Report, now: datetime) -> Delivery | None:
    """Send a report beside its schedule, which goes on as if it had not been sent."""
    message, _ = message_of_report(report, now=now)
    return enqueue(
        channel=report.channel,
        kind=Delivery.Kind.REPORT,
        occasion=f"report/{report.pk}/now/{token_hex(8)}",
        message=message,
        about={"report": report.pk},
        now=now,
    )


def message_of_report(report: Report, *, now: datetime) -> tuple[Message, Figures]:
    """Return what a report says now, and the figures that the next one is compared with."""
    scorecards = list(_scorecards(report))
    team = report.team.identifier if report.team else ""
    since = report.last_at or now - schedule_of(report).period
    figures = read_figures(scorecards, team=team)
    contents = Contents(
        title=report.title,
        team=str(report.team) if report.team else "",
        since=since,
        until=now,
        figures=figures,
        moves=_moves(scorecards, team, since=since, until=now),
        baseline=_baseline(report, scorecards, team, since=since, now=now),
        team_titles=_titles(figures),
        ending=links.home_links(team),
    )
    return report_message(contents, ADDRESSES), figures


def _make(report: Report, now: datetime) -> bool:
    # Read before anything is locked; of two workers that do so, one stores what it read.
    is_heard = report.channel.is_enabled
    message, figures = message_of_report(report, now=now) if is_heard else (None, None)
    with transaction.atomic():
        same = Report.objects.filter(pk=report.pk, is_enabled=True, next_at=report.next_at)
        moved = {"next_at": schedule_of(report).next_after(now)}
        if figures is not None:
            moved |= {"last_at": now, "figures": figures.dump()}
        if not same.update(**moved) or message is None:
            return False
        made = enqueue(
            channel=report.channel,
            kind=Delivery.Kind.REPORT,
            occasion=f"report/{report.pk}/{report.next_at.isoformat()}",
            message=message,
            about={"report": report.pk},
            now=now,
        )
    return made is not None


def _scorecards(report: Report) -> "QuerySet[Scorecard]":
    rows = Scorecard.objects.published()
    chosen = list(report.scorecards.values_list("pk", flat=True))
    rows = rows.filter(pk__in=chosen) if chosen else rows
    return rows.with_parts().order_by("title", "id")


def _moves(scorecards: list[Scorecard], team: str, *, since: datetime, until: datetime) -> Moves:
    return read_moves(
        scorecard_ids=[card.pk for card in scorecards],
        since=since,
        until=until,
        entities=graded_entities_of([team]) if team else None,
        most=MOST_MOVES,
    )


def _baseline(
    report: Report, scorecards: list[Scorecard], team: str, *, since: datetime, now: datetime
) -> Baseline | None:
    if report.figures is not None:
        return Baseline.parse(report.figures)
    return past_figures(scorecards, team=team, since=since.date(), until=now.date())


def _titles(figures: Figures) -> dict[str, str]:
    if not figures.teams:
        return {}
    rows = Entity.objects.of(TEAM).values_list("identifier", "title")
    return {identifier: title or identifier for identifier, title in rows}
