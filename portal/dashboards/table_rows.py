"""Entities as the rows of a table: their cells, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from catalog.models import OWNERSHIP, TEAM, Entity, EntityRelation
from portal.dashboards.columns import (
    MOST_ITEMS,
    Cell,
    Column,
    LevelColumn,
    Reference,
    RelationColumn,
    Row,
    RuleColumn,
)
from portal.dashboards.distribution import masks_of
from scorecards.models import Evaluation, Level

Related = dict[int, dict[str, list[Reference]]]


@dataclass(frozen=True)
class TableRow:
    """A row as the template draws it."""

    entity: Entity
    cells: list[tuple[Column, Cell]]


def rows_of(
    entities: Iterable[Entity], columns: Sequence[Column], teams: Mapping[str, str]
) -> list[TableRow]:
    """Return entities with their cells in all columns but the first; at most three queries."""
    return [
        TableRow(row.entity, [(column, column.cell(row)) for column in columns[1:]])
        for row in known(list(entities), columns, teams)
    ]


def known(
    entities: Sequence[Entity],
    columns: Sequence[Column],
    teams: Mapping[str, str],
    *,
    has_all: bool = False,
) -> Iterator[Row]:
    """Yield entities with what their cells are made of.

    Without `has_all`, of a relation to many only as many as a cell shows, and what tells that
    there are more.
    """
    ids = [entity.pk for entity in entities]
    levels = _levels(ids, columns)
    has_rules = any(isinstance(column, RuleColumn) for column in columns)
    masks = masks_of(ids) if has_rules else defaultdict(dict)
    related = _related(ids, columns, has_all=has_all)
    for entity in entities:
        owners = [Reference(TEAM, name, teams.get(name) or name) for name in entity.team]
        relations = {**related[entity.pk], OWNERSHIP: owners}
        yield Row(entity, levels[entity.pk], relations, masks[entity.pk])


def _levels(ids: Sequence[int], columns: Sequence[Column]) -> dict[int, dict[int, Level]]:
    """Return levels by entity and scorecard: of those shown, which have their levels loaded."""
    found: dict[int, dict[int, Level]] = defaultdict(dict)
    cards = [column.scorecard for column in columns if isinstance(column, LevelColumn)]
    shown = [card for card in cards if card is not None]
    if not shown:
        return found
    levels = {level.pk: level for card in shown for level in card.levels.all()}
    rows = Evaluation.objects.filter(entity_id__in=ids, scorecard__in=shown)
    for entity, scorecard, level in rows.values_list("entity_id", "scorecard_id", "level_id"):
        if level in levels:
            found[entity][scorecard] = levels[level]
    return found


def _related(ids: Sequence[int], columns: Sequence[Column], *, has_all: bool) -> Related:
    related: Related = defaultdict(lambda: defaultdict(list))
    shown = [column for column in columns if isinstance(column, RelationColumn)]
    if not shown:
        return related
    edges = EntityRelation.objects.from_sources(ids)
    edges = edges.filter(relation__in=[column.relation for column in shown])
    if not has_all and any(column.is_many for column in shown):
        # An entity may point at thousands, of which a cell names a few.
        place = Window(RowNumber(), partition_by=[F("source_id"), F("relation")], order_by="id")
        edges = edges.annotate(place=place).filter(place__lte=MOST_ITEMS)
    for source, relation, *target in edges.values_list(
        "source_id",
        "relation",
        "target__blueprint__identifier",
        "target__identifier",
        "target__title",
    ):
        related[source][relation].append(Reference(target[0], target[1], target[2] or target[1]))
    return related
