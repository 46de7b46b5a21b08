"""How the groups of a table stand: entities by scorecard and level."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from catalog.models import OWNERSHIP
from portal.dashboards.distribution import LevelCounts
from portal.dashboards.grouping import Bucket, ByInheritedTeam, ByTarget, Grouping
from portal.dashboards.listing import Listing
from portal.dashboards.table_counts import is_narrowed
from scorecards.counts import counts_by_owner
from scorecards.models import Evaluation

# More keys than this are not named to the database, but looked through here.
MOST_KEYS = 500


def keys_of(buckets: Sequence[Bucket]) -> list[Any] | None:
    """Return the keys of some groups; None where they are too many to be named to a database."""
    keys = [key for item in buckets for key in item.keys]
    return keys if len(keys) <= MOST_KEYS else None


def narrowed(keys: Sequence[Any] | None) -> Q:
    """Return the condition for the groups with these keys; there is none for None."""
    if keys is None:
        return Q()
    named = Q(key__in=[key for key in keys if key is not None])
    return named | Q(key__isnull=True) if None in keys else named


def bars_of(buckets: Sequence[Bucket], listing: Listing, grouping: Grouping) -> list[LevelCounts]:
    """Return how each of some groups stands.

    What teams own is counted all the time; only what nobody owns has to be, then.
    """
    if not listing.scorecards or not buckets:
        return [{} for _ in buckets]
    if not _is_by_team(grouping) or is_narrowed(listing.filterset):
        found = _counted(listing, grouping, keys_of(buckets))
        return [_summed(found[key] for key in item.keys) for item in buckets]
    kept = counts_by_owner(
        [card.pk for card in listing.scorecards],
        teams=[item.identifier for item in buckets if item.identifier],
        blueprint_id=listing.blueprint.pk,
    )
    nobody = [key for item in buckets if item.value is None for key in item.keys]
    unowned = _counted(listing, grouping, nobody) if nobody else {}
    return [
        {card: counts.levels for card, counts in kept[item.identifier].items()}
        if item.identifier
        else _summed(unowned[key] for key in item.keys if key in unowned)
        for item in buckets
    ]


def _is_by_team(grouping: Grouping) -> bool:
    if isinstance(grouping, ByTarget):
        return grouping.relation == OWNERSHIP
    return isinstance(grouping, ByInheritedTeam)


def _counted(
    listing: Listing, grouping: Grouping, keys: Sequence[Any] | None
) -> dict[Any, dict[int, dict[int, int]]]:
    """Return entities by level, by scorecard, by key.

    In SQL of our own: the key is worked out once for each entity, not once for each of its grades.
    """
    keyed = grouping.keyed(listing.filterset.qs.order_by()).filter(narrowed(keys))
    inner, params = keyed.values_list("pk", "key").query.sql_with_params()
    cards = [card.pk for card in listing.scorecards]
    places = ", ".join(["%s"] * len(cards))
    sql = (
        f"WITH keyed (id, key) AS MATERIALIZED ({inner}) "  # noqa: S608 - no value is in the text
        f"SELECT keyed.key, scorecard_id, level_id, COUNT(*) FROM keyed "
        f"JOIN {Evaluation._meta.db_table} ON entity_id = keyed.id "
        f"WHERE scorecard_id IN ({places}) GROUP BY keyed.key, scorecard_id, level_id"
    )
    found: dict[Any, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *cards])
        for key, card, level, count in cursor.fetchall():
            found[key][card][level] = count
    return found


def _summed(parts: Iterable[Mapping[int, Mapping[int, int]]]) -> LevelCounts:
    sums: dict[int, Counter[int]] = defaultdict(Counter)
    for part in parts:
        for card, levels in part.items():
            sums[card].update(levels)
    return sums
