"""The page of a team: where it stands, what fell, what it had best fix, and what it owns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import USER, Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.actions import Fix, fixes_of
from portal.dashboards.campaigns_page import Notice, team_notices
from portal.dashboards.columns import Reference
from portal.dashboards.facts import Fact, Measure, facts_of, in_order
from portal.dashboards.heat import HeatMap, heat_map
from portal.dashboards.ownership import Kin, graded_entities_of, kin_of, members_of
from portal.dashboards.panels import PanelView, panel_views
from portal.dashboards.properties import properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.team_trend import TeamTrend, team_trend
from portal.dashboards.week import Week, week_of
from portal.permissions import Sight
from scorecards.counts import counts_of
from scorecards.models import Evaluation, LevelChange, Rule, Scorecard
from scorecards.score_rows import asked_of, mean_score

MOST_MEMBERS = 24
MOST_FIXES = 12


@dataclass(frozen=True)
class TeamPage:
    """Everything the page of a team shows.

    `numbers` and `facts` are the properties that belong to no measure.
    """

    entity: Entity
    kin: Kin
    notices: list[Notice]
    numbers: list[Fact]
    facts: list[Fact]
    results: list[Measure]
    parts: list[Measure]
    asides: list[Fact]
    panels: list[PanelView]
    heat: HeatMap
    fixes: list[Fix]
    week: Week
    trend: TeamTrend
    members: list[Reference]
    # None for who may not see who is who.
    member_count: int | None
    # The mean of the scores of what it owns; None where nothing counts.
    score: float | None
    # How many levels single fixes gain.
    one_away: int

    @property
    def more_members(self) -> int:
        """Return how many members are not listed."""
        return (self.member_count or 0) - len(self.members)


def team_page(entity: Entity, query: QueryString, *, now: datetime, sight: Sight) -> TeamPage:
    """Return the page of a `_team` entity."""
    team = entity.identifier
    properties = properties_of(entity.blueprint)
    facts = in_order(facts_of(entity, properties))
    owned = graded_entities_of([team]).seen_in(sight)
    scorecards = scorecards_of(owned)
    evaluations = Evaluation.objects.filter(entity__in=owned)
    members = members_of(team).order_by("title", "id")
    fixes = fixes_of(scorecards, evaluations)
    return TeamPage(
        entity=entity,
        kin=kin_of(entity),
        notices=team_notices(team, now=now),
        numbers=[fact for fact in facts.plain if fact.is_number],
        facts=[fact for fact in facts.plain if not fact.is_number],
        results=facts.results,
        parts=facts.parts,
        asides=facts.asides,
        panels=panel_views(entity, properties, now=now),
        heat=heat_map(owned, scorecards, query),
        fixes=fixes[:MOST_FIXES],
        week=week_of(LevelChange.objects.filter(entity__in=owned), scorecards, now=now),
        trend=_trend(team, scorecards, now=now),
        members=[
            Reference("_user", identifier, title or identifier)
            for identifier, title in members.values_list("identifier", "title")[:MOST_MEMBERS]
        ]
        if sight.sees(USER)
        else [],
        member_count=members.count() if sight.sees(USER) else None,
        score=mean_score(asked_of(_rules(scorecards)), evaluations),
        one_away=sum(fix.lifts for fix in fixes),
    )


def _trend(team: str, scorecards: Sequence[Scorecard], *, now: datetime) -> TeamTrend:
    counts = counts_of([card.pk for card in scorecards], team=team)
    return team_trend(team, scorecards, counts, now=now)


def _rules(scorecards: Sequence[Scorecard]) -> list[Rule]:
    return [rule for card in scorecards for rule in card.rules.all()]


def scorecards_of(entities: EntityQuerySet) -> list[Scorecard]:
    """Return the published scorecards that grade any of these entities, with their parts."""
    ids = Evaluation.objects.filter(entity__in=entities).values("scorecard_id").distinct()
    return list(
        Scorecard.objects.published().filter(pk__in=ids).with_parts().order_by("title", "id")
    )
