"""The groups of a table: how many entities are in each, how they stand, and the first of each.

As many queries for many groups as for one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from catalog.conditions import dump
from catalog.models import Entity
from portal.dashboards import advanced
from portal.dashboards.boards.breakdowns import label_of
from portal.dashboards.charts import Slice
from portal.dashboards.columns import TitleColumn, ordering
from portal.dashboards.filtersets import UNGRADED, PropertyFilter
from portal.dashboards.group_bars import bars_of, keys_of, narrowed
from portal.dashboards.grouping import NAME, Bucket, ByLevel, ByProperty, ByTarget, Grouping
from portal.dashboards.listing import Listing
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import Table, bars_under
from portal.dashboards.table_rows import TableRow, rows_of

MOST_GROUPS = 50
# On one page, and of one group: a table of rows would be as long.
MOST_ROWS = 100
MOST_OF_ONE = 10
# Names among which the first rows of groups are looked for at once.
LOOKED_AT = 1_000


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


def groups_of(table: Table) -> Groups | None:
    """Return the groups of a table that is grouped, None of one that is not."""
    listing = table.listing
    grouping = listing.grouping
    if grouping is None:
        return None
    buckets = _buckets(listing, grouping)
    page = Paginator(buckets, MOST_GROUPS).get_page(listing.query.get("page"))
    shown = _named(page.object_list, listing, grouping)
    bars = bars_of(shown, listing, grouping)
    rows = _rows(listing, grouping, keys_of(shown), len(shown))
    return Groups(
        grouping=grouping,
        groups=[
            Group(
                title=item.title,
                link=_link(listing, grouping, item),
                count=item.count,
                bars=bars_under(listing.columns, bars[at]),
                rows=_first(rows, item, _room(len(shown))),
            )
            for at, item in enumerate(shown)
        ],
        page=page,
        sum=sum(item.count for item in buckets),
        total=table.total,
    )


def _buckets(listing: Listing, grouping: Grouping) -> list[Bucket]:
    """Return all groups, the largest first, levels by rank; what has nothing comes last."""
    keyed = grouping.keyed(listing.filterset.qs.order_by())
    counts: Counter[str] = Counter()
    found: dict[str, tuple[Any, list[Any]]] = {}
    for key, count in keyed.values_list("key").annotate(Count("pk")):
        for value in grouping.values(key):
            name = json.dumps(value, sort_keys=True)
            counts[name] += count
            found.setdefault(name, (value, []))[1].append(key)
    ranks = _ranks(grouping)
    buckets = [Bucket(value, tuple(keys), counts[name]) for name, (value, keys) in found.items()]
    return sorted(
        buckets,
        key=lambda item: (
            item.value is None,
            -ranks.get(item.value, 0) if ranks else -item.count,
            _place(item.value),
        ),
    )


def _place(value: Any) -> tuple[float, str]:
    """Return what groups of one size are ordered by, whatever their values are."""
    is_number = isinstance(value, int | float)
    return (value, "") if is_number else (0, str(value).casefold())


def _ranks(grouping: Grouping) -> Mapping[Any, int]:
    if not isinstance(grouping, ByLevel) or grouping.scorecard is None:
        return {}
    return {level.pk: level.rank for level in grouping.scorecard.levels.all()}


def _named(buckets: Sequence[Bucket], listing: Listing, grouping: Grouping) -> list[Bucket]:
    """Return groups with what people call them, and addresses: by name where they tie."""
    titles = _titles(buckets, listing, grouping)
    named = [
        replace(item, identifier=titles[item.value][0], title=titles[item.value][1])
        if item.value is not None and item.value in titles
        else item
        for item in buckets
    ]
    if not isinstance(grouping, ByTarget):
        return named
    return sorted(named, key=lambda item: (item.value is None, -item.count, item.title.casefold()))


def _titles(
    buckets: Sequence[Bucket], listing: Listing, grouping: Grouping
) -> Mapping[Any, tuple[Any, str]]:
    """Return identifier and title by the value of a group."""
    values = [item.value for item in buckets if item.value is not None]
    match grouping:
        case ByLevel(scorecard=card):
            levels = card.levels.all() if card else ()
            return {level.pk: (level.title, level.title) for level in levels}
        case ByTarget():
            rows = Entity.objects.filter(pk__in=values).values_list("id", "identifier", "title")
            return {pk: (identifier, title or identifier) for pk, identifier, title in rows}
        case ByProperty(prop=prop):
            return {value: (value, label_of(value, {}, prop)) for value in values}
    return {value: (value, listing.teams.get(value) or str(value)) for value in values}


def _room(groups: int) -> int:
    """Return how many rows of each group there is room for."""
    return max(1, min(MOST_OF_ONE, MOST_ROWS // max(groups, 1)))


@dataclass(frozen=True)
class _Rows:
    """The first rows of groups: ids by key, and what they are drawn as in the table's order."""

    places: Mapping[int, int]
    ids: Mapping[Any, list[int]]
    drawn: Mapping[int, TableRow]


def _rows(listing: Listing, grouping: Grouping, keys: Sequence[Any] | None, groups: int) -> _Rows:
    order = ordering(listing.sorting.column, is_descending=listing.sorting.is_descending)
    ids = _first_ids(listing, grouping, keys, room=_room(groups))
    named = {pk for some in ids.values() for pk in some}
    entities = Entity.objects.filter(pk__in=named).defer("properties", "computed", "problems")
    drawn = rows_of(entities.order_by(*order), listing.columns, listing.teams)
    return _Rows(
        places={row.entity.pk: at for at, row in enumerate(drawn)},
        ids=ids,
        drawn={row.entity.pk: row for row in drawn},
    )


def _first_ids(
    listing: Listing, grouping: Grouping, keys: Sequence[Any] | None, *, room: int
) -> dict[Any, list[int]]:
    """Return the ids of the first rows of each key.

    By name, most groups are found full among the first names, which an index has in order; so only
    the other keys are looked for among all rows.
    """
    order = ordering(listing.sorting.column, is_descending=listing.sorting.is_descending)
    keyed = grouping.keyed(listing.filterset.qs.order_by())
    ids: dict[Any, list[int]] = defaultdict(list)
    if keys is not None and isinstance(listing.sorting.column, TitleColumn):
        seen = list(keyed.order_by(*order).values_list("pk", "key")[:LOOKED_AT])
        for pk, key in seen:
            if len(ids[key]) < room:
                ids[key].append(pk)
        keys = [key for key in keys if len(ids[key]) < room]
        if not keys or len(seen) < LOOKED_AT:
            return ids
    place = Window(RowNumber(), partition_by=[F("key")], order_by=order)
    first = keyed.filter(narrowed(keys)).annotate(place=place).filter(place__lte=room)
    found: dict[Any, list[int]] = defaultdict(list)
    for pk, key in first.order_by("place").values_list("pk", "key")[: MOST_ROWS * MOST_OF_ONE]:
        found[key].append(pk)
    return ids | found


def _first(rows: _Rows, bucket: Bucket, most: int) -> list[TableRow]:
    """Return the first rows of a group: the first of those that are the first of its keys."""
    ids = {pk for key in bucket.keys for pk in rows.ids.get(key, ()) if pk in rows.drawn}
    return [rows.drawn[pk] for pk in sorted(ids, key=lambda pk: rows.places[pk])[:most]]


def _link(listing: Listing, grouping: Grouping, bucket: Bucket) -> str:
    """Return the address of the table of one group, with all that narrows this one."""
    query = listing.query.without(NAME)
    if isinstance(grouping, ByLevel):
        return str(query.having(grouping.name, bucket.identifier or UNGRADED))
    plain = _plain(listing, grouping, bucket)
    if plain and not query.get(grouping.name):
        return str(query.having(grouping.name, plain))
    condition = grouping.condition(bucket.identifier)
    return str(_having(query, listing, condition)) if condition else ""


def _plain(listing: Listing, grouping: Grouping, bucket: Bucket) -> str:
    """Return what the filter of the same name says for a group, empty where it cannot."""
    item = listing.filterset.filters.get(grouping.name)
    if bucket.value is None or item is None:
        return ""
    if isinstance(item, PropertyFilter):
        same = (key for key, value in item.values.items() if value == bucket.value)
        return next(same, "")
    return str(bucket.identifier)


def _having(query: QueryString, listing: Listing, condition: Mapping[str, Any]) -> QueryString:
    """Return the parameters with one more condition beside those in force."""
    asked = listing.filterset.form.cleaned_data.get(advanced.NAME)
    written = dump(asked) if asked else None
    if written and written["combinator"] == "or" and len(written["conditions"]) > 1:
        kept = [written]
    else:
        kept = written["conditions"] if written else []
    document = {"combinator": "and", "conditions": [*kept, condition]}
    return query.having(advanced.NAME, json.dumps(document, separators=(",", ":")))
