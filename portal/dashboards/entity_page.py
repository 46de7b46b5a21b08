"""The page of an entity: its values, its neighbours, its panels and its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count

from catalog.models import OWNERSHIP, Blueprint, Entity, EntityRelation
from portal.dashboards.campaigns_page import Notice, entity_notices
from portal.dashboards.columns import Reference
from portal.dashboards.facts import Fact, Measure, facts_of, in_order
from portal.dashboards.formats import many
from portal.dashboards.ownership import team_references
from portal.dashboards.panels import PanelView, panel_views
from portal.dashboards.properties import Origin, Property, properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.timeline import Event, timeline_of
from scorecards.scores import Score, together

MOST_TARGETS = 200
MOST_SOURCES = 10


@dataclass(frozen=True)
class Neighbours:
    """Entities on the other end of a relation.

    `query` filters their table down to them; `via` names the relation where the kind of entity
    does not say it ("service" of a deployment goes without saying, "caused by" does not).
    """

    title: str
    blueprint: Blueprint
    count: int
    entities: list[Reference]
    query: str = ""
    via: str = ""

    @property
    def more(self) -> int:
        """Return how many are not listed."""
        return self.count - len(self.entities)


@dataclass(frozen=True)
class EntityPage:
    """Everything the page of an entity shows.

    `results` are measures with what they rest on, `parts` what they are made of, `asides` what they
    leave out.
    """

    entity: Entity
    owners: list[Reference]
    notices: list[Notice]
    panels: list[PanelView]
    given: list[Fact]
    computed: list[Fact]
    results: list[Measure]
    parts: list[Measure]
    asides: list[Fact]
    problems: list[tuple[str, str]]
    outgoing: list[Neighbours]
    incoming: list[Neighbours]
    events: list[Event]

    @property
    def score(self) -> Score:
        """Return the score of the entity over the rules of all its scorecards."""
        return together((view.panel.score for view in self.panels), entities=1)

    @property
    def has_facts(self) -> bool:
        """Say whether there is any property to show."""
        return bool(self.given or self.computed or self.results or self.parts)

    @property
    def wide(self) -> list[Fact]:
        """Return the values that need the whole width."""
        return [fact for fact in (*self.given, *self.computed) if fact.is_wide]


def entity_page(entity: Entity, *, now: datetime) -> EntityPage:
    """Return the page of an entity whose blueprint is loaded."""
    properties = properties_of(entity.blueprint)
    facts = in_order(facts_of(entity, properties))
    panels = panel_views(entity, properties, now=now)
    return EntityPage(
        entity=entity,
        owners=team_references(entity.team),
        notices=entity_notices(entity, now=now),
        panels=panels,
        given=[fact for fact in facts.plain if fact.prop.origin is Origin.GIVEN],
        computed=[fact for fact in facts.plain if fact.prop.origin is not Origin.GIVEN],
        results=facts.results,
        parts=facts.parts,
        asides=facts.asides,
        problems=_problems(entity, properties),
        outgoing=_outgoing(entity),
        incoming=_incoming(entity),
        events=timeline_of(entity, properties, [view.panel.scorecard for view in panels]),
    )


def _problems(entity: Entity, properties: Mapping[str, Property]) -> list[tuple[str, str]]:
    named = ((item.get("property", ""), item.get("message", "")) for item in entity.problems)
    return [
        (properties[key].title if key in properties else key, message) for key, message in named
    ]


def _outgoing(entity: Entity) -> list[Neighbours]:
    rows = (
        EntityRelation.objects.filter(source=entity)
        .exclude(relation=OWNERSHIP)
        .select_related("target__blueprint")
        .defer("target__facts", "target__properties", "target__computed")
        .order_by("relation", "id")
    )[:MOST_TARGETS]
    return [
        _neighbours(entity.blueprint, relation, [row.target for row in group])
        for relation, group in groupby(rows, key=lambda row: row.relation)
    ]


def _neighbours(owner: Blueprint, relation: str, targets: list[Entity]) -> Neighbours:
    return Neighbours(
        title=_title(owner, relation),
        blueprint=targets[0].blueprint,
        count=len(targets),
        entities=_references(
            targets[0].blueprint, ((target.identifier, target.title) for target in targets)
        ),
    )


def _incoming(entity: Entity) -> list[Neighbours]:
    """Return what points here: a count per relation, and the newest few of each.

    A query per relation, each bounded: a service may have a hundred thousand deployments.
    """
    counts = (
        EntityRelation.objects.filter(target=entity)
        .values_list("source__blueprint_id", "relation")
        .annotate(count=Count("id"))
        .order_by("source__blueprint__title", "relation")
    )
    groups = list(counts)
    blueprints = Blueprint.objects.in_bulk({pk for pk, _, _ in groups})
    return [
        _newest(entity, blueprints[pk], relation=relation, count=count)
        for pk, relation, count in groups
    ]


def _newest(entity: Entity, blueprint: Blueprint, *, relation: str, count: int) -> Neighbours:
    sources = EntityRelation.objects.filter(
        target=entity, relation=relation, source__blueprint=blueprint
    ).order_by("-source_id")
    names = sources.values_list("source__identifier", "source__title")[:MOST_SOURCES]
    parameter = "team" if relation == OWNERSHIP else f"relation.{relation}"
    title = "Owner" if relation == OWNERSHIP else _title(blueprint, relation)
    return Neighbours(
        title=many(blueprint.title),
        blueprint=blueprint,
        count=count,
        entities=_references(blueprint, names),
        query=str(QueryString().having(parameter, entity.identifier)),
        via="" if title.lower() == entity.blueprint.title.lower() else title,
    )


def _title(blueprint: Blueprint, relation: str) -> str:
    return (blueprint.relations.get(relation) or {}).get("title") or relation


def _references(blueprint: Blueprint, names: Iterable[tuple[str, str]]) -> list[Reference]:
    return [
        Reference(blueprint.identifier, identifier, title or identifier)
        for identifier, title in names
    ]
