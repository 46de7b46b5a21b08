"""Work on all entities of a blueprint: begun by a request, done in pieces by a task.

What is asked for is a row before anything is done. A piece is a transaction that goes on where the
row says, so the task may die, run twice, or run beside itself; a sweep finds what was left.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Max

from catalog import operations, registry
from catalog.errors import CatalogError, Conflict, HasDependents, Invalid, NotFound
from catalog.models import Blueprint, Entity
from catalog.operations import history
from portal import pieces
from portal.integrations.models import DataMigration
from portal.integrations.port import migration_mappings
from portal.integrations.port.answers import told
from portal.integrations.port.entities import Writing, write_many
from portal.integrations.port.entities_codec import Presenter
from portal.integrations.port.migration_mappings import Made
from portal.permissions import Actor

logger = logging.getLogger(__name__)

CHUNK = 500
# A piece takes seconds; what has not moved for so long nobody is at.
PATIENCE = timedelta(minutes=5)
Status = DataMigration.Status
LIVE = (Status.PENDING, Status.RUNNING)


@transaction.atomic
def begin_deletion(
    *, blueprint: Blueprint, deletes_blueprint: bool, by: Actor, now: datetime
) -> DataMigration:
    """Have all entities that a blueprint has now deleted, and then perhaps the blueprint itself.

    Raises `Conflict` at once for a blueprint that could not be deleted even without entities.
    """
    if deletes_blueprint:
        operations.check_deletable(blueprint=blueprint)
    return _begin(blueprint, deletes_blueprint=deletes_blueprint, by=by, now=now)


@transaction.atomic
def begin_mapping(*, blueprint: Blueprint, mapping: Any, by: Actor, now: datetime) -> DataMigration:
    """Have entities written as a mapping makes them out of those that a blueprint has now.

    Raises `Invalid` for a mapping that cannot be, or whose blueprint is not there.
    """
    read = migration_mappings.read(mapping)
    migration_mappings.check(read)
    if not Blueprint.objects.filter(identifier=read.blueprint).exists():
        raise Invalid.at("mapping.blueprint", f"there is no blueprint '{read.blueprint}'")
    return _begin(blueprint, mapping=mapping, by=by, now=now)


def _begin(blueprint: Blueprint, *, by: Actor, now: datetime, **parts: Any) -> DataMigration:
    entities = Entity.objects.filter(blueprint=blueprint)
    row = DataMigration.objects.create(
        actor=by.label,
        source_blueprint=blueprint.identifier,
        last_id=entities.aggregate(last=Max("id"))["last"] or 0,
        total_count=entities.count(),
        created_at=now,
        updated_at=now,
        **parts,
    )
    _record(row, before={}, by=by, now=now)
    _send(row)
    return row


@transaction.atomic
def cancel(*, row: DataMigration, by: Actor, now: datetime) -> DataMigration:
    """Do no more of it; what is done is done. Raises `Conflict` where it is at an end already."""
    live = DataMigration.objects.filter(pk=row.pk, status__in=LIVE)
    if not live.update(status=Status.CANCELLED, updated_at=now):
        row.refresh_from_db()
        raise Conflict(f"The migration is at an end already: {row.status}.")
    before = row.status
    row.refresh_from_db()
    _record(row, before={"status": before}, by=by, now=now)
    return row


def _record(row: DataMigration, *, before: dict[str, Any], by: Actor, now: datetime) -> None:
    told = {"status": row.status}
    begun = {"mapping": row.mapping, "deletes_blueprint": row.deletes_blueprint}
    history.record_change(
        kind="data migration",
        blueprint=row.source_blueprint,
        identifier=row.identifier,
        before=before,
        after=told if before else {**told, **begun},
        by=by,
        now=now,
    )


def follow_blueprint(*, old: str, new: str) -> None:
    """Let the work on the entities of a blueprint, and into it, go on under its new identifier."""
    DataMigration.objects.filter(source_blueprint=old).update(source_blueprint=new)
    for row in DataMigration.objects.filter(mapping__blueprint=old).select_for_update():
        row.mapping = {**row.mapping, "blueprint": new}
        row.save(update_fields=["mapping"])


def run(*, migration_id: int, clock: Callable[[], datetime]) -> None:
    """Do what is left of it, piece by piece."""
    while _advance(migration_id, now=clock()):
        pass


def resume_left(*, now: datetime) -> int:
    """Send again what nobody is at; return how many."""
    rows = DataMigration.objects.filter(status__in=LIVE, updated_at__lt=now - PATIENCE)
    left = list(rows.order_by("id"))
    return sum(_send_again(row, now) for row in left)


def _work(migration_id: int) -> str:
    return f"data migration {migration_id}"


def _send_again(row: DataMigration, now: datetime) -> bool:
    """Send what a worker died of once more, unless several did without getting any further."""
    work, stamp = _work(row.pk), f"{row.after_id} {row.done_count}"
    if pieces.attempt(work=work, stamp=stamp, now=now) is not None:
        _send(row)
        return True
    dead = pieces.given_up(now=now).filter(work=work)
    if dead.exists():
        told = f"Given up: {pieces.MAX_ATTEMPTS} workers died at it."
        same = DataMigration.objects.filter(pk=row.pk, status__in=LIVE)
        same.update(status=Status.FAILURE, message=told, updated_at=now)
        dead.delete()
    return False


def _send(row: DataMigration) -> None:
    from portal.integrations.tasks import run_data_migration

    run_data_migration.delay_on_commit(row.pk)


@transaction.atomic
def _advance(migration_id: int, *, now: datetime) -> bool:
    """Do one piece; say whether there is another."""
    rows = DataMigration.objects.select_for_update()
    row = rows.filter(pk=migration_id, status__in=LIVE).first()
    if row is None:
        return False
    row.status, row.updated_at = Status.RUNNING, now
    try:
        with transaction.atomic():
            piece = _delete_piece if row.mapping is None else _map_piece
            is_done = piece(row, now=now)
    except CatalogError as error:
        row.status, row.message = Status.FAILURE, str(error)
    except OperationalError:
        raise  # the database is away or busy: the sweep has it tried again
    except Exception as error:
        # Whatever it was, it would be again, and the sweep would send it for ever.
        logger.exception("Migration %s failed", row.pk)
        name = type(error).__name__
        row.status, row.message = Status.FAILURE, f"Broke off with an unexpected {name}."
    else:
        row.status = Status.COMPLETED if is_done else Status.RUNNING
    row.save()
    if row.status != Status.RUNNING:
        pieces.forget(work=_work(row.pk))
    return row.status == Status.RUNNING


def _delete_piece(row: DataMigration, *, now: datetime) -> bool:
    """Delete the next entities, and after the last the blueprint; say whether all is done."""
    by = _actor_of(row)
    blueprint = Blueprint.objects.filter(identifier=row.source_blueprint).first()
    if blueprint is None:
        return True
    if piece := _next_entities(row):
        _check_unneeded(blueprint)
        # Those that require each other go together.
        row.done_count += operations.delete_entities(
            entities=piece,
            by=by,
            now=now,
            delete_dependents=True,
            batch=f"migration-{row.pk}",
            # By all that was asked for, not piece by piece.
            is_kept=operations.is_kept(row.total_count),
        )
        return False
    if row.deletes_blueprint:
        operations.delete_blueprint(blueprint=blueprint, by=by, now=now, delete_dependents=True)
    return True


def _map_piece(row: DataMigration, *, now: datetime) -> bool:
    """Write what the mapping makes of the next entities; say whether these were the last."""
    mapping = migration_mappings.read(row.mapping)
    target = Blueprint.objects.filter(identifier=mapping.blueprint).first()
    if target is None:
        raise NotFound(f"there is no blueprint '{mapping.blueprint}' any more")
    entities = _next_entities(row)
    if not entities:
        return True
    presenter = Presenter(registry.graph().specs[row.source_blueprint])
    documents = [presenter.present(entity.facts) for entity in entities]
    made = list(migration_mappings.made(mapping, documents, now=now))
    for item, message in _refused(made, target, by=_actor_of(row), now=now):
        row.note_failure(entities[item.source].identifier, message)
    row.after_id = entities[-1].pk
    row.done_count += len(entities)
    return False


def _refused(
    made: list[Made], target: Blueprint, *, by: Actor, now: datetime
) -> Iterator[tuple[Made, str]]:
    """Write what can be written; yield what cannot, and why."""
    yield from ((item, item.message) for item in made if item.body is None)
    sound = [item for item in made if item.body is not None]
    writing = Writing(by=by, now=now, merge=True)
    results = write_many(target, [item.body for item in sound], writing)
    for index, faults in results.faults.items():
        yield sound[index], told(faults[0].under("entity"))


def _next_entities(row: DataMigration) -> list[Entity]:
    rows = Entity.objects.of(row.source_blueprint)
    rows = rows.filter(id__gt=row.after_id, id__lte=row.last_id)
    return list(rows.order_by("id")[:CHUNK])


def _actor_of(row: DataMigration) -> Actor:
    return Actor(label=row.actor, source="wire")


def _check_unneeded(blueprint: Blueprint) -> None:
    """Raise `HasDependents` where entities of other blueprints require one of these."""
    name = blueprint.identifier
    for spec in registry.graph().specs.values():
        required = [
            key for key, item in spec.relations.items() if item.is_required and item.target == name
        ]
        if not required or spec.identifier == name:
            continue
        rows = Entity.objects.of(spec.identifier).filter(outgoing__relation__in=required)
        if dependent := rows.order_by("id").first():
            message = f"still required by {spec.identifier}/{dependent.identifier}"
            raise HasDependents(f"{message}; delete it first, or point it elsewhere")
