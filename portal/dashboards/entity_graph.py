"""What stands around an entity, as a graph: what points at it left of it, what it points at right.

Bounded, whatever there is: a relation with many ends is one box that leads to their table, and
beyond the largest number of boxes it is only said how many are left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Count, Q

from catalog.models import Blueprint, Entity, EntityRelation
from portal.dashboards.finding import address_of
from portal.dashboards.formats import many, plural
from portal.dashboards.graph_charts import Drawing, Node
from portal.dashboards.graph_layers import layers_of
from portal.dashboards.neighbours import relation_title, table_of_sources
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight
from scorecards.models import Evaluation, Level, Scorecard

MOST_NODES = 60
MOST_EDGES = 400
# More ends of one relation than this are one box.
MOST_OF_A_GROUP = 6
DEPTHS = (1, 2, 3)


class Direction(StrEnum):
    """Which relations are followed."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class View:
    """What of the graph is asked for, and the scorecard whose levels colour it."""

    depth: int = 1
    direction: Direction = Direction.BOTH
    scorecard: Scorecard | None = None

    @classmethod
    def of(cls, query: QueryString, scorecards: Sequence[Scorecard]) -> "View":
        """Read the parameters of an address; what is none is the default."""
        depth, direction = query.get("depth"), query.get("direction")
        named = {card.identifier: card for card in scorecards}
        return cls(
            depth=int(depth) if depth in map(str, DEPTHS) else DEPTHS[0],
            direction=Direction(direction) if direction in list(Direction) else Direction.BOTH,
            scorecard=named.get(query.get("color"), next(iter(scorecards), None)),
        )

    @property
    def query(self) -> QueryString:
        """Return the parameters of an address that ask for this."""
        query = QueryString().having("depth", str(self.depth)).having("direction", self.direction)
        return query.having("color", self.scorecard.identifier if self.scorecard else "")


@dataclass(frozen=True)
class Row:
    """A line of the graph in the list beside it."""

    source: Node
    relation: str
    target: Node


@dataclass(frozen=True)
class Graph:
    """The graph of an entity: what is drawn, the same as rows, and how many are left out."""

    drawing: Drawing
    left_out: int

    @property
    def rows(self) -> list[Row]:
        """Return the edges as a list."""
        nodes = self.drawing.nodes
        return [
            Row(nodes[source], title, nodes[target])
            for (source, target), title in self.drawing.edges.items()
        ]


@dataclass(frozen=True)
class _Group:
    """So many entities of a kind at the other ends of a relation of one entity."""

    near: int
    relation: str
    kind: int
    count: int
    is_out: bool

    @property
    def key(self) -> str:
        return f"more-{self.near}-{self.relation}-{self.kind}-{self.is_out}"

    @property
    def ends(self) -> Q:
        near, far = ("source", "target") if self.is_out else ("target", "source")
        return Q(**{f"{near}_id": self.near, "relation": self.relation}) & Q(
            **{f"{far}__blueprint_id": self.kind}
        )


@dataclass
class _Growth:
    """The graph while it grows: entities, and groups that stand for many."""

    sight: Sight
    entities: dict[int, Entity] = field(default_factory=dict)
    groups: dict[str, _Group] = field(default_factory=dict)
    left_out: int = 0

    @property
    def room(self) -> int:
        return MOST_NODES - len(self.entities) - len(self.groups)

    def add(self, entity: Entity) -> bool:
        """Add an entity; say whether it is new."""
        if entity.pk in self.entities:
            return False
        self.entities[entity.pk] = entity
        return True

    def grow(self, frontier: Sequence[int], *, is_out: bool) -> list[int]:
        """Add what is one step from these entities; return those that are new."""
        drawn: list[_Group] = []
        planned = 0
        for group in self._groups(frontier, is_out=is_out):
            is_small = group.count <= MOST_OF_A_GROUP
            if (needed := group.count if is_small else 1) > self.room - planned:
                self.left_out += group.count
                continue
            if is_small:
                planned += needed
                drawn.append(group)
            else:
                self.groups[group.key] = group
        return self._reach(drawn)

    def _groups(self, frontier: Sequence[int], *, is_out: bool) -> list[_Group]:
        near, far = ("source", "target") if is_out else ("target", "source")
        rows = EntityRelation.objects.filter(**{f"{near}__in": list(frontier)}).order_by()
        if self.sight.hidden:
            rows = rows.exclude(**{f"{far}__blueprint__in": self.sight.hidden})
        counted = rows.values_list(f"{near}_id", "relation", f"{far}__blueprint_id")
        found = [_Group(*row, is_out=is_out) for row in counted.annotate(count=Count("id"))]
        # Few before many, so that many of a kind leave room for the others.
        return sorted(found, key=lambda item: (item.count, item.near, item.relation, item.kind))

    def _reach(self, groups: Sequence[_Group]) -> list[int]:
        if not groups:
            return []
        is_out = groups[0].is_out
        far = "target" if is_out else "source"
        wanted = Q()
        for group in groups:
            wanted |= group.ends
        rows = (
            EntityRelation.objects.filter(wanted)
            .select_related(f"{far}__blueprint")
            .defer(*(f"{far}__{name}" for name in ("facts", "properties", "computed")))
            .order_by("id")
        )
        new = []
        for row in rows:
            end = row.target if is_out else row.source
            if self.add(end):
                new.append(end.pk)
        return new


def graph_of(entity: Entity, view: View, *, sight: Sight) -> Graph:
    """Return the graph around an entity: at most four queries for each step, and four more."""
    growth = _Growth(sight=sight)
    growth.add(entity)
    frontier = [entity.pk]
    for _ in range(view.depth):
        new: list[int] = []
        if view.direction is not Direction.IN:
            new += growth.grow(frontier, is_out=True)
        if view.direction is not Direction.OUT:
            new += growth.grow(frontier, is_out=False)
        frontier = new
        if not frontier:
            break
    return Graph(drawing=_drawing(entity, growth, view), left_out=growth.left_out)


def _drawing(entity: Entity, growth: _Growth, view: View) -> Drawing:
    kinds = Blueprint.objects.in_bulk({group.kind for group in growth.groups.values()})
    levels = _levels(growth.entities, view.scorecard)
    nodes = {
        str(pk): _node(found, levels.get(pk), is_middle=pk == entity.pk)
        for pk, found in growth.entities.items()
    }
    nodes |= {
        key: _many(group, kinds[group.kind], growth.entities[group.near])
        for key, group in growth.groups.items()
    }
    ordered = sorted(nodes, key=lambda key: (nodes[key].kind, nodes[key].title, key))
    edges = _edges(growth, kinds)
    return Drawing(layers=layers_of(ordered, edges), nodes=nodes, edges=edges)


def _levels(entity_ids: Iterable[int], scorecard: Scorecard | None) -> dict[int, Level]:
    if scorecard is None:
        return {}
    held = Evaluation.objects.of_entities(entity_ids).filter(scorecard=scorecard)
    return {row.entity_id: row.level for row in held if row.level}


def _edges(growth: _Growth, kinds: Mapping[int, Blueprint]) -> dict[tuple[str, str], str]:
    ids = list(growth.entities)
    rows = EntityRelation.objects.filter(source__in=ids, target__in=ids).order_by("id")
    titles: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, relation, target in rows.values_list("source_id", "relation", "target_id")[
        :MOST_EDGES
    ]:
        owner = growth.entities[source].blueprint
        titles[str(source), str(target)].append(relation_title(owner, relation))
    for key, group in growth.groups.items():
        near = growth.entities[group.near]
        owner = near.blueprint if group.is_out else kinds[group.kind]
        ends = (str(group.near), key) if group.is_out else (key, str(group.near))
        titles[ends].append(relation_title(owner, group.relation))
    return {ends: ", ".join(names) for ends, names in titles.items()}


def _node(entity: Entity, level: Level | None, *, is_middle: bool) -> Node:
    blueprint = entity.blueprint
    return Node(
        title=str(entity),
        kind=blueprint.title,
        icon=entity.icon or blueprint.icon or blueprint.identifier,
        href=f"{address_of(blueprint.identifier, entity.identifier)}?tab=related",
        color=level.color if level else "",
        hint=level.title if level else "",
        is_middle=is_middle,
    )


def _many(group: _Group, kind: Blueprint, near: Entity) -> Node:
    if group.is_out:
        href = f"{address_of(near.blueprint.identifier, near.identifier)}?tab=related"
    else:
        href = table_of_sources(kind, group.relation, near.identifier)
    return Node(
        title=plural(group.count, kind.title.lower(), many(kind.title).lower()),
        kind=kind.title,
        icon=kind.icon or kind.identifier,
        href=href,
        color="",
        hint="",
        is_many=True,
    )
