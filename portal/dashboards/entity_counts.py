"""How many entities each blueprint has, for the navigation that stands on every page.

Up to `SURE` they are counted every time, along an index. Where there are more, each process counts
once in a while, and the number is shown as what it is: a rounded one.
"""

from typing import Any

from django.core.cache import cache
from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, When

from catalog.models import Entity

SURE = 10_000
SECONDS = 300
_KEY = "counts-of-large-blueprints"


class CountUpTo(Subquery):
    """How many rows a subquery has, of which no more are read than it is cut to."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def with_counts(blueprints: QuerySet) -> list[dict[str, Any]]:
    """Return rows of blueprints, as dicts with an `id`, with `entity_count` and `is_rounded`.

    One query, and once in a while one more for each blueprint that has many entities.
    """
    kept: dict[int, int] = cache.get(_KEY, {})
    entities = Entity.objects.filter(blueprint=OuterRef("pk")).order_by().values("pk")
    counting = Case(
        When(pk__in=list(kept), then=None),
        default=CountUpTo(entities[: SURE + 1]),
        output_field=IntegerField(),
    )
    rows = list(blueprints.annotate(entity_count=counting))
    large = [row for row in rows if row["entity_count"] is None or row["entity_count"] > SURE]
    fresh = {row["id"]: _counted(row["id"]) for row in large if row["id"] not in kept}
    if fresh:
        cache.set(_KEY, kept | fresh, SECONDS)
    counts = kept | fresh
    return [
        row
        | {
            "entity_count": counts.get(row["id"], row["entity_count"]),
            "is_rounded": row["id"] in counts,
        }
        for row in rows
    ]


def _counted(blueprint_id: int) -> int:
    return Entity.objects.filter(blueprint=blueprint_id).count()
