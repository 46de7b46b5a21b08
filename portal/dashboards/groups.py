"""The groups of a table: how many entities are in each, how they stand, and the first of each.

Four queries, however many groups there are, and one more for what relations point at.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, FilteredRelation, Q, Window
from django.db.models.functions import RowNumber

from catalog.conditions import dump
from catalog.models import Entity
from portal.dashboards import advanced
from portal.dashboards.boards.breakdowns import label_of
from portal.dashboards.charts import Slice
from portal.dashboards.columns import ordering
from portal.dashboards.filtersets import UNGRADED, PropertyFilter
from portal.dashboards.grouping import NAME, ByLevel, ByProperty, ByTarget, Grouping
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import Table, TableRow, bars_under, rows_of

MOST_GROUPS = 50
# On one page, and of one group: a table of rows would be as long.
MOST_ROWS = 100
MOST_OF_ONE = 10
# More keys than this are not named to the database, but looked through here.
MOST_KEYS = 500


@dataclass(frozen=True)
class Group:
    """Rows that belong together; `bars` say how all of the group stand, also those not shown."""

    title: str
    link: str
    count: int
    bars: list[list[Slice] | None]
    rows: list[TableRow]

    @property
    def is_whole(self) -> bool:
        """Say whether all of it is shown."""
        return len(self.rows) == self.count


@dataclass(frozen=True)
class Groups:
    """A page of groups. `sum` is what all groups come to: more than `total` where some overlap."""

    grouping: Grouping
    groups: list[Group]
    page: Page
    sum: int
    total: int


@dataclass(frozen=True)
class _Bucket:
    """A group before anything is loaded: its value, and the keys that the database knows it by."""

    value: Any
    keys: tuple[Any, ...]
    count: int
    title: str = ""
    identifier: Any = None


def groups_of(table: Table) -> Groups | None:
    """Return the groups of a table that is grouped, None of one that is not."""
    grouping = table.grouping
    if grouping is None:
        return None
    buckets = _buckets(table, grouping)
    page = Paginator(buckets, MOST_GROUPS).get_page(table.query.get("page"))
    shown: Sequence[_Bucket] = page.object_list
    is_all = len(shown) == len(buckets) or sum(len(item.keys) for item in shown) > MOST_KEYS
    keys = None if is_all else [key for item in shown for key in item.keys]
    bars = _bars(table, grouping, keys)
    rows = _rows(table, grouping, keys, len(shown))
    return Groups(
        grouping=grouping,
        groups=[
            Group(
                title=item.title,
                link=_link(table, grouping, item),
                count=item.count,
                bars=bars_under(table.columns, _summed(bars[key] for key in item.keys)),
                rows=_first(rows, item, _room(len(shown))),
            )
            for item in shown
        ],
        page=page,
        sum=sum(item.count for item in buckets),
        total=table.total,
    )


def _buckets(table: Table, grouping: Grouping) -> list[_Bucket]:
    """Return all groups, the largest first, levels by rank; what has nothing comes last."""
    keyed = grouping.keyed(table.filterset.qs.order_by())
    names = ("edge__target__identifier", "edge__target__title")
    extra = names if isinstance(grouping, ByTarget) else ()
    counts: Counter[str] = Counter()
    found: dict[str, tuple[Any, list[Any], tuple[Any, ...]]] = {}
    for key, *rest, count in keyed.values_list("key", *extra).annotate(Count("pk")):
        for value in grouping.values(key):
            name = json.dumps(value, sort_keys=True)
            counts[name] += count
            found.setdefault(name, (value, [], tuple(rest)))[1].append(key)
    buckets = [
        _named(_Bucket(value, tuple(keys), counts[name]), names, table, grouping)
        for name, (value, keys, names) in found.items()
    ]
    ranks = _ranks(grouping)
    return sorted(
        buckets,
        key=lambda item: (
            item.value is None,
            -ranks.get(item.value, 0) if ranks else -item.count,
            item.title.casefold(),
            str(item.identifier),
        ),
    )


def _ranks(grouping: Grouping) -> Mapping[Any, int]:
    if not isinstance(grouping, ByLevel) or grouping.scorecard is None:
        return {}
    return {level.pk: level.rank for level in grouping.scorecard.levels.all()}


def _named(
    bucket: _Bucket, names: tuple[Any, ...], table: Table, grouping: Grouping
) -> _Bucket:
    """Return a group with what people call it, and what addresses do."""
    value = bucket.value
    if value is None:
        return bucket
    match grouping:
        case ByLevel(scorecard=card):
            titles = {level.pk: level.title for level in card.levels.all()} if card else {}
            return replace(bucket, title=titles.get(value, ""), identifier=titles.get(value))
        case ByTarget():
            identifier, title = names
            return replace(bucket, title=title or identifier, identifier=identifier)
        case ByProperty(prop=prop):
            return replace(bucket, title=label_of(value, {}, prop), identifier=value)
    return replace(bucket, title=table.teams.get(value) or str(value), identifier=value)


def _narrowed(keys: Sequence[Any] | None) -> Q:
    """Return the condition for the groups of a page; there is none where all are shown."""
    if keys is None:
        return Q()
    named = Q(key__in=[key for key in keys if key is not None])
    return named | Q(key__isnull=True) if None in keys else named


def _bars(
    table: Table, grouping: Grouping, keys: Sequence[Any] | None
) -> Mapping[Any, Mapping[int, Mapping[int, int]]]:
    """Return entities by level, by scorecard, by key."""
    found: dict[Any, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    if not table.scorecards:
        return found
    graded = FilteredRelation(
        "evaluations", condition=Q(evaluations__scorecard__in=list(table.scorecards))
    )
    rows = grouping.keyed(table.filterset.qs.order_by()).filter(_narrowed(keys))
    rows = rows.alias(graded=graded).filter(graded__isnull=False)
    rows = rows.values_list("key", "graded__scorecard_id", "graded__level_id")
    for key, card, level, count in rows.annotate(Count("pk")):
        found[key][card][level] = count
    return found


def _summed(
    parts: Iterable[Mapping[int, Mapping[int, int]]],
) -> Mapping[int, Mapping[int, int]]:
    sums: dict[int, Counter[int]] = defaultdict(Counter)
    for part in parts:
        for card, levels in part.items():
            sums[card].update(levels)
    return sums


def _room(groups: int) -> int:
    """Return how many rows of each group there is room for."""
    return max(1, min(MOST_OF_ONE, MOST_ROWS // max(groups, 1)))


@dataclass(frozen=True)
class _Rows:
    """The first rows of groups: ids by key in the order of the table, and what they are drawn as."""

    places: Mapping[int, int]
    ids: Mapping[Any, list[int]]
    drawn: Mapping[int, TableRow]


def _rows(table: Table, grouping: Grouping, keys: Sequence[Any] | None, groups: int) -> _Rows:
    order = ordering(table.sorting.column, is_descending=table.sorting.is_descending)
    place = Window(RowNumber(), partition_by=[F("key")], order_by=order)
    keyed = grouping.keyed(table.filterset.qs.order_by()).filter(_narrowed(keys))
    first = keyed.annotate(place=place).filter(place__lte=_room(groups))
    ids: dict[Any, list[int]] = defaultdict(list)
    for pk, key in first.order_by("place").values_list("pk", "key")[: MOST_ROWS * MOST_OF_ONE]:
        ids[key].append(pk)
    named = {pk for some in ids.values() for pk in some}
    entities = Entity.objects.filter(pk__in=named).defer("properties", "computed", "problems")
    drawn = rows_of(entities.order_by(*order), table.columns, table.teams)
    return _Rows(
        places={row.entity.pk: at for at, row in enumerate(drawn)},
        ids=ids,
        drawn={row.entity.pk: row for row in drawn},
    )


def _first(rows: _Rows, bucket: _Bucket, most: int) -> list[TableRow]:
    """Return the first rows of a group: the first of those that are the first of its keys."""
    ids = {pk for key in bucket.keys for pk in rows.ids.get(key, ()) if pk in rows.drawn}
    return [rows.drawn[pk] for pk in sorted(ids, key=lambda pk: rows.places[pk])[:most]]


def _link(table: Table, grouping: Grouping, bucket: _Bucket) -> str:
    """Return the address of the table of one group, with all that narrows this one."""
    query = table.query.without(NAME)
    if isinstance(grouping, ByLevel):
        return str(query.having(grouping.name, bucket.identifier or UNGRADED))
    plain = _plain(table, grouping, bucket)
    if plain and not query.get(grouping.name):
        return str(query.having(grouping.name, plain))
    condition = grouping.condition(bucket.identifier)
    return str(_having(query, table, condition)) if condition else ""


def _plain(table: Table, grouping: Grouping, bucket: _Bucket) -> str:
    """Return what the filter of the same name says for a group, empty where it cannot."""
    item = table.filterset.filters.get(grouping.name)
    if bucket.value is None or item is None:
        return ""
    if isinstance(item, PropertyFilter):
        same = (key for key, value in item.values.items() if value == bucket.value)
        return next(same, "")
    return str(bucket.identifier)


def _having(query: QueryString, table: Table, condition: Mapping[str, Any]) -> QueryString:
    """Return the parameters with one more condition beside those in force."""
    asked = table.filterset.form.cleaned_data.get(advanced.NAME)
    written = dump(asked) if asked else None
    if written and written["combinator"] == "or" and len(written["conditions"]) > 1:
        kept = [written]
    else:
        kept = written["conditions"] if written else []
    document = {"combinator": "and", "conditions": [*kept, condition]}
    return query.having(advanced.NAME, json.dumps(document, separators=(",", ":")))
