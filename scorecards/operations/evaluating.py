"""Evaluating entities and writing only what moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import models, transaction

from catalog.bulk import chunks, raw_json
from catalog.models import Blueprint, Entity, new_revision
from catalog.signals import EVERYTHING
from scorecards import compiled as compiling
from scorecards.compiled import CompiledScorecard
from scorecards.evaluation import Masks, Result
from scorecards.models import Evaluation, Fingerprint, Scorecard
from scorecards.operations.recording import Findings, stored_rows

CHUNK = 1_000


def evaluate_moved(moved: Mapping[str, Mapping[int, Collection[str]]], *, now: datetime) -> None:
    """Evaluate what an operation of the catalog moved: at once, or, where it is much, by a task.

    `moved` maps blueprint identifiers to entity ids to the keys of the facts that moved; where no
    scorecard reads any of them, nothing is evaluated.
    """
    total = sum(map(len, moved.values()))
    for blueprint, by_id in moved.items():
        keys = frozenset().union(*by_id.values())
        scorecards = compiling.for_blueprint(blueprint)
        if not any(_reads(scorecard, keys) for scorecard in scorecards):
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
    entity_ids: Collection[int],
    scorecards: Sequence[CompiledScorecard],
    *,
    now: datetime,
    edited: frozenset[int] = frozenset(),
) -> None:
    """Evaluate entities of one blueprint against all the scorecards that grade it.

    All of them, since facts are decoded once for all, and the fingerprint stands for all. Where
    only rules were `edited` (ids of scorecards), the evaluations by the others are as they were.
    """
    bundle = compiling.bundle_of(scorecards)
    clock, evaluate = bundle.prepare(now), bundle.evaluate_text
    shapes = tuple(scorecard.shape for scorecard in scorecards)
    findings = Findings(now=now)
    moved: dict[int, tuple[Result, ...]] = {}
    unknown: dict[int, tuple[Result, ...]] = {}
    for id_, raw, known, stale_since in _locked_facts(entity_ids):
        found = evaluate(raw, clock)
        value = fingerprint(shapes, found)
        if known != value:
            (unknown if known is None or stale_since else moved)[id_] = found
            findings.fingerprints.append((id_, value))
    if moved:
        _compare(moved, scorecards, edited=edited, findings=findings)
    if unknown:
        # Nothing says that the other scorecards have seen these.
        _compare(unknown, scorecards, edited=frozenset(), findings=findings)
    if findings.fingerprints:
        findings.write()


def _compare(
    odd: Mapping[int, Sequence[Result]],
    scorecards: Sequence[CompiledScorecard],
    *,
    edited: frozenset[int],
    findings: Findings,
) -> None:
    """Compare what was found about the odd ones with what is stored."""
    looked_at = [
        (position, scorecard)
        for position, scorecard in enumerate(scorecards)
        if not edited or scorecard.id in edited or scorecard.program.reads_clock
    ]
    stored = stored_rows(odd, [scorecard.id for _, scorecard in looked_at])
    for id_, found in odd.items():
        for position, scorecard in looked_at:
            masks = found[position]
            findings.compare(
                id_,
                scorecard=scorecard,
                masks=Masks(*masks) if masks else None,
                stored=stored.get((id_, scorecard.id)),
            )


def _locked_facts(
    entity_ids: Collection[int],
) -> list[tuple[int, str, int | None, datetime | None]]:
    """Return ids, facts, fingerprints and since when the evaluations are behind the facts.

    Locked, or a write in between would be overruled by what it replaced: a run over a whole
    scorecard reads facts that an entity's own transaction is about to move, and whoever comes
    second must see what the first one wrote.
    """
    rows = Entity.objects.filter(id__in=entity_ids).annotate(raw=raw_json("facts")).order_by("id")
    locked = rows.select_for_update(of=("self",), no_key=True)
    return list(locked.values_list("id", "raw", "fingerprint__value", "stale_since"))


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
    _withdraw(scorecard, now)
    rows = _entities_of(scorecard)
    blueprints = rows.order_by().values_list("blueprint__identifier", flat=True).distinct()
    edited = frozenset([scorecard.pk])
    count = sum(
        evaluate_blueprint(blueprint=name, now=now, edited=edited) for name in list(blueprints)
    )
    # Only if nobody edited it meanwhile: then it is stale anew, and another run is on its way.
    Scorecard.objects.filter(pk=scorecard.pk, stale_since=seen_stale).update(stale_since=None)
    return count


def evaluate_blueprint(
    *, blueprint: str, now: datetime, edited: frozenset[int] = frozenset()
) -> int:
    """Evaluate every entity of a blueprint, a transaction a chunk; return how many.

    Goes through the ids in ranges: memory does not grow with the entities there are. With
    `edited`, only the evaluations by these scorecards, and by those that wait for a run of their
    own, are compared: what the others found of entities that are not stale is as it was.
    """
    last = count = 0
    # By key, not through a join, so that the index of the ranges is used.
    owner = Blueprint.objects.filter(identifier=blueprint).values_list("id", flat=True).first()
    rows = Entity.objects.filter(blueprint_id=owner).order_by("id")
    while ids := list(rows.filter(id__gt=last).values_list("id", flat=True)[:CHUNK]):
        with transaction.atomic():
            scorecards = compiling.for_blueprint(blueprint)
            # Asked in every chunk, after the versions: the fingerprints written now would hide the
            # edit of a scorecard that came in meanwhile from the run that it waits for.
            waiting = Scorecard.objects.stale().values_list("id", flat=True) if edited else ()
            _evaluate_chunk(ids, scorecards, now=now, edited=edited.union(waiting))
        last, count = ids[-1], count + len(ids)
    return count


def reevaluate(*, blueprint: str, now: datetime) -> int:
    """Evaluate every entity of a blueprint without trusting what says that nothing moved."""
    Fingerprint.objects.filter(entity__blueprint__identifier=blueprint).delete()
    return evaluate_blueprint(blueprint=blueprint, now=now)


def _withdraw(scorecard: Scorecard, now: datetime) -> None:
    """Delete evaluations of entities that are graded no longer, with the history of it."""
    ready = compiling.of_versions([(scorecard.pk, scorecard.version)])[0]
    graded = _entities_of(scorecard)
    gone = Evaluation.objects.filter(scorecard=scorecard).exclude(entity__in=graded)
    for ids in chunks(list(gone.values_list("entity_id", flat=True)), CHUNK):
        findings = Findings(now=now)
        for row in stored_rows(ids, [scorecard.pk]).values():
            findings.withdraw(row, ready)
        with transaction.atomic():
            findings.write()
            Fingerprint.objects.filter(entity_id__in=ids).delete()


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


def fingerprint(shapes: tuple[int, ...], found: tuple[Result, ...]) -> int:
    """Return the number that stands for what scorecards of these shapes found about an entity.

    Made of whole numbers only, whose hash is the same in every process. What a newer Python makes
    of them may differ: then the stored evaluations are compared one by one, once.
    """
    if None in found:
        found = tuple((-1, -1) if masks is None else masks for masks in found)
    return hash((shapes, found))


def sweep(*, now: datetime) -> int:
    """Evaluate what is stale, and the scorecards whose rules read the clock; return how many."""
    count = evaluate_stale(now=now)
    for scorecard in Scorecard.objects.published().order_by("id"):
        ready = compiling.of_versions([(scorecard.pk, scorecard.version)])[0]
        if scorecard.stale_since is not None or ready.program.reads_clock:
            count += evaluate_scorecard(scorecard=scorecard, now=now)
    return count
