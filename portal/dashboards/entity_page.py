"""The page of an entity: a head, and one of its tabs. Each tab asks only for what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from catalog.models import Entity
from portal.dashboards.advice import Advice, advice_of
from portal.dashboards.campaigns_page import Notice, entity_notices
from portal.dashboards.columns import Reference
from portal.dashboards.entity_graph import DEPTHS, Direction, Graph, View, graph_of
from portal.dashboards.facts import Fact, FactLists, Measure, facts_of, in_order
from portal.dashboards.level_history import LevelHistory, level_histories
from portal.dashboards.measures_tab import measures_tab
from portal.dashboards.neighbours import Related, related_of
from portal.dashboards.ownership import team_references
from portal.dashboards.panels import PanelView, panel_views
from portal.dashboards.properties import Origin, Property, properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.timeline import timeline_of
from portal.dashboards.values import MISSING
from portal.permissions import Sight
from scorecards.models import Evaluation, Level, Scorecard
from scorecards.scores import Score, together


class Tab(StrEnum):
    """The tabs, by their names in addresses."""

    OVERVIEW = "overview"
    SCORECARDS = "scorecards"
    RELATED = "related"
    MEASURES = "dora"
    TIMELINE = "timeline"


TITLES = {
    Tab.OVERVIEW: _("Overview"),
    Tab.SCORECARDS: _("Scorecards"),
    Tab.RELATED: _("Related"),
    Tab.MEASURES: _("Measures"),
    Tab.TIMELINE: _("Timeline"),
}


@dataclass(frozen=True)
class TabLink:
    """A tab as the bar of tabs shows it."""

    tab: Tab
    title: str
    is_current: bool

    @property
    def query(self) -> str:
        """Return the end of the address."""
        return "?" if self.tab is Tab.OVERVIEW else f"?tab={self.tab}"


@dataclass(frozen=True)
class Held:
    """A level that the entity holds by a scorecard that grades it, None where it holds none."""

    scorecard: Scorecard
    level: Level | None


@dataclass(frozen=True)
class EntityPage:
    """Everything the page shows: what the head says, and what is on the tab."""

    entity: Entity
    owners: list[Reference]
    held: list[Held]
    problems: list[tuple[str, str]]
    tabs: list[TabLink]
    tab: Tab
    content: object


@dataclass(frozen=True)
class OverviewTab:
    """What stands out: the way to the next level, the facts, and what it is related to."""

    entity: Entity
    notices: list[Notice]
    panels: list[PanelView]
    advice: Advice | None
    given: list[Fact]
    computed: list[Fact]
    results: list[Measure]
    related: Related

    @property
    def score(self) -> Score:
        """Return the score of the entity over the rules of all its scorecards."""
        return together((view.panel.score for view in self.panels), entities=1)

    @property
    def has_facts(self) -> bool:
        """Say whether there is any property to show."""
        return bool(self.given or self.computed)

    @property
    def set(self) -> list[Fact]:
        """Return what was given and has a value."""
        return [fact for fact in self.given if fact.shown is not MISSING]

    @property
    def unset(self) -> list[Fact]:
        """Return what could be given and is not."""
        return [fact for fact in self.given if fact.shown is MISSING]

    @property
    def wide(self) -> list[Fact]:
        """Return the values that need the whole width."""
        return [fact for fact in (*self.given, *self.computed) if fact.is_wide]


@dataclass(frozen=True)
class ScorecardsTab:
    """The scorecards in full, each with the levels that were held."""

    panels: list[tuple[PanelView, LevelHistory | None]]


@dataclass(frozen=True)
class RelatedTab:
    """The neighbours and the graph, with what else the graph can show."""

    related: Related
    graph: Graph
    view: View
    scorecards: Sequence[Scorecard]

    @property
    def depths(self) -> tuple[int, ...]:
        """Return how far the graph can go."""
        return DEPTHS

    @property
    def directions(self) -> list[Direction]:
        """Return which relations it can follow."""
        return list(Direction)


def entity_page(entity: Entity, query: QueryString, *, now: datetime, sight: Sight) -> EntityPage:
    """Return the page of an entity whose blueprint is loaded.

    Nothing is named that is not in `sight`.
    """
    properties = properties_of(entity.blueprint)
    facts = in_order(facts_of(entity, properties))
    held = _held(entity)
    tabs = _tabs(held, facts)
    tab = next((item for item in tabs if item == query.get("tab")), Tab.OVERVIEW)
    reader = _Reader(entity, properties, facts, held, query, now=now, sight=sight)
    return EntityPage(
        entity=entity,
        owners=team_references(entity.team),
        held=held,
        problems=_problems(entity, properties),
        tabs=[TabLink(item, _title(item, facts), is_current=item is tab) for item in tabs],
        tab=tab,
        content=reader.content(tab),
    )


def _tabs(held: Sequence[Held], facts: FactLists) -> list[Tab]:
    is_there = {Tab.SCORECARDS: bool(held), Tab.MEASURES: bool(facts.results or facts.parts)}
    return [tab for tab in Tab if is_there.get(tab, True)]


def _title(tab: Tab, facts: FactLists) -> str:
    """Name a tab; numbers by the words that all of them begin with, if that is a known one."""
    is_dora = any(item.fact.prop.identifier.startswith("dora_") for item in facts.results)
    return "DORA" if tab is Tab.MEASURES and is_dora else str(TITLES[tab])


def _held(entity: Entity) -> list[Held]:
    rows = Evaluation.objects.of_entities([entity.pk]).select_related("level", "scorecard")
    return [Held(row.scorecard, row.level) for row in rows.order_by("scorecard__title", "id")]


def _problems(entity: Entity, properties: Mapping[str, Property]) -> list[tuple[str, str]]:
    named = ((item.get("property", ""), item.get("message", "")) for item in entity.problems)
    return [
        (properties[key].title if key in properties else key, message) for key, message in named
    ]


@dataclass(frozen=True)
class _Reader:
    """Reads what the tabs of an entity show."""

    entity: Entity
    properties: Mapping[str, Property]
    facts: FactLists
    held: Sequence[Held]
    query: QueryString
    now: datetime
    sight: Sight

    def content(self, tab: Tab) -> object:
        match tab:
            case Tab.OVERVIEW:
                return self._overview()
            case Tab.SCORECARDS:
                return self._scorecards()
            case Tab.RELATED:
                return related_tab(self.entity, self.query, sight=self.sight)
            case Tab.MEASURES:
                return self._measures()
        return timeline_of(self.entity, self.properties, self.query)

    def _overview(self) -> OverviewTab:
        plain = self.facts.plain
        panels = panel_views(self.entity, self.properties, now=self.now) if self.held else []
        return OverviewTab(
            entity=self.entity,
            notices=entity_notices(self.entity, now=self.now),
            panels=panels,
            advice=advice_of(panels),
            given=[fact for fact in plain if fact.prop.origin is Origin.GIVEN],
            computed=[fact for fact in plain if fact.prop.origin is not Origin.GIVEN],
            results=self.facts.results,
            related=related_of(self.entity, sight=self.sight, targets=3, sources=0),
        )

    def _scorecards(self) -> ScorecardsTab:
        views = panel_views(self.entity, self.properties, now=self.now)
        cards = [view.panel.scorecard for view in views]
        histories = level_histories(self.entity, cards, now=self.now)
        return ScorecardsTab([(view, histories.get(view.panel.scorecard.pk)) for view in views])

    def _measures(self) -> object:
        return measures_tab(
            self.entity,
            self.properties,
            self.facts,
            {item.scorecard.pk: item.level for item in self.held if item.level},
            period=self.query.get("period"),
            now=self.now,
            sight=self.sight,
        )


def related_tab(entity: Entity, query: QueryString, *, sight: Sight) -> RelatedTab:
    """Return what an entity is related to, and the graph that an address asks for."""
    view, scorecards = graph_view(entity, query, sight=sight)
    return RelatedTab(
        related=related_of(entity, sight=sight),
        graph=graph_of(entity, view, sight=sight),
        view=view,
        scorecards=scorecards,
    )


def graph_view(
    entity: Entity, query: QueryString, *, sight: Sight
) -> tuple[View, Sequence[Scorecard]]:
    """Return which graph an address asks for, and by which scorecards it can be coloured.

    Those that grade the entity come first.
    """
    published = Scorecard.objects.published().seen_in(sight).prefetch_related("blueprints")
    cards = sorted(
        published.order_by("title", "id"),
        key=lambda card: entity.blueprint not in card.blueprints.all(),
    )
    return View.of(query, cards), cards
