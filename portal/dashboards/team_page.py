"""The page of a team: its numbers, its scorecards, what it owns and what it had best fix."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator

from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.actions import Fix, fixes_of
from portal.dashboards.campaigns_page import Notice, team_notices
from portal.dashboards.columns import Reference
from portal.dashboards.distribution import levels_of
from portal.dashboards.facts import Fact, Measure, facts_of, in_order
from portal.dashboards.ownership import graded_entities_of, members_of
from portal.dashboards.panels import PanelView, panel_views
from portal.dashboards.properties import properties_of
from portal.dashboards.querystring import QueryString
from scorecards.models import Evaluation, Level, Scorecard
from scorecards.score_rows import asked_of, mean_score

PAGE_SIZE = 50
MOST_MEMBERS = 24
MOST_FIXES = 8


@dataclass(frozen=True)
class HeatRow:
    """An entity with its level by each of the heat map's scorecards, None where it has none."""

    entity: Entity
    levels: list[Level | None]


@dataclass(frozen=True)
class HeatMap:
    """Entities by scorecards, a level in each cell."""

    scorecards: list[Scorecard]
    rows: list[HeatRow]
    page: Page
    query: QueryString

    @property
    def noun(self) -> str:
        """Return what the rows are, where they are all of a kind."""
        kinds = {row.entity.blueprint.title for row in self.rows}
        return kinds.pop().lower() if len(kinds) == 1 else "entity"


@dataclass(frozen=True)
class TeamPage:
    """Everything the page of a team shows. `numbers` stand large, `facts` in a list."""

    entity: Entity
    notices: list[Notice]
    numbers: list[Fact]
    facts: list[Fact]
    results: list[Measure]
    parts: list[Measure]
    asides: list[Fact]
    panels: list[PanelView]
    heat: HeatMap
    fixes: list[Fix]
    members: list[Reference]
    member_count: int
    # The mean of the scores of what it owns; None where nothing counts.
    score: float | None


def team_page(entity: Entity, query: QueryString, *, now: datetime, has_people: bool) -> TeamPage:
    """Return the page of a `_team` entity."""
    properties = properties_of(entity.blueprint)
    facts = in_order(facts_of(entity, properties))
    owned = graded_entities_of([entity.identifier])
    scorecards = scorecards_of(owned)
    members = members_of(entity.identifier).order_by("title", "id")
    if not has_people:
        members = members.none()
    return TeamPage(
        entity=entity,
        notices=team_notices(entity.identifier, now=now),
        numbers=[fact for fact in facts.plain if fact.is_number],
        facts=[fact for fact in facts.plain if not fact.is_number],
        results=facts.results,
        parts=facts.parts,
        asides=facts.asides,
        panels=panel_views(entity, properties, now=now),
        heat=heat_map(owned, scorecards, query),
        fixes=fixes_of(scorecards, Evaluation.objects.filter(entity__in=owned))[:MOST_FIXES],
        members=[
            Reference("_user", identifier, title or identifier)
            for identifier, title in members.values_list("identifier", "title")[:MOST_MEMBERS]
        ],
        member_count=members.count(),
        score=_score(owned, scorecards),
    )


def _score(owned: EntityQuerySet, scorecards: Sequence[Scorecard]) -> float | None:
    asked = asked_of(rule for card in scorecards for rule in card.rules.all())
    return mean_score(asked, Evaluation.objects.filter(entity__in=owned))


def scorecards_of(entities: EntityQuerySet) -> list[Scorecard]:
    """Return the published scorecards that grade any of these entities, with their parts."""
    ids = Evaluation.objects.filter(entity__in=entities).values("scorecard_id").distinct()
    return list(
        Scorecard.objects.published().filter(pk__in=ids).with_parts().order_by("title", "id")
    )


def heat_map(
    entities: EntityQuerySet, scorecards: Sequence[Scorecard], query: QueryString
) -> HeatMap:
    """Return entities by scorecards, a page at a time."""
    rows = (
        entities.select_related("blueprint")
        .for_table()
        .order_by("blueprint__title", "title", "identifier", "id")
    )
    page = Paginator(rows, PAGE_SIZE).get_page(query.get("page"))
    found = list(page.object_list)
    levels = levels_of([entity.pk for entity in found])
    return HeatMap(
        scorecards=list(scorecards),
        rows=[
            HeatRow(entity, [levels[entity.pk].get(card.pk) for card in scorecards])
            for entity in found
        ],
        page=page,
        query=query,
    )
