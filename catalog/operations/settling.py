"""The one funnel that every write of entities ends in: computed values, facts, and the signal."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from catalog import facts as facts_of
from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.bulk import IsAmong, chunks, update_rows
from catalog.computed.graph import CatalogGraph
from catalog.computed.refresh import refresh
from catalog.computed.work import Edge, Work
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import history, relations
from catalog.signals import EVERYTHING, entities_changed
from portal.permissions import Actor


def settle(work: Work, *, graph: CatalogGraph, now: datetime, is_told: bool = True) -> None:
    """Bring computed values up to date and tell who evaluates what moved."""
    moved = refresh(work, graph=graph, now=now)
    if is_told and any(moved.values()):
        entities_changed.send(sender=Entity, moved=moved, now=now)


def note_created(work: Work, blueprint: str, ids: Collection[int], graph: CatalogGraph) -> None:
    """Ask for every computed value of entities that are new, or whose blueprint is."""
    if not ids:
        return
    for key in graph.derived[blueprint]:
        work.due[blueprint, key] |= set(ids)
    for name in graph.inferences:
        if name[0] == blueprint:
            work.infer[name] |= set(ids)
    if graph.specs[blueprint].calculations:
        work.recalculate[blueprint] |= set(ids)


def note_renamed(work: Work, ids: Collection[int], graph: CatalogGraph) -> None:
    """Write the facts anew that hold the identifiers of entities that have others now."""
    pointing: set[int] = set()
    for chunk in chunks(ids):
        rows = EntityRelation.objects.filter(target_id__in=chunk)
        pointing.update(rows.values_list("source_id", flat=True))
    for blueprint, moved in _rebuild_facts(pointing, graph).items():
        work.note(blueprint, moved)


@transaction.atomic
def settle_saved(entity: Entity, *, is_created: bool, by: Actor, now: datetime) -> None:
    """Do for a plain `entity.save()` what the operations do for their own writes.

    Nobody knows what such a save overwrote, so everything about the entity is worked out again, and
    everything that reads it. `entity.facts` still holds the facts as they were loaded: the
    difference is the change.
    """
    graph = registry.graph()
    spec = graph.specs[entity.blueprint.identifier]
    related = relations.current([entity.pk])[entity.pk]
    before = {} if is_created else entity.facts
    _renew(entity, spec=spec, related=related)
    if is_created or history.difference(before, entity.facts):
        if not is_created:
            entity.updated_at, entity.updated_by = now, by.label
            entity.facts = facts_of.build(entity, spec=spec, related=related)
        change = history.entity_change(entity, before=before, after=entity.facts, by=by, now=now)
        history.record([change])
    update_rows([entity], fields=[*_RENEWED, "updated_at", "updated_by"])
    work = Work()
    keys = {*spec.fact_keys, *entity.facts, *before, EVERYTHING}
    work.note(spec.identifier, {entity.pk: keys})
    if not is_created and before.get("$identifier") != entity.identifier:
        note_renamed(work, [entity.pk], graph)
    note_created(work, spec.identifier, [entity.pk], graph)
    settle(work, graph=graph, now=now)
    entity.refresh_from_db(fields=["computed", "facts", "problems"])


def edges_of(entity_ids: Collection[int]) -> list[Edge]:
    """Return the relation rows from and to these entities, which will go with them."""
    edges: set[Edge] = set()
    for chunk in chunks(entity_ids):
        for side in ("source_id__in", "target_id__in"):
            rows = EntityRelation.objects.filter(**{side: chunk}).values_list(
                "source__blueprint__identifier", "relation", "source_id", "target_id"
            )
            edges.update(Edge(*row) for row in rows)
    return sorted(edges)


@transaction.atomic
def settle_deleted(
    deleted: Iterable[Entity], *, edges: Collection[Edge], by: Actor, now: datetime
) -> None:
    """Record deletions and settle what pointed at the deleted or was computed from them."""
    deleted = list(deleted)
    history.record(
        history.entity_change(entity, before=entity.facts, after={}, by=by, now=now)
        for entity in deleted
    )
    settle_gone([entity.pk for entity in deleted], edges=edges, now=now)


def settle_gone(entity_ids: Iterable[int], *, edges: Collection[Edge], now: datetime) -> None:
    """Settle what pointed at deleted entities or was computed from them."""
    graph = registry.graph()
    gone = frozenset(entity_ids)
    work = Work(edges=list(edges), deleted=gone)
    pointing = {edge.source_id for edge in edges} - gone
    for blueprint, moved in _rebuild_facts(pointing, graph).items():
        work.note(blueprint, moved)
    settle(work, graph=graph, now=now)


@transaction.atomic
def settle_restored(
    restored: Mapping[str, Collection[int]], *, edges: Collection[Edge], now: datetime
) -> None:
    """Settle entities that came back, by blueprint, with the relation rows that did."""
    graph = registry.graph()
    ids = {id_ for mine in restored.values() for id_ in mine}
    work = Work(edges=list(edges))
    for blueprint, moved in _rebuild_facts(ids | {edge.source_id for edge in edges}, graph).items():
        work.note(blueprint, moved)
    for blueprint, mine in restored.items():
        work.note(blueprint, dict.fromkeys(mine, {EVERYTHING}))
        note_created(work, blueprint, mine, graph)
    settle(work, graph=graph, now=now)


def _rebuild_facts(
    entity_ids: Collection[int], graph: CatalogGraph
) -> dict[str, dict[int, set[str]]]:
    """Write facts anew from the rows; return the keys that moved, by blueprint and entity."""
    moved: dict[str, dict[int, set[str]]] = {}
    # Once, and not with every entity: blueprints are long.
    names = dict(Blueprint.objects.values_list("id", "identifier")) if entity_ids else {}
    for chunk in chunks(sorted(entity_ids)):
        # Locked: facts read here and written below must not miss what is saved in between.
        rows = Entity.objects.filter(IsAmong("id", chunk))
        entities = list(rows.order_by("id").select_for_update())
        related = relations.current(chunk)
        changed = []
        for entity in entities:
            spec = graph.specs[names[entity.blueprint_id]]
            before, computed, problems = entity.facts, entity.computed, entity.problems
            _renew(entity, spec=spec, related=related[entity.pk])
            keys = facts_of.changed_keys(before, entity.facts)
            if keys:
                moved.setdefault(spec.identifier, {})[entity.pk] = keys
            is_told_anew = before.keys() != entity.facts.keys() or problems != entity.problems
            # Facts do not tell a computed value from a given one that came to the same.
            if keys or is_told_anew or computed.keys() != entity.computed.keys():
                changed.append(entity)
        update_rows(changed, fields=_RENEWED)
    return moved


_RENEWED = ("computed", "facts", "problems")


def _renew(entity: Entity, *, spec: BlueprintSpec, related: Mapping[str, list[str]]) -> None:
    """Build the facts anew; what is left of computed properties that are gone goes."""
    keys = spec.computed_keys
    entity.computed = {key: value for key, value in entity.computed.items() if key in keys}
    entity.problems = [item for item in entity.problems if item["property"] in keys]
    entity.facts = facts_of.build(entity, spec=spec, related=related)


def rebuild_facts(entity_ids: Collection[int], *, graph: CatalogGraph, now: datetime) -> None:
    """Work out everything about these entities from the rows: after a blueprint was edited."""
    work = Work()
    for blueprint, moved in _rebuild_facts(entity_ids, graph).items():
        work.note(blueprint, moved)
    by_blueprint: dict[str, set[int]] = {}
    for chunk in chunks(sorted(entity_ids)):
        rows = Entity.objects.filter(IsAmong("id", chunk))
        for blueprint, id_ in rows.values_list("blueprint__identifier", "id"):
            by_blueprint.setdefault(blueprint, set()).add(id_)
    for blueprint, ids in by_blueprint.items():
        note_created(work, blueprint, ids, graph)
    settle(work, graph=graph, now=now)
