"""Evaluating a batch of entities of one blueprint, and writing only what moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from catalog.bulk import IsAmong, raw_json
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from scorecards import compiled as compiling
from scorecards.compiled import CompiledScorecard
from scorecards.evaluation import Result
from scorecards.models import Scorecard
from scorecards.operations.counting import Owners, owners_of
from scorecards.operations.exempted import Exempted
from scorecards.operations.recording import Findings
from scorecards.operations.reported import Reporting
from scorecards.operations.rows import Row, stored_rows

# What is read of an entity: its id, its blueprint's, its facts, the fingerprint that is known of
# them, and since when it is behind. A plain tuple: there are millions.
Facts = tuple[int, int, str, int | None, datetime | None]
READ = ("id", "blueprint_id", "raw", "fingerprint__value", "stale_since")


class Found(NamedTuple):
    """What was found about an entity: a result per scorecard, and a number for them and its owners.

    With what it is to be counted as.
    """

    results: tuple[Result, ...]
    fingerprint: int
    blueprint_id: int
    owners: Owners


def facts_of(entities: EntityQuerySet, *, limit: int | None = None) -> list[Facts]:
    """Return what is read of these entities, by id, the first ones up to a limit."""
    rows = entities.annotate(raw=raw_json("facts")).order_by("id")
    return list(rows.values_list(*READ)[:limit])


def locked_facts(entity_ids: Collection[int]) -> list[Facts]:
    """Return what is read of these entities, locked.

    Or a write in between would be overruled by what it replaced: whoever comes second must see what
    the first one wrote. For the same reason scorecards are read when this is done: an edit that is
    not seen then waits for these rows.
    """
    rows = Entity.objects.filter(IsAmong("id", entity_ids))
    return facts_of(rows.select_for_update(of=("self",), no_key=True))


class Judge:
    """Evaluates entities of one blueprint against all the scorecards that grade it.

    All of them, since facts are decoded once for all, and the fingerprint stands for all.
    """

    def __init__(
        self, scorecards: Sequence[CompiledScorecard], rows: Sequence[Facts], *, now: datetime
    ) -> None:
        self._blueprint_id = rows[0][1] if rows else 0
        bundle = compiling.bundle_of(scorecards)
        self._clock, self._evaluate = bundle.prepare(now), bundle.evaluate_text
        self._shapes = tuple(scorecard.shape for scorecard in scorecards)
        ids = [row[0] for row in rows]
        self._reporting = Reporting(scorecards, ids)
        self._exempted = Exempted(scorecards, ids)

    def judge(self, entity_id: int, raw: str) -> Found:
        """Return what the scorecards find about an entity with these facts."""
        results, teams = self._evaluate(raw, self._clock)
        if self._reporting:
            results = self._reporting.complete(entity_id, results)
        if self._exempted:
            results = self._exempted.skipped(entity_id, results)
        owners = owners_of(tuple(teams) if teams else ())
        number = fingerprint(self._shapes, results, owners)
        return Found(results, number, self._blueprint_id, owners)


def fingerprint(shapes: Iterable[int], found: Iterable[Result], owners: Owners) -> int:
    """Return the number that stands for what scorecards of these shapes found about an entity.

    Made of whole numbers only, whose hash is the same in every process. What a newer Python makes
    of them may differ: then the stored evaluations are compared one by one, once.
    """
    return _wrapped(terms(shapes, found) + owners.number)


def terms(shapes: Iterable[int], found: Iterable[Result]) -> int:
    """Return what scorecards add to a fingerprint: a sum, so that one of them can be replaced."""
    # None is hashed by its address.
    marked = ((-1, -1) if masks is None else masks for masks in found)
    return sum(map(_scattered, map(hash, zip(shapes, marked, strict=True))))


def _scattered(number: int) -> int:
    """Return another number for each number of 64 bits.

    The hash of a tuple moves by nearly as much for its last part whatever stands before, so that
    two scorecards which exchange their results would move a sum of hashes by nothing.
    """
    return number * (2 * number + 1)


def _wrapped(number: int) -> int:
    """Return a number with the lowest 64 bits of this one, as databases keep them."""
    return (number + 2**63) % 2**64 - 2**63


def unsettled(
    rows: Sequence[Facts], scorecards: Sequence[CompiledScorecard], *, now: datetime
) -> list[int]:
    """Return the ids of the entities about which something else would be found than is stored."""
    judge = Judge(scorecards, rows, now=now).judge
    return [
        id_
        for id_, _, raw, known, _ in rows
        if known is None or known != judge(id_, raw).fingerprint
    ]


@transaction.atomic
def settle(
    *,
    blueprint: str,
    entity_ids: Collection[int],
    now: datetime,
    edited: frozenset[int] = frozenset(),
) -> None:
    """Evaluate entities of one blueprint and write what moved.

    Where only rules were `edited` (ids of scorecards), the evaluations by the others are as they
    were, but for those that wait for a run of their own: the fingerprints written here would hide
    their edits from it.
    """
    rows = locked_facts(entity_ids)
    scorecards = compiling.for_blueprint(blueprint)
    if not scorecards:
        return
    if edited:
        edited = edited.union(Scorecard.objects.stale().values_list("id", flat=True))
    findings = Findings(now=now)
    _judge(rows, scorecards, edited=edited, findings=findings)
    findings.write()


def settle_moved(graded: Mapping[int, Sequence[CompiledScorecard]], *, now: datetime) -> None:
    """Evaluate entities of any blueprints, each against what grades it, and write what moved.

    Only for those that this transaction has written, and so locked, before it read the scorecards.
    """
    by_blueprint: dict[int, list[Facts]] = defaultdict(list)
    for row in facts_of(Entity.objects.filter(IsAmong("id", graded))):
        by_blueprint[row[1]].append(row)
    findings = Findings(now=now)
    for rows in by_blueprint.values():
        _judge(rows, graded[rows[0][0]], edited=frozenset(), findings=findings)
    findings.write()


def _judge(
    rows: Sequence[Facts],
    scorecards: Sequence[CompiledScorecard],
    *,
    edited: frozenset[int],
    findings: Findings,
) -> None:
    """Evaluate entities of one blueprint and note what moved."""
    judge = Judge(scorecards, rows, now=findings.now).judge
    moved: dict[int, Found] = {}
    unknown: dict[int, Found] = {}
    for id_, _, raw, known, stale_since in rows:
        found = judge(id_, raw)
        if known != found.fingerprint:
            (unknown if known is None or stale_since else moved)[id_] = found
    _compare(moved, scorecards, edited=edited, findings=findings)
    # Nothing says that the other scorecards have seen these.
    _compare(unknown, scorecards, edited=frozenset(), findings=findings)


@transaction.atomic
def settle_edited(
    *, blueprint: str, entity_ids: Collection[int], now: datetime, edited: frozenset[int]
) -> None:
    """Evaluate entities of one blueprint against scorecards whose queries were edited, and no more.

    What the others found is as it was, and so is their part of the fingerprints: of entities that
    were evaluated and are not stale. The others are evaluated against all.
    """
    rows = locked_facts(entity_ids)
    known = {id_: number for id_, _, _, number, stale in rows if number is not None and not stale}
    if len(known) < len(rows):
        others = [row[0] for row in rows if row[0] not in known]
        settle(blueprint=blueprint, entity_ids=others, now=now)
    graded = compiling.for_blueprint(blueprint)
    scorecards = [scorecard for scorecard in graded if scorecard.id in edited]
    judge = Judge(scorecards, rows, now=now).judge
    stored = stored_rows(known, edited)
    findings = Findings(now=now)
    for id_, _, raw, _, _ in rows:
        if id_ in known:
            held = [stored.get((id_, scorecard.id)) for scorecard in scorecards]
            _replace(id_, judge(id_, raw), known[id_], scorecards, held=held, findings=findings)
    findings.write()


def _replace(
    entity_id: int,
    found: Found,
    known: int,
    scorecards: Sequence[CompiledScorecard],
    *,
    held: Sequence[Row | None],
    findings: Findings,
) -> None:
    """Note what scorecards found anew; their part of the fingerprint takes the place of the old."""
    shapes = [scorecard.shape for scorecard in scorecards]
    before = terms(shapes, [row and (row.passed, row.skipped) for row in held])
    after = terms(shapes, found.results)
    if before == after:
        return
    number = _wrapped(known - before + after)
    findings.fingerprints.append((entity_id, number, found.owners.text))
    for scorecard, row, masks in zip(scorecards, held, found.results, strict=True):
        _note(entity_id, scorecard, masks, found=found, held=row, findings=findings)


def _compare(
    odd: Mapping[int, Found],
    scorecards: Sequence[CompiledScorecard],
    *,
    edited: frozenset[int],
    findings: Findings,
) -> None:
    """Compare what was found about the odd ones with what is stored."""
    if not odd:
        return
    looked_at = [
        (position, scorecard)
        for position, scorecard in enumerate(scorecards)
        if not edited or scorecard.id in edited or scorecard.program.reads_clock
    ]
    stored = stored_rows(odd, [scorecard.id for _, scorecard in looked_at])
    for id_, found in odd.items():
        findings.fingerprints.append((id_, found.fingerprint, found.owners.text))
        for position, scorecard in looked_at:
            held, masks = stored.get((id_, scorecard.id)), found.results[position]
            _note(id_, scorecard, masks, found=found, held=held, findings=findings)


def _note(
    entity_id: int,
    scorecard: CompiledScorecard,
    masks: Result,
    *,
    found: Found,
    held: Row | None,
    findings: Findings,
) -> None:
    if masks is not None:
        row = _row(entity_id, scorecard, masks, found=found, held=held)
        findings.compare(row, held, scorecard)
    elif held is not None:
        findings.withdraw(held, scorecard)


def _row(
    entity_id: int,
    scorecard: CompiledScorecard,
    masks: tuple[int, int],
    *,
    found: Found,
    held: Row | None,
) -> Row:
    """Return the evaluation to be stored."""
    newest = scorecard.newest_rule_id
    return Row(
        entity_id,
        scorecard.id,
        scorecard.levels[scorecard.program.rank(masks)].id,
        *masks,
        # Ids only grow: what was seen once stays seen when the newest rule goes.
        newest_rule_id=max(newest, held.newest_rule_id) if held else newest,
        blueprint_id=found.blueprint_id,
        teams=found.owners.teams,
    )
