"""Which entities stand between two places of a table's order, by id, without reading the others.

Names are read along an index. Levels, results of rules and chosen values are few: those who share
one stand together, by name, and are read along the same index, a part after the other.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In

from catalog.expressions import ShownName
from catalog.querysets import EntityQuerySet
from portal.dashboards.columns import (
    Column,
    LevelColumn,
    PropertyColumn,
    RuleColumn,
    TitleColumn,
    ordering,
)
from portal.dashboards.expressions import FactText
from scorecards.models import Evaluation, Rule, Scorecard

# Fewer are sorted at once, in one query; and so are all where a page lies far behind the first, for
# which the parts before it would have to be counted.
FEW = 2_000
FAR = 5_000


def ids_between(
    entities: EntityQuerySet,
    column: Column,
    *,
    is_descending: bool,
    places: slice,
    count: int,
    is_estimate: bool = False,
) -> list[int]:
    """Return the ids at these places, of entities of which there are `count`, or about so many."""
    parts = list(parts_of(column, is_descending=is_descending))
    if parts and count > FEW and places.start < FAR:
        return _part_by_part(entities, parts, places)
    rows = _ordered(entities, column, is_descending=is_descending)
    if is_estimate or places.start <= count // 2:
        return list(rows.values_list("pk", flat=True)[places])
    # What lies near the end is nearer from there.
    mirrored = slice(max(count - places.stop, 0), max(count - places.start, 0))
    return list(rows.reverse().values_list("pk", flat=True)[mirrored])[::-1]


def _ordered(entities: EntityQuerySet, column: Column, *, is_descending: bool) -> EntityQuerySet:
    """Return the entities in order; levels are joined to many at once, not looked up one by one."""
    if not isinstance(column, TitleColumn):
        # All will be read, and rows lie by id in the file: SQLite would go through them by name.
        entities = entities.filter(pk__gt=0)
    if not isinstance(column, LevelColumn):
        return entities.order_by(*ordering(column, is_descending=is_descending))
    held = FilteredRelation("evaluations", condition=Q(evaluations__scorecard=column.scorecard))
    rank = F("held__level__rank")
    first = rank.desc(nulls_last=True) if is_descending else rank.asc(nulls_last=True)
    return entities.alias(held=held).order_by(first, ShownName(), "id")


def _part_by_part(entities: EntityQuerySet, parts: Sequence[Any], places: slice) -> list[int]:
    found: list[int] = []
    skipped, wanted = places.start, places.stop - places.start
    for part in parts:
        rows = entities.filter(part).order_by(ShownName(), "id").values_list("pk", flat=True)
        ids = list(rows[skipped : skipped + wanted - len(found)])
        found += ids
        if len(found) == wanted:
            break
        skipped = 0 if ids or not skipped else max(skipped - rows.count(), 0)
    return found


def parts_of(column: Column, *, is_descending: bool) -> Iterator[Any]:
    """Yield the conditions that part rows as the column sorts them, each row meeting one of them.

    None where a column tells too many apart.
    """
    match column:
        case LevelColumn(scorecard=Scorecard() as scorecard):
            parts, rest = _levels(scorecard)
        case RuleColumn(rule=Rule() as rule):
            parts, rest = _results(rule)
        case PropertyColumn(prop=prop) if prop.type == "string" and prop.options:
            parts, rest = _options(prop.identifier, list(dict.fromkeys(prop.options)))
        case _:
            return
    yield from reversed(parts) if is_descending else parts
    yield rest


def _levels(scorecard: Scorecard) -> tuple[list[Any], Any]:
    held = Evaluation.objects.filter(scorecard=scorecard, entity=OuterRef("pk"))
    levels = sorted(scorecard.levels.all(), key=lambda level: level.rank)
    parts = [Exists(held.filter(level=level)) for level in levels]
    return parts, ~Exists(held.filter(level__isnull=False))


def _results(rule: Rule) -> tuple[list[Any], Any]:
    bit = 1 << rule.bit
    held = Evaluation.objects.filter(scorecard=rule.scorecard_id, entity=OuterRef("pk"))
    counting = held.alias(skip=F("skipped").bitand(bit), ok=F("passed").bitand(bit)).filter(skip=0)
    return [Exists(counting.filter(ok=0)), Exists(counting.exclude(ok=0))], ~Exists(counting)


def _options(key: str, options: Sequence[Any]) -> tuple[list[Any], Any]:
    fact = FactText(key)
    is_known = Coalesce(In(fact, options), Value(False))
    return [Exact(fact, Value(option)) for option in options], Exact(is_known, Value(False))
