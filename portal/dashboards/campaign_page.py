"""The page of a campaign: how far it is, how it got there, and who is still to do what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.core.paginator import Page, Paginator

from catalog.models import Entity
from portal.dashboards.burn_up_charts import BurnUp, Stage
from portal.dashboards.charts import Slice
from portal.dashboards.columns import Reference
from portal.dashboards.formats import day, number, plural
from portal.dashboards.ownership import team_references
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight
from scorecards.campaign_progress import Progress, RuleProgress, TeamProgress, progress_of
from scorecards.campaigns import NOBODY, failing, failing_rules, rule_name
from scorecards.forecasts import Forecast, Left, forecast
from scorecards.models import Campaign, Rule

PAGE_SIZE = 50
# More points than a line has pixels for show nothing more.
MOST_STAGES = 400
NOBODYS = "Nobody"
# Those with the most to do; the others are folded away, and beyond that only counted.
FIRST_TEAMS = 8
MOST_TEAMS = 200


@dataclass(frozen=True)
class RuleRow:
    """How a rule fares, with the link to those that fail it."""

    progress: RuleProgress
    link: str

    @property
    def rule(self) -> Rule:
        """Return the rule."""
        return self.progress.rule


@dataclass(frozen=True)
class TeamRow:
    """How far a team is, with the link to what it has left. `team` is None for nobody."""

    progress: TeamProgress
    team: Reference | None
    link: str

    @property
    def title(self) -> str:
        """Return the name of the team."""
        return self.team.title if self.team else NOBODYS


@dataclass(frozen=True)
class OpenRow:
    """An entity that is still to be done: its owners, and the rules that it fails."""

    entity: Entity
    owners: list[Reference]
    rules: list[Rule]


@dataclass(frozen=True)
class Narrowing:
    """A filter of the list of what is left, and the link that lifts it."""

    title: str
    value: str
    link: str


@dataclass(frozen=True)
class CampaignPage:
    """Everything the page of a campaign shows."""

    campaign: Campaign
    owner: Reference | None
    timing: str
    is_late: bool
    progress: Progress
    rules: list[RuleRow]
    teams: list[TeamRow]
    stages: list[Stage]
    chart: BurnUp | None
    outlook: str
    rows: list[OpenRow]
    narrowings: list[Narrowing]
    page: Page
    query: QueryString

    @property
    def first_teams(self) -> list[TeamRow]:
        """Return the teams with the most to do."""
        return self.teams[:FIRST_TEAMS]

    @property
    def other_teams(self) -> list[TeamRow]:
        """Return the teams after them."""
        return self.teams[FIRST_TEAMS:]

    @property
    def untold_teams(self) -> int:
        """Return how many teams are not shown."""
        return len(self.progress.teams) - len(self.teams)

    @property
    def slices(self) -> list[Slice]:
        """Return the entities as the bar shows them."""
        return [
            Slice("done", self.progress.done, "pass"),
            Slice("to do", self.progress.left, "fail"),
        ]

    @property
    def past(self) -> list[tuple[str, str, str]]:
        """Return the stages as a table shows them, the newest first."""
        return [
            (day(stage.at), number(stage.done), number(stage.total))
            for stage in reversed(self.stages)
        ]


def campaign_page(
    campaign: Campaign, query: QueryString, *, now: datetime, sight: Sight
) -> CampaignPage:
    """Return the page of a campaign whose parts are loaded, as its address asks for it.

    Its numbers are those of all that it is about; what is named is in `sight`.
    """
    progress = progress_of(campaign, now=now)
    stages = _stages(campaign, progress, now=now)
    ahead = forecast([Left(stage.at.date(), stage.total - stage.done) for stage in stages])
    is_running = campaign.status == Campaign.Status.IN_PROGRESS
    rule = next(
        (item for item in campaign.rules.all() if rule_name(item) == query.get("rule")), None
    )
    team = NOBODY if query.get("unowned") else query.get("team") or None
    rows = failing(campaign, now=now, rule=rule, team=team).seen_in(sight)
    rows = rows.select_related("blueprint")
    page = Paginator(rows.for_table(), PAGE_SIZE).get_page(query.get("page"))
    teams = _team_rows(progress, query)
    return CampaignPage(
        campaign=campaign,
        owner=_owner(campaign),
        timing=timing_of(campaign, now=now),
        is_late=is_late(campaign, now=now),
        progress=progress,
        rules=[
            RuleRow(item, str(query.having("rule", rule_name(item.rule))))
            for item in progress.rules
        ],
        teams=teams,
        stages=stages,
        chart=_chart(campaign, stages, ahead if is_running else None),
        outlook=_outlook(campaign, ahead) if is_running else "",
        rows=_open_rows(campaign, page),
        narrowings=_narrowings(rule, team, query, teams),
        page=page,
        query=query,
    )


def _owner(campaign: Campaign) -> Reference | None:
    if campaign.owner is None:
        return None
    return Reference("_team", campaign.owner.identifier, str(campaign.owner))


def is_late(campaign: Campaign, *, now: datetime) -> bool:
    """Say whether a campaign is past its due date and not completed."""
    is_open = campaign.status != Campaign.Status.COMPLETED
    return is_open and campaign.due_at is not None and campaign.due_at < now


def timing_of(campaign: Campaign, *, now: datetime) -> str:
    """Say how much time there is: "12 days left"."""
    if campaign.status == Campaign.Status.COMPLETED:
        return "completed"
    if campaign.status == Campaign.Status.NOT_STARTED and campaign.starts_at > now:
        return f"starts in {plural(_days(campaign.starts_at - now), 'day')}"
    if campaign.due_at is None:
        return "no due date"
    if campaign.due_at < now:
        return f"{plural(_days(now - campaign.due_at), 'day')} overdue"
    return f"{plural(_days(campaign.due_at - now), 'day')} left"


def _days(span: timedelta) -> int:
    """Return how many days a span is, begun ones included."""
    return -(-span // timedelta(days=1))


def _stages(campaign: Campaign, progress: Progress, *, now: datetime) -> list[Stage]:
    """Return how far the campaign was at the end of each day, and is now while it is under way."""
    rows = campaign.snapshots.order_by("day").values_list("day", "done", "entities")
    stages = [
        Stage(min(datetime.combine(on, time.max, UTC), now), done, total)
        for on, done, total in rows
    ]
    if campaign.status == Campaign.Status.IN_PROGRESS:
        stages = [stage for stage in stages if stage.at.date() < now.date()]
        stages.append(Stage(now, progress.done, progress.entities))
    step = len(stages) // MOST_STAGES + 1
    # Backwards, so that the last one stays.
    return stages[::-step][::-1]


def _chart(campaign: Campaign, stages: list[Stage], ahead: Forecast | None) -> BurnUp | None:
    if len(stages) < 2:
        return None
    return BurnUp(
        stages,
        starts_at=campaign.starts_at,
        due_at=campaign.due_at,
        done_at=_end_of(ahead),
    )


def _end_of(ahead: Forecast | None) -> datetime | None:
    if ahead is None or ahead.done_on is None:
        return None
    return datetime.combine(ahead.done_on, time.max, UTC)


def _outlook(campaign: Campaign, ahead: Forecast | None) -> str:
    """Say where it leads, if it goes on like this."""
    end = _end_of(ahead)
    if ahead is None:
        return ""
    if end is None:
        return "At this pace it will not be done."
    words = f"At this pace it will be done on {day(end)}"
    if campaign.due_at is None:
        return f"{words}."
    late = (end.date() - campaign.due_at.date()).days
    if late > 0:
        return f"{words}, {plural(late, 'day')} late."
    return f"{words}, in time."


def _team_rows(progress: Progress, query: QueryString) -> list[TeamRow]:
    shown = progress.teams[:MOST_TEAMS]
    names = [item.team for item in shown if item.team != NOBODY]
    known = {team.identifier: team for team in team_references(names)}
    query = query.without("team", "unowned")
    return [
        TeamRow(
            item,
            known.get(item.team),
            str(query.having("team", item.team) if item.team else query.having("unowned", "yes")),
        )
        for item in shown
    ]


def _open_rows(campaign: Campaign, page: Page) -> list[OpenRow]:
    entities = list(page.object_list)
    rules = failing_rules(campaign, [entity.pk for entity in entities])
    names = sorted({name for entity in entities for name in entity.team})
    owners = {team.identifier: team for team in team_references(names)}
    return [
        OpenRow(entity, [owners[name] for name in entity.team], rules[entity.pk])
        for entity in entities
    ]


def _narrowings(
    rule: Rule | None, team: str | None, query: QueryString, teams: Sequence[TeamRow]
) -> list[Narrowing]:
    found = []
    if rule is not None:
        found.append(Narrowing("Failing", rule.title, str(query.without("rule"))))
    if team is not None:
        titles = {row.progress.team: row.title for row in teams}
        title = titles.get(team, team or NOBODYS)
        found.append(Narrowing("Owned by", title, str(query.without("team", "unowned"))))
    return found
