"""Evaluating entities and writing only what moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import models, transaction

from catalog.bulk import chunks, decode, raw_json
from catalog.models import Entity, new_revision
from catalog.signals import EVERYTHING
from scorecards import compiled as compiling
from scorecards.compiled import CompiledScorecard
from scorecards.models import Evaluation, Scorecard
from scorecards.operations.recording import Findings
from scorecards.querysets import EvaluationQuerySet

CHUNK = 1_000


def evaluate_moved(moved: Mapping[str, Mapping[int, Collection[str]]], *, now: datetime) -> None:
    """Evaluate what an operation of the catalog moved: at once, or, where it is much, by a task.

    `moved` maps blueprint identifiers to entity ids to the keys of the facts that moved; only the
    scorecards that read one of them are evaluated.
    """
    total = sum(map(len, moved.values()))
    for blueprint, by_id in moved.items():
        keys = frozenset().union(*by_id.values())
        scorecards = [item for item in compiling.for_blueprint(blueprint) if _reads(item, keys)]
        if not scorecards:
            continue
        if total > settings.TIDEMARK_INLINE_LIMIT:
            _leave_to_task(by_id, now)
            continue
        for chunk in chunks(sorted(by_id), CHUNK):
            _evaluate_chunk(chunk, scorecards, now=now)


def _reads(scorecard: CompiledScorecard, keys: frozenset[str]) -> bool:
    return EVERYTHING in keys or not scorecard.program.reads.isdisjoint(keys)


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
            rows = Entity.objects.filter(id__in=chunk).values_list("blueprint__identifier", "id")
            for blueprint, id_ in rows:
                grouped[blueprint].append(id_)
            for blueprint, ids in grouped.items():
                _evaluate_chunk(ids, compiling.for_blueprint(blueprint), now=now)


def _evaluate_chunk(
    entity_ids: Collection[int], scorecards: Collection[CompiledScorecard], *, now: datetime
) -> None:
    locked = _locked_facts(entity_ids)
    stored: dict[tuple[int, int], Evaluation] = {
        (row.scorecard_id, row.entity_id): row
        for row in Evaluation.objects.filter(
            entity_id__in=entity_ids, scorecard_id__in=[item.id for item in scorecards]
        ).select_related("level")
    }
    findings = Findings(now=now)
    for id_, raw in locked:
        facts = decode(raw)
        for scorecard in scorecards:
            masks = scorecard.program.masks(facts, now=now)
            findings.compare(
                id_, scorecard=scorecard, masks=masks, stored=stored.get((scorecard.id, id_))
            )
    findings.write()


def _locked_facts(entity_ids: Collection[int]) -> list[tuple[int, str]]:
    """Return ids and facts. Locked, or a write in between would be overruled by what it replaced.

    A run over a whole scorecard reads facts that an entity's own transaction is about to move;
    whoever comes second must see what the first one wrote.
    """
    rows = Entity.objects.filter(id__in=entity_ids).annotate(raw=raw_json("facts"))
    return list(rows.order_by("id").select_for_update(no_key=True).values_list("id", "raw"))


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
    seen_stale = scorecard.stale_since
    rows = _entities_of(scorecard)
    _withdraw(Evaluation.objects.filter(scorecard=scorecard).exclude(entity__in=rows), now)
    count = 0
    if scorecard.status == Scorecard.Status.PUBLISHED:
        ready = compiling.of_versions([(scorecard.pk, scorecard.version)])
        ids = rows.order_by("id").values_list("id", flat=True)
        for chunk in chunks(ids.iterator(chunk_size=CHUNK), CHUNK):
            with transaction.atomic():
                _evaluate_chunk(chunk, ready, now=now)
            count += len(chunk)
    # Only if nobody edited it meanwhile: then it is stale anew, and another run is on its way.
    Scorecard.objects.filter(pk=scorecard.pk, stale_since=seen_stale).update(stale_since=None)
    return count


def _withdraw(evaluations: EvaluationQuerySet, now: datetime) -> None:
    """Delete evaluations of entities that are graded no longer, with the history of it."""
    for chunk in chunks(list(evaluations.values_list("id", flat=True)), CHUNK):
        findings = Findings(now=now)
        for row in Evaluation.objects.filter(id__in=chunk).select_related("level"):
            findings.withdraw(row)
        with transaction.atomic():
            findings.write()


def _entities_of(scorecard: Scorecard) -> "models.QuerySet[Entity]":
    if scorecard.status != Scorecard.Status.PUBLISHED:
        return Entity.objects.none()
    return Entity.objects.filter(blueprint__in=scorecard.blueprints.all())


def evaluate_stale(*, now: datetime) -> int:
    """Evaluate the entities marked stale and take the mark off; return how many."""
    count = 0
    while rows := dict(
        Entity.objects.stale()
        .order_by("stale_since", "id")
        .values_list("id", "stale_since")[:CHUNK]
    ):
        with transaction.atomic():
            evaluate_entities(entity_ids=rows.keys(), now=now)
            for mark in set(rows.values()):
                ids = [id_ for id_, seen in rows.items() if seen == mark]
                Entity.objects.filter(id__in=ids, stale_since=mark).update(stale_since=None)
        count += len(rows)
    return count


def sweep(*, now: datetime) -> int:
    """Evaluate what is stale, and the scorecards whose rules read the clock; return how many."""
    count = evaluate_stale(now=now)
    for scorecard in Scorecard.objects.published().order_by("id"):
        ready = compiling.of_versions([(scorecard.pk, scorecard.version)])[0]
        if scorecard.stale_since is not None or ready.program.reads_clock:
            count += evaluate_scorecard(scorecard=scorecard, now=now)
    return count
