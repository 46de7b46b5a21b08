"""Walking relation rows: from an owner to what it reads, and back to the owners of what moved."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db.models import F, Q

from catalog.bulk import chunks, decode, raw_json
from catalog.computed.graph import Step
from catalog.models import Entity, EntityRelation


def owners_of(steps: Sequence[Step], ids: Collection[int]) -> set[int]:
    """Return the ids from which the steps lead to one of `ids`."""
    at = set(ids)
    for step in reversed(steps):
        at = set().union(*(_back(step, chunk) for chunk in chunks(at)))
    return at


def _back(step: Step, ids: Collection[int]) -> set[int]:
    rows = EntityRelation.objects.filter(relation=step.relation)
    if step.is_forward:
        rows = rows.filter(target_id__in=ids, source__blueprint__identifier=step.blueprint)
        return set(rows.values_list("source_id", flat=True))
    return set(rows.filter(source_id__in=ids).values_list("target_id", flat=True))


def facts_at_end(
    steps: Sequence[Step], owner_ids: Collection[int]
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield each owner with the facts of the distinct entities at the end of the steps.

    One query a chunk, whatever the number of steps. Facts come in the order the entities were
    made, so that lists and sums do not depend on the plan that the database chose.
    """
    for chunk in chunks(owner_ids):
        found: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
        for owner_id, end_id, raw in _ends(steps, chunk):
            found[owner_id][end_id] = decode(raw)
        for owner_id in chunk:
            yield owner_id, list(found[owner_id].values())


def _ends(steps: Sequence[Step], owner_ids: Collection[int]) -> Iterator[tuple[int, int, str]]:
    condition, owner = _joined(steps, owner_ids)
    return (
        Entity.objects.filter(condition)
        .annotate(owner=F(owner), raw=raw_json("facts"))
        .order_by("id")
        .values_list("owner", "id", "raw")
        .iterator(chunk_size=5_000)
    )


def _joined(steps: Sequence[Step], owner_ids: Collection[int]) -> tuple[Q, str]:
    """Return the condition on end entities that joins the steps back to the owners.

    Relation names are only unique within a blueprint, so each row's source is held to its own.
    """
    condition = Q()
    prefix = ""
    for step in reversed(steps):
        side, near = ("incoming", "source") if step.is_forward else ("outgoing", "target")
        source = f"{prefix}incoming__source__" if step.is_forward else prefix
        condition &= Q(**{f"{prefix}{side}__relation": step.relation})
        condition &= Q(**{f"{source}blueprint__identifier": step.blueprint})
        prefix = f"{prefix}{side}__{near}__"
    owner = f"{prefix.removesuffix('__')}_id"
    return condition & Q(**{f"{owner}__in": list(owner_ids)}), owner
