"""Creating, replacing and deleting blueprints."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from catalog import registry
from catalog.blueprints import DOCUMENT_DEFAULTS, DOCUMENT_KEYS, BlueprintSpec, parse
from catalog.computed import shelf
from catalog.computed.graph import CatalogGraph
from catalog.errors import Conflict, Fault, HasDependents, Invalid
from catalog.fields import DocumentField
from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from catalog.operations import history
from catalog.operations.refreshing import rebuild
from catalog.operations.settling import edges_of, settle_deleted
from catalog.operations.trashing import keep_entities
from catalog.signals import blueprint_deleting, blueprints_saved, muted
from portal.permissions import Actor

NAMED = 5


def save_blueprint(*, definition: Mapping[str, Any], by: Actor, now: datetime) -> Blueprint:
    """Create or replace one blueprint from its document; raises `Invalid`."""
    try:
        return save_blueprints(definitions=[definition], by=by, now=now)[0]
    except Invalid as error:
        own = definition.get("identifier") if isinstance(definition, Mapping) else None
        raise Invalid(fault.at(_seen_from(own, fault.path)) for fault in error.faults) from None


def _seen_from(own: Any, path: str) -> str:
    """Return a path in the batch of one, or in the graph, as one in the blueprint named `own`.

    Those that lead into other blueprints stay; another one's identifier may begin like this one's.
    """
    path = path.removeprefix("blueprints[0]").removeprefix(".")
    inner = path.removeprefix(f"{own}.")
    return inner if inner.split(".")[0] in DOCUMENT_KEYS else path


@transaction.atomic
def save_blueprints(
    *, definitions: Sequence[Mapping[str, Any]], by: Actor, now: datetime
) -> list[Blueprint]:
    """Create or replace blueprints that may refer to each other; raises `Invalid`, saving nothing.

    Entities of a blueprint whose properties, relations or computed properties moved are worked out
    again: in this transaction, or by a task where there are many. So are those of blueprints that
    were not edited, but whose values are now read along other relations.
    """
    specs = _parse_all(definitions)
    # In one order: two that lock them in different ones would wait for each other.
    locked = Blueprint.objects.select_for_update().order_by("id")
    rows = {row.identifier: row for row in locked}
    stored = {name: registry.spec_of(row) for name, row in rows.items()}
    graph = CatalogGraph({**stored, **specs}.values())
    if crowded := [
        fault.under(name)
        for name, spec in specs.items()
        if name in stored
        for fault in _crowded(rows[name], before=stored[name], after=spec)
    ]:
        raise Invalid(crowded)
    due = _rerouted(stored.values(), graph)
    for name, spec in specs.items():
        row = rows.setdefault(name, Blueprint(identifier=name, created_at=now))
        before = registry.document_of(row) if row.pk else {}
        if _edited(before, spec) and store(row, spec, before=before, by=by, now=now):
            _drop_rows_without_relation(row, spec)
            due.add(name)
    # What the targets of an inferred relation are is told by their samples, which are made anew.
    due |= {item.blueprint for item in graph.inferences.values() if item.target in due}
    shelf.doubt(graph, edited=due)
    # Only now, when all that belongs together is stored.
    for name in sorted(due):
        begin_rebuild(rows[name], now)
    blueprints_saved.send(sender=Blueprint, by=by, now=now)
    return [rows[name] for name in specs]


def _rerouted(before: Collection[BlueprintSpec], graph: CatalogGraph) -> set[str]:
    """Return the blueprints from before whose derived values are defined otherwise in `graph`."""
    try:
        old = CatalogGraph(before).derived
    except Invalid:
        # Stored by an earlier version that saw no fault in it: everything is worked out again.
        old = {spec.identifier: {} for spec in before}
    return {name for name, derived in old.items() if derived != graph.derived.get(name, derived)}


def _crowded(row: Blueprint, *, before: BlueprintSpec, after: BlueprintSpec) -> Iterator[Fault]:
    """Yield the relations to one entity from now on by which entities point at several.

    Which of them is meant nobody knows but their owners.
    """
    for key, relation in after.relations.items():
        old = before.relations.get(key)
        if old is None or not old.is_many or relation.is_many or old.target != relation.target:
            continue
        crowd = Entity.objects.filter(blueprint=row, outgoing__relation=key)
        crowd = crowd.annotate(targets=Count("outgoing")).filter(targets__gt=1)
        names = list(crowd.order_by("identifier").values_list("identifier", flat=True))
        if names:
            shown = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
            message = f"{len(names):,} entities point at several ({shown}); leave each of them one"
            yield Fault(f"relations.{key}.many", message)


def _parse_all(definitions: Sequence[Mapping[str, Any]]) -> dict[str, BlueprintSpec]:
    specs: dict[str, BlueprintSpec] = {}
    faults: list[Fault] = []
    for index, definition in enumerate(definitions):
        try:
            spec = parse(definition)
        except Invalid as error:
            faults.extend(fault.under(f"blueprints[{index}]") for fault in error.faults)
            continue
        if spec.identifier in specs:
            message = f"'{spec.identifier}' stands twice in this batch; send it once"
            faults.append(Fault(f"blueprints[{index}].identifier", message))
        specs[spec.identifier] = spec
    if faults:
        raise Invalid(faults)
    return specs


def store(
    row: Blueprint, spec: BlueprintSpec, *, before: Mapping[str, Any], by: Actor, now: datetime
) -> bool:
    """Write the blueprint; say whether its entities, if it had any, are to be worked out again."""
    for key in ("title", *DOCUMENT_DEFAULTS):
        setattr(row, key, spec.document[key])
    row.updated_at = now
    row.save()
    keys = _edited(before, spec)
    history.record_change(
        kind="blueprint",
        identifier=row.identifier,
        before={key: before[key] for key in sorted(keys)} if before else {},
        after={key: spec.document[key] for key in sorted(keys)},
        by=by,
        now=now,
    )
    if not before:
        return False
    return any(before[key] != spec.document[key] for key in keys - {"title", "description", "icon"})


def _edited(before: Mapping[str, Any], spec: BlueprintSpec) -> set[str]:
    """Return the keys of the document that say something else, or say it in another order."""
    return {key for key, value in spec.document.items() if _not_same(key, before.get(key), value)}


def _not_same(key: str, before: Any, after: Any) -> bool:
    if before != after:
        return True
    is_ordered = isinstance(Blueprint._meta.get_field(key), DocumentField)
    return is_ordered and json.dumps(before) != json.dumps(after)


def _drop_rows_without_relation(row: Blueprint, spec: BlueprintSpec) -> None:
    """Delete the rows of relations that are gone, or that now lead to another blueprint."""
    targets = {key: relation.target for key, relation in spec.relations.items()}
    if spec.ownership is not None and not spec.ownership.is_inherited:
        targets[OWNERSHIP] = TEAM
    rows = EntityRelation.objects.filter(source__blueprint=row)
    rows.exclude(relation__in=targets).delete()
    for key, target in targets.items():
        rows.filter(relation=key).exclude(target__blueprint__identifier=target).delete()


def begin_rebuild(row: Blueprint, now: datetime) -> None:
    """Work the entities out again: now, or by a task whose work is marked in the row."""
    row.stale_since = now
    row.save(update_fields=["stale_since"])
    if row.entities.count() <= settings.TIDEMARK_INLINE_LIMIT:
        rebuild(blueprint=row, now=now)
        return
    from catalog.tasks import rebuild_blueprint

    rebuild_blueprint.delay_on_commit(row.pk)


@transaction.atomic
def delete_blueprint(
    *,
    blueprint: Blueprint,
    by: Actor,
    now: datetime,
    delete_dependents: bool = False,
    batch: str = "",
) -> None:
    """Delete a blueprint, with its entities if `delete_dependents`.

    These can be restored by the name `batch` when there is such a blueprint again.

    Raises `Conflict` for a system blueprint, `HasDependents` where others point at it, where it has
    entities that nobody asked to delete, or where a scorecard grades nothing else.
    """
    specs, graph = _check_unneeded(blueprint)
    count = blueprint.entities.count()
    if count and not delete_dependents:
        raise HasDependents(
            f"'{blueprint.identifier}' has {count:,} entities; ask for them to be deleted with it, "
            "or delete them first"
        )
    due = _rerouted(specs.values(), graph)
    entities = list(Entity.objects.filter(blueprint=blueprint))
    ids = [entity.pk for entity in entities]
    edges = edges_of(ids)
    keep_entities(ids, edges=edges, by=by, now=now, batch=batch)
    with muted():
        blueprint.delete()
    history.record_change(
        kind="blueprint",
        identifier=blueprint.identifier,
        before=registry.document_of(blueprint),
        after={},
        by=by,
        now=now,
    )
    shelf.doubt(graph, edited=())
    settle_deleted(entities, edges=edges, by=by, now=now)
    for row in Blueprint.objects.filter(identifier__in=due):
        begin_rebuild(row, now)


@transaction.atomic
def check_deletable(*, blueprint: Blueprint) -> None:
    """Raise what `delete_blueprint` would, whatever entities there are; nothing is deleted."""
    _check_unneeded(blueprint)
    transaction.set_rollback(True)


def _check_unneeded(blueprint: Blueprint) -> tuple[Mapping[str, BlueprintSpec], CatalogGraph]:
    """Return what there is, and what would be left; raises `Conflict` where others need it."""
    if blueprint.is_system:
        raise Conflict(f"'{blueprint.identifier}' belongs to the portal and cannot be deleted")
    specs = registry.graph().specs
    users = [name for name, spec in specs.items() if _points_at(spec, blueprint.identifier)]
    if users:
        raise HasDependents(f"still the target of {', '.join(users)}; edit them first")
    try:
        graph = CatalogGraph(spec for name, spec in specs.items() if name != blueprint.identifier)
    except Invalid as error:
        raise HasDependents(f"others are computed through it: {error}; edit them first") from None
    blueprint_deleting.send(sender=Blueprint, blueprint=blueprint)
    return specs, graph


def _points_at(spec: BlueprintSpec, target: str) -> bool:
    if spec.identifier == target:
        return False
    named = [*spec.relations.values(), *spec.aggregations.values()]
    return any(item.target == target for item in named)
