"""Bringing back what was deleted, as it was, as far as it still fits."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import IntegrityError, transaction

from catalog import registry, schemas, trash
from catalog.blueprints import BlueprintSpec
from catalog.bulk import IsAmong, chunks
from catalog.computed.work import Edge
from catalog.errors import Conflict, Fault, NotFound
from catalog.models import OWNERSHIP, Blueprint, Deleted, Entity, EntityRelation
from catalog.operations import history
from catalog.operations.permits import check_restoring
from catalog.operations.relations import target_blueprint
from catalog.operations.settling import settle_restored
from portal.permissions import Actor

NAMED = 5
_STORED = ("identifier", "title", "icon", "datasource", "created_by", "updated_by")
# Blueprint and identifier
Name = tuple[str, str]


@dataclass(frozen=True)
class Restored:
    """How many things came back, and what could not come back with them, by name."""

    count: int
    remarks: list[Fault] = field(default_factory=list)


def restore(*, rows: Collection[Deleted], by: Actor, now: datetime) -> Restored:
    """Bring back what was deleted: all of these, or nothing.

    Raises `Conflict` where a name is taken or a blueprint is gone, `Invalid` for what is not theirs
    to restore, `NotFound` where one of them is not there any more.
    """
    try:
        return _restore(rows, by=by, now=now)
    except IntegrityError:
        # Between our look and our write.
        raise Conflict("somebody created one of them at this moment; look again") from None


@transaction.atomic
def _restore(rows: Collection[Deleted], *, by: Actor, now: datetime) -> Restored:
    ids = sorted(row.pk for row in rows)
    chosen = Deleted.objects.filter(IsAmong("id", ids)).order_by("id")
    found = list(chosen.select_for_update())
    if len(found) < len(ids):
        raise NotFound("some of it is not there any more: it was restored, or kept long enough")
    entities = [row for row in found if row.kind == Deleted.Kind.ENTITY]
    remarks = _restore_entities(entities, by=by, now=now) if entities else []
    for row in found:
        if row.kind != Deleted.Kind.ENTITY:
            remarks += trash.restorers[row.kind](row, by, now)
    chosen.delete()
    return Restored(len(found), remarks)


def _restore_entities(rows: Sequence[Deleted], *, by: Actor, now: datetime) -> list[Fault]:
    blueprints = {
        row.identifier: row
        for row in Blueprint.objects.filter(identifier__in={row.blueprint for row in rows})
    }
    _check(rows, blueprints, by=by)
    specs = registry.graph().specs
    remarks: list[Fault] = []
    entities = []
    for row in rows:
        fitting, odd = _fitting(row, specs[row.blueprint])
        remarks += odd
        entities.append(_entity(row, blueprints[row.blueprint], fitting))
    Entity.objects.bulk_create(entities, batch_size=1_000)
    back = {
        (row.blueprint, row.identifier): entity.pk
        for row, entity in zip(rows, entities, strict=True)
    }
    edges, lost = _write_edges(rows, back, specs)
    for name, keeper in trash.keepers[Deleted.Kind.ENTITY].items():
        kept = {
            entity.pk: row.document["kept"].get(name)
            for row, entity in zip(rows, entities, strict=True)
        }
        keeper.bring_back({id_: value for id_, value in kept.items() if value})
    by_blueprint: dict[str, list[int]] = defaultdict(list)
    for (blueprint, _), id_ in back.items():
        by_blueprint[blueprint].append(id_)
    settle_restored(by_blueprint, edges=edges, now=now)
    _record(back.values(), by=by, now=now)
    return remarks + lost


def _check(rows: Sequence[Deleted], blueprints: Mapping[str, Blueprint], *, by: Actor) -> None:
    """Raise why these cannot come back."""
    gone = sorted({row.blueprint for row in rows} - blueprints.keys())
    if gone:
        raise Conflict(f"there is no blueprint {', '.join(gone)} any more; create it first")
    check_restoring(rows, blueprints, by=by)
    names = [(row.blueprint, row.identifier) for row in rows]
    if twice := _twice(names):
        raise Conflict(f"{_listed(twice)} was deleted more than once; choose which is to come back")
    if taken := _stored_ids(names):
        raise Conflict(
            f"there is a {_listed(taken)} again; rename or delete it first, or restore the others"
        )


def _twice(names: Sequence[Name]) -> list[Name]:
    return [name for name, same in groupby(sorted(names)) if len(list(same)) > 1]


def _listed(names: Iterable[Name]) -> str:
    texts = [f"{blueprint} '{identifier}'" for blueprint, identifier in sorted(names)]
    more = f" and {len(texts) - NAMED:,} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


def _stored_ids(names: Iterable[Name]) -> dict[Name, int]:
    """Return which of these entities there are."""
    grouped: dict[str, set[str]] = defaultdict(set)
    for blueprint, identifier in names:
        grouped[blueprint].add(identifier)
    return {
        (blueprint, identifier): id_
        for blueprint, identifiers in grouped.items()
        for chunk in chunks(sorted(identifiers))
        for identifier, id_ in Entity.objects.of(blueprint)
        .named(chunk)
        .values_list("identifier", "id")
    }


def _fitting(row: Deleted, spec: BlueprintSpec) -> tuple[dict[str, Any], list[Fault]]:
    """Return the properties that can come back, and what does not fit the blueprint any more.

    Like after an edit of the blueprint, values that it does not know stay; only what is worked out
    by now has no place.
    """
    given = row.document["properties"]
    kept = {key: value for key, value in given.items() if key not in spec.computed_keys}
    odd = schemas.property_faults(
        spec.schema, kept, may_have_unknown=False, may_lack_required=False
    )
    faults = [fault.under("properties") for fault in odd]
    faults += [
        Fault(f"properties.{key}", "is computed by the portal now; the value was left out")
        for key in sorted(given.keys() - kept.keys())
    ]
    return kept, [_of(row, fault) for fault in faults]


def _of(row: Deleted, fault: Fault) -> Fault:
    return fault.at(f"{row.blueprint}/{row.identifier}: {fault.path}")


def _entity(row: Deleted, blueprint: Blueprint, properties: dict[str, Any]) -> Entity:
    document = row.document
    return Entity(
        blueprint=blueprint,
        properties=properties,
        computed=document["computed"],
        created_at=datetime.fromisoformat(document["created_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
        **{name: document[name] for name in _STORED},
    )


@dataclass(frozen=True)
class _Wish:
    """A relation row that was there, by name."""

    relation: str
    source: Name
    target: Name

    def lost(self, why: str) -> Fault:
        """Return why it did not come back."""
        blueprint, identifier = self.source
        place = f"{blueprint}/{identifier}: relations.{self.relation}"
        return Fault(place, f"'{self.target[1]}' was left out: {why}")


def _wishes(row: Deleted, specs: Mapping[str, BlueprintSpec]) -> Iterator[_Wish | Fault]:
    own = (row.blueprint, row.identifier)
    for relation, identifier in row.document["outgoing"]:
        spec = specs[row.blueprint]
        if _is_written(relation, spec):
            target = (target_blueprint(relation, spec), identifier)
            yield _Wish(relation, own, target)
        else:
            yield _of(row, Fault(f"relations.{relation}", "there is no such relation any more"))
    for blueprint, relation, identifier in row.document["incoming"]:
        other = specs.get(blueprint)
        if (
            other is not None
            and _is_written(relation, other)
            and target_blueprint(relation, other) == row.blueprint
        ):
            yield _Wish(relation, (blueprint, identifier), own)
        else:
            place = f"{blueprint}/{identifier}: relations.{relation}"
            yield Fault(place, f"does not lead to {row.blueprint} any more")


def _is_written(relation: str, spec: BlueprintSpec) -> bool:
    """Say whether entities of a blueprint have rows of this relation that people give."""
    if relation == OWNERSHIP:
        return spec.ownership is not None and not spec.ownership.is_inherited
    return relation in spec.written_relations


def _write_edges(
    rows: Sequence[Deleted], back: Mapping[Name, int], specs: Mapping[str, BlueprintSpec]
) -> tuple[list[Edge], list[Fault]]:
    """Write the relation rows whose two sides are there; return them, and why others are not."""
    wished = [wish for row in rows for wish in _wishes(row, specs)]
    lost = [wish for wish in wished if isinstance(wish, Fault)]
    # Where both sides come back, both tell of the row.
    wishes = {
        (wish.source, wish.relation, wish.target): wish
        for wish in wished
        if not isinstance(wish, Fault)
    }
    ids = {**_stored_ids({end for key in wishes for end in (key[0], key[2])}), **back}
    held = _held({ids[wish.source] for wish in wishes.values() if wish.source in ids})
    edges: list[Edge] = []
    for wish in wishes.values():
        source_id, target_id = ids.get(wish.source), ids.get(wish.target)
        if source_id is None or target_id is None:
            missing = wish.source if source_id is None else wish.target
            lost.append(wish.lost(f"there is no {_listed([missing])}"))
            continue
        spec = specs[wish.source[0]]
        targets = held[source_id, wish.relation]
        is_single = wish.relation != OWNERSHIP and not spec.relations[wish.relation].is_many
        if targets and is_single:
            lost.append(wish.lost("it points elsewhere by now"))
        elif target_id not in targets:
            targets.add(target_id)
            edges.append(Edge(spec.identifier, wish.relation, source_id, target_id))
    EntityRelation.objects.bulk_create(
        [
            EntityRelation(
                source_id=edge.source_id, relation=edge.relation, target_id=edge.target_id
            )
            for edge in edges
        ],
        batch_size=2_000,
    )
    return edges, lost


def _held(source_ids: Collection[int]) -> dict[tuple[int, str], set[int]]:
    """Return what these point at: ``(source id, relation) -> target ids``."""
    held: dict[tuple[int, str], set[int]] = defaultdict(set)
    for chunk in chunks(sorted(source_ids)):
        # Locked: nobody may point a single relation elsewhere between this look and our write.
        list(
            Entity.objects.filter(IsAmong("id", chunk))
            .order_by("id")
            .select_for_update()
            .only("id")
        )
        rows = EntityRelation.objects.filter(IsAmong("source_id", chunk))
        for source_id, relation, target_id in rows.values_list(
            "source_id", "relation", "target_id"
        ):
            held[source_id, relation].add(target_id)
    return held


def _record(entity_ids: Iterable[int], *, by: Actor, now: datetime) -> None:
    for chunk in chunks(entity_ids):
        rows = Entity.objects.filter(IsAmong("id", chunk)).order_by("id")
        history.record(
            history.entity_change(entity, before={}, after=entity.facts, by=by, now=now)
            for entity in rows
        )
