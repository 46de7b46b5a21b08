"""Keeping what is about to be deleted, so that it can be restored; and forgetting it in time."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from catalog import registry, trash
from catalog.bulk import IsAmong, chunks
from catalog.computed.work import Edge
from catalog.models import Deleted, Entity
from catalog.querysets import EntityQuerySet
from portal.permissions import Actor

CHUNK = 1_000
_TEXTS = ("identifier", "title", "icon", "properties", "datasource", "created_by", "updated_by")


def keep_entities(
    entity_ids: Collection[int],
    *,
    edges: Collection[Edge],
    by: Actor,
    now: datetime,
    batch: str = "",
) -> None:
    """Keep entities that are about to go, with the relation rows that will go with them.

    More than `trash.MOST_KEPT` of them, or `trash.MOST_EDGES` rows, are not kept, nor is anything
    where that is turned off.
    """
    if not is_kept(len(entity_ids)) or len(edges) > trash.MOST_EDGES:
        return
    batch = batch or trash.new_batch()
    ends = _ends(edges)
    for chunk in chunks(sorted(entity_ids), CHUNK):
        keepers = trash.keepers[Deleted.Kind.ENTITY]
        kept = {name: keeper.gather(chunk) for name, keeper in keepers.items()}
        Deleted.objects.bulk_create(
            kept_row(
                kind=Deleted.Kind.ENTITY,
                blueprint=entity.kind,
                identifier=entity.identifier,
                title=entity.title,
                document={
                    **_document(entity),
                    **ends[entity.pk],
                    "kept": {name: found.get(entity.pk) for name, found in kept.items()},
                },
                batch=batch,
                by=by,
                now=now,
            )
            for entity in _rows(chunk)
        )


def is_kept(count: int) -> bool:
    """Say whether a deletion of so many can be undone."""
    return 0 < count <= trash.MOST_KEPT and settings.TIDEMARK_KEEP_DELETED_DAYS > 0


def kept_row(*, by: Actor, now: datetime, **parts: Any) -> Deleted:
    """Return the row of something that is kept from now on."""
    return Deleted(
        deleted_at=now,
        deleted_by=by.label[:200],
        expires_at=now + timedelta(days=settings.TIDEMARK_KEEP_DELETED_DAYS),
        **parts,
    )


def _rows(entity_ids: Collection[int]) -> EntityQuerySet:
    # Blueprints are long, and all that is asked of them is their name.
    rows = Entity.objects.filter(IsAmong("id", entity_ids)).order_by("id")
    return rows.annotate(kind=F("blueprint__identifier"))


def _document(entity: Entity) -> dict[str, Any]:
    return {
        **{name: getattr(entity, name) for name in _TEXTS},
        "created_at": entity.created_at.isoformat(),
        "updated_at": entity.updated_at.isoformat(),
        "computed": entity.computed,
        "team": entity.team,
    }


def _ends(edges: Collection[Edge]) -> dict[int, dict[str, list[list[str]]]]:
    """Return what each entity points at, and is pointed at by, by name.

    ``outgoing`` is ``[[relation, identifier]]``, ``incoming`` ``[[blueprint, relation,
    identifier]]``. What the portal inferred is left out: it will find it again.
    """
    specs = registry.graph().specs
    told = [edge for edge in edges if edge.relation not in specs[edge.blueprint].inferred_relations]
    names: dict[int, str] = {}
    for chunk in chunks({id_ for edge in told for id_ in (edge.source_id, edge.target_id)}):
        names.update(Entity.objects.filter(IsAmong("id", chunk)).values_list("id", "identifier"))
    found: dict[int, dict[str, list[list[str]]]]
    found = defaultdict(lambda: {"outgoing": [], "incoming": []})
    for edge in told:
        source, target = names[edge.source_id], names[edge.target_id]
        found[edge.source_id]["outgoing"].append([edge.relation, target])
        found[edge.target_id]["incoming"].append([edge.blueprint, edge.relation, source])
    return found


def purge_deleted(*, now: datetime) -> int:
    """Forget what is kept no longer; return how many things."""
    return sum(map(_forget, _expired(now)))


def _expired(now: datetime) -> Iterator[list[int]]:
    while ids := list(
        Deleted.objects.expired(now).order_by("id").values_list("id", flat=True)[:CHUNK]
    ):
        yield ids


@transaction.atomic
def _forget(ids: list[int]) -> int:
    rows = Deleted.objects.filter(IsAmong("id", ids))
    count = len(ids)
    rows.delete()
    return count
