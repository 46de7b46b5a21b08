"""Evaluating entities and writing only what moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from logging import getLogger
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, models, transaction

from catalog.bulk import IsAmong, chunks
from catalog.models import OWNERSHIP, Blueprint, Entity, new_revision
from catalog.querysets import EntityQuerySet
from catalog.signals import EVERYTHING
from scorecards import compiled as compiling
from scorecards.compiled import CompiledScorecard
from scorecards.models import Evaluation, Fingerprint, Scorecard
from scorecards.operations.batches import facts_of, settle, settle_edited, settle_moved, unsettled
from scorecards.operations.counting import lock_entities
from scorecards.operations.recording import Findings
from scorecards.operations.rows import stored_rows

logger = getLogger(__name__)

CHUNK = 1_000
# More entities than this that cannot be evaluated are no matter of single ones.
MOST_REFUSED = 50
# The first and the last id of a range.
Within = tuple[int, int]


def evaluate_moved(moved: Mapping[str, Mapping[int, Collection[str]]], *, now: datetime) -> None:
    """Evaluate what an operation of the catalog moved: at once, or, where it is much, by a task.

    `moved` maps blueprint identifiers to entity ids to the keys of the facts that moved; where no
    scorecard reads any of them, nothing is evaluated. Owners are read by all: for the counters.
    """
    total = sum(map(len, moved.values()))
    grading = compiling.for_blueprints(moved)
    graded: dict[int, Sequence[CompiledScorecard]] = {}
    for blueprint, by_id in moved.items():
        keys = frozenset().union(*by_id.values())
        scorecards = grading[blueprint]
        if any(_reads(scorecard, keys) for scorecard in scorecards):
            graded |= dict.fromkeys(by_id, scorecards)
    if graded and total > settings.TIDEMARK_INLINE_LIMIT:
        _leave_to_task(graded, now)
        return
    for chunk in chunks(sorted(graded), CHUNK):
        settle_moved({id_: graded[id_] for id_ in chunk}, now=now)


def _reads(scorecard: CompiledScorecard, keys: frozenset[str]) -> bool:
    return not _ALWAYS_READ.isdisjoint(keys) or not scorecard.program.reads.isdisjoint(keys)


_ALWAYS_READ = frozenset([EVERYTHING, OWNERSHIP])


def evaluate_reported(*, entity_ids: Collection[int], now: datetime) -> None:
    """Evaluate entities about which something was reported: at once, or by a task."""
    if not entity_ids:
        return
    if len(entity_ids) > settings.TIDEMARK_INLINE_LIMIT:
        _leave_to_task(entity_ids, now)
    else:
        evaluate_entities(entity_ids=entity_ids, now=now)


def _leave_to_task(entity_ids: Iterable[int], now: datetime) -> None:
    from scorecards.tasks import evaluate_stale

    for chunk in chunks(sorted(entity_ids)):
        Entity.objects.filter(id__in=chunk).update(stale_since=now)
    evaluate_stale.delay_on_commit()


def evaluate_entities(*, entity_ids: Collection[int], now: datetime) -> None:
    """Evaluate these entities against every published scorecard that grades them."""
    for chunk in chunks(sorted(entity_ids), CHUNK):
        with transaction.atomic():
            grouped: dict[str, list[int]] = defaultdict(list)
            rows = Entity.objects.filter(IsAmong("id", chunk))
            for blueprint, id_ in rows.values_list("blueprint__identifier", "id"):
                grouped[blueprint].append(id_)
            for blueprint, ids in grouped.items():
                settle(blueprint=blueprint, entity_ids=ids, now=now)


@transaction.atomic
def rescore(*, scorecard_id: int, now: datetime) -> None:
    """Evaluate a scorecard that was edited: in this transaction, or by a task where it is much."""
    Scorecard.objects.filter(pk=scorecard_id).update(version=new_revision(), stale_since=now)
    scorecard = Scorecard.objects.filter(pk=scorecard_id).first()
    if scorecard is None:
        return
    if _entities_of(scorecard).count() <= settings.TIDEMARK_INLINE_LIMIT:
        evaluate_scorecard(scorecard=scorecard, now=now)
        return
    from scorecards.tasks import evaluate_scorecard as task

    task.delay_on_commit(scorecard.pk)


def evaluate_scorecard(*, scorecard: Scorecard, now: datetime) -> int:
    """Evaluate every entity that a scorecard grades, a transaction a chunk; return how many.

    May be run again at any point: what is already right is not written.
    """
    withdraw(scorecard, now=now)
    count = sum(
        evaluate_range(scorecard=scorecard, blueprint=name, now=now)
        for name in graded_blueprints(scorecard)
    )
    note_evaluated(scorecard)
    return count


def graded_blueprints(scorecard: Scorecard) -> list[str]:
    """Return the blueprints of the entities that a scorecard grades."""
    rows = _entities_of(scorecard).order_by()
    return list(rows.values_list("blueprint__identifier", flat=True).distinct())


def blueprints_by_clock() -> list[str]:
    """Return the blueprints of the entities whose results time alone may move."""
    published = Scorecard.objects.published().order_by("id")
    ready = compiling.of_versions(published.values_list("id", "version"))
    ids = [scorecard.id for scorecard in ready if scorecard.program.reads_clock]
    rows = Scorecard.objects.filter(id__in=ids, blueprints__isnull=False).order_by()
    return sorted(rows.values_list("blueprints__identifier", flat=True).distinct())


def evaluate_range(
    *, scorecard: Scorecard, blueprint: str, now: datetime, within: Within | None = None
) -> int:
    """Evaluate entities of a blueprint for the sake of a scorecard; return how many.

    All of them, or those whose ids are within a range.
    """
    ready = _ready(scorecard)
    return evaluate_blueprint(
        blueprint=blueprint,
        now=now,
        edited=frozenset([scorecard.pk] if scorecard.stale_since else []),
        has_shape=scorecard.settled_shape == ready.shape,
        within=within,
    )


def note_evaluated(scorecard: Scorecard) -> None:
    """Take the mark off a scorecard all of whose entities were evaluated since it was loaded."""
    # Only if nobody edited it meanwhile: then it is stale anew, and another run is on its way.
    same = Scorecard.objects.filter(pk=scorecard.pk, stale_since=scorecard.stale_since)
    same.update(stale_since=None, settled_shape=_ready(scorecard).shape)


def _ready(scorecard: Scorecard) -> CompiledScorecard:
    (ready,) = compiling.of_versions([(scorecard.pk, scorecard.version)])
    return ready


def evaluate_blueprint(
    *,
    blueprint: str,
    now: datetime,
    edited: frozenset[int] = frozenset(),
    has_shape: bool = False,
    within: Within | None = None,
) -> int:
    """Evaluate every entity of a blueprint, or a range, a transaction a chunk; return how many.

    Goes through the ids in ranges: memory does not grow with the entities there are. Looks first,
    and locks only those where something else is found than is stored. With `edited`, only the
    evaluations by these scorecards are compared: what the others found is as it was. If those have
    the shape that they had (`has_shape`), the others are not even evaluated.
    """
    last = count = 0
    entities = _entities_in(blueprint)
    if within:
        entities = entities.filter(id__range=within)
    while rows := _next(entities.filter(id__gt=last), is_looked_at=not edited):
        ids = [row[0] for row in rows]
        if edited and has_shape:
            settle_edited(blueprint=blueprint, entity_ids=ids, now=now, edited=edited)
        elif edited:
            settle(blueprint=blueprint, entity_ids=ids, now=now, edited=edited)
        elif odd := unsettled(rows, compiling.for_blueprint(blueprint), now=now):
            settle(blueprint=blueprint, entity_ids=odd, now=now)
        last, count = rows[-1][0], count + len(rows)
    return count


def _next(entities: EntityQuerySet, *, is_looked_at: bool) -> Sequence[tuple[Any, ...]]:
    """Return the next entities: what is read of them, or only their ids."""
    if is_looked_at:
        return facts_of(entities, limit=CHUNK)
    return list(entities.order_by("id").values_list("id")[:CHUNK])


def reevaluate(*, blueprint: str, now: datetime) -> int:
    """Evaluate every entity of a blueprint without trusting what says that nothing moved."""
    last = count = 0
    while ids := reevaluate_next(blueprint=blueprint, after=last, now=now):
        last, count = ids[-1], count + len(ids)
    return count


@transaction.atomic
def reevaluate_next(*, blueprint: str, after: int, now: datetime) -> list[int]:
    """Evaluate the next entities of a blueprint, those behind an id, likewise; return which."""
    rows = _next(_entities_in(blueprint).filter(id__gt=after), is_looked_at=False)
    ids = [row[0] for row in rows]
    # First, as whoever writes fingerprints does.
    lock_entities(ids)
    Fingerprint.objects.filter(IsAmong("entity_id", ids)).update(value=None)
    settle(blueprint=blueprint, entity_ids=ids, now=now)
    Entity.objects.stale().filter(IsAmong("id", ids)).update(stale_since=None)
    return ids


def _entities_in(blueprint: str) -> EntityQuerySet:
    # By key, not through a join, so that the index of the ranges is used.
    owner = Blueprint.objects.filter(identifier=blueprint).values_list("id", flat=True).first()
    return Entity.objects.filter(blueprint_id=owner)


def withdraw(scorecard: Scorecard, *, now: datetime) -> None:
    """Delete evaluations of entities that are graded no longer, with the history of it."""
    ready = _ready(scorecard)
    graded = _entities_of(scorecard)
    gone = Evaluation.objects.filter(scorecard=scorecard).exclude(entity__in=graded)
    for ids in chunks(list(gone.values_list("entity_id", flat=True)), CHUNK):
        with transaction.atomic():
            lock_entities(ids)
            findings = Findings(now=now)
            for row in stored_rows(ids, [scorecard.pk]).values():
                findings.withdraw(row, ready)
            findings.write()
            Fingerprint.objects.filter(entity_id__in=ids).update(value=None)


def _entities_of(scorecard: Scorecard) -> "models.QuerySet[Entity]":
    if scorecard.status != Scorecard.Status.PUBLISHED:
        return Entity.objects.none()
    return Entity.objects.filter(blueprint__in=scorecard.blueprints.all())


def evaluate_stale(*, now: datetime) -> int:
    """Evaluate the entities marked stale and take the mark off; return how many.

    One that cannot be evaluated keeps its mark and does not hold up the others: where a chunk
    fails, fewer are tried at once, down to the one that it is. Raises `Unevaluable` for these.
    """
    count, size, refused = 0, CHUNK, list[int]()
    while True:
        try:
            evaluated = evaluate_stale_next(now=now, size=size, without=refused)
        except OperationalError:
            raise  # the database is away or busy, and would be for all of them
        except Exception:
            if size == 1:
                refused.append(_refused_by(refused))
            if len(refused) > MOST_REFUSED:
                break
            size = max(size // 4, 1)
            continue
        if not evaluated:
            break
        count, size = count + evaluated, min(size * 2, CHUNK)
    if refused:
        raise Unevaluable(f"entities {', '.join(map(str, refused))} cannot be evaluated")
    return count


class Unevaluable(Exception):
    """Evaluating some entities raises; the message names their ids."""


def _refused_by(refused: Sequence[int]) -> int:
    logger.exception("An entity cannot be evaluated")
    return next(iter(_oldest_stale(refused).values_list("id", flat=True)[:1]))


def _oldest_stale(without: Collection[int]) -> EntityQuerySet:
    rows = Entity.objects.stale().order_by("stale_since", "id")
    return rows.exclude(id__in=without) if without else rows


@transaction.atomic
def evaluate_stale_next(*, now: datetime, size: int = CHUNK, without: Collection[int] = ()) -> int:
    """Evaluate those that have been stale for longest, in one transaction; return how many.

    Where rows can be locked, those that somebody else is at are left to them.
    """
    oldest = _oldest_stale(without)
    if connection.features.has_select_for_update_skip_locked:
        oldest = oldest.select_for_update(skip_locked=True, of=("self",), no_key=True)
    rows = dict(oldest.values_list("id", "stale_since")[:size])
    evaluate_entities(entity_ids=rows.keys(), now=now)
    for mark in set(rows.values()):
        ids = [id_ for id_, seen in rows.items() if seen == mark]
        Entity.objects.filter(id__in=ids, stale_since=mark).update(stale_since=None)
    return len(rows)
