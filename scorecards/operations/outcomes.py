"""Keeping what is reported from outside about entities, for the rules that have no query.

What an outcome said before another took its place, or it was withdrawn, is kept as `PastOutcome`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from catalog.bulk import IsAmong, chunks, insert_rows
from catalog.models import Change, Entity
from catalog.operations import history
from portal.permissions import Actor
from scorecards.models import Outcome, PastOutcome, Rule, Scorecard
from scorecards.operations.counting import lock_entities
from scorecards.operations.evaluating import evaluate_entities, evaluate_reported
from scorecards.operations.outcome_reading import OutcomeReport, Pair, Said, read_reports

MAX_REPORTS = 5_000


@dataclass(frozen=True)
class Receipt:
    """What became of reports: how many outcomes are new, changed, and as they were.

    `dropped` are those about a rule or an entity that is gone, or about which something newer is
    known.
    """

    created: int
    updated: int
    unchanged: int
    dropped: int = 0


class _Stored(NamedTuple):
    """An outcome as it is stored."""

    id: int
    said: Said
    reported_at: datetime
    reported_by: str


@transaction.atomic
def report_outcomes(
    *,
    reports: Sequence[OutcomeReport],
    by: Actor,
    now: datetime,
    scorecard: Scorecard | None = None,
) -> Receipt:
    """Keep what is reported for rules of scorecards, and evaluate the entities it is about.

    All of it or nothing: raises `Invalid` with paths such as ``outcomes[3].rule``. Of two reports
    about the same the last one holds; one that says what is known writes nothing. `scorecard` is
    that of reports which do not name theirs.
    """
    said = read_reports(reports, scorecard=scorecard, most=MAX_REPORTS, is_locking=True)
    check_reporter({rule for rule, _ in said}, by=by)
    receipt, moved = _keep(said, by=by.label, now=now, is_late=False)
    if receipt.created or receipt.updated:
        # What each of them said before is kept as past outcomes.
        counts = {"created": receipt.created, "updated": receipt.updated}
        record_report("report", counts, by=by, now=now)
    evaluate_reported(entity_ids=moved, now=now)
    return receipt


def record_report(name: str, counts: Mapping[str, int], *, by: Actor, now: datetime) -> None:
    """Store the audit row of a report as a whole, of which others keep what it said."""
    history.record_change(kind="outcome", identifier=name, before={}, after=counts, by=by, now=now)


def check_reporter(rule_ids: Collection[int], *, by: Actor) -> None:
    """Raise `Forbidden` unless they may report for these rules: who edits their scorecards may."""
    if by.rights is None or by.rights.may_edit_scorecard(()):
        return
    graded = Scorecard.objects.filter(IsAmong("rules__id", rule_ids)).distinct()
    for scorecard in graded.prefetch_related("blueprints"):
        by.must_edit_scorecard({row.identifier for row in scorecard.blueprints.all()})


@transaction.atomic
def record_outcomes(
    *,
    said: Mapping[Pair, Said],
    by: str,
    reported_at: datetime,
    now: datetime,
    is_late: bool = False,
) -> Receipt:
    """Keep what is said of pairs of rules and entities, however many, of whatever scorecards.

    Set-based: the entities are locked in one order, and evaluated here, each of them once. What is
    about rules or entities that are gone is dropped. With `is_late` so is what is said of pairs
    that were reported about after `reported_at`: the older report came second.
    """
    there = set(lock_entities({entity for _, entity in said}))
    rules = Rule.objects.filter(IsAmong("id", {rule for rule, _ in said}))
    known = set(rules.values_list("id", flat=True))
    kept = {pair: what for pair, what in said.items() if pair[0] in known and pair[1] in there}
    receipt, moved = _keep(kept, by=by, now=reported_at, is_late=is_late)
    evaluate_entities(entity_ids=moved, now=now)
    gone = len(said) - len(kept)
    return Receipt(receipt.created, receipt.updated, receipt.unchanged, receipt.dropped + gone)


def _keep(
    said: Mapping[Pair, Said], *, by: str, now: datetime, is_late: bool
) -> tuple[Receipt, set[int]]:
    """Write what is news about entities that are locked; return which of them to evaluate."""
    stored = _stored(said)
    late = {pair for pair, row in stored.items() if row.reported_at > now} if is_late else set()
    news = {
        pair: what
        for pair, what in said.items()
        if pair not in late and (pair not in stored or stored[pair].said != what)
    }
    _remember({pair: stored[pair] for pair in news if pair in stored}, now=now)
    rows = [(*pair, *what, now, by, now) for pair, what in news.items()]
    insert_rows(
        Outcome, rows, fields=_WRITTEN, unique=("rule_id", "entity_id"), keep=("created_at",)
    )
    moved = {
        entity
        for (rule, entity), what in news.items()
        if (rule, entity) not in stored or stored[rule, entity].said.state != what.state
    }
    created = sum(1 for pair in news if pair not in stored)
    receipt = Receipt(
        created=created,
        updated=len(news) - created,
        unchanged=len(said) - len(news) - len(late),
        dropped=len(late),
    )
    return receipt, moved


_WRITTEN = (
    *("rule_id", "entity_id", "state", "remark"),
    *("reported_at", "reported_by", "created_at"),
)


def _stored(said: Collection[Pair]) -> dict[Pair, _Stored]:
    rows = Outcome.objects.filter(
        IsAmong("rule_id", {rule for rule, _ in said}),
        IsAmong("entity_id", {entity for _, entity in said}),
    )
    found = rows.values_list(
        *("id", "rule_id", "entity_id", "state", "remark", "reported_at", "reported_by")
    )
    return {
        (rule, entity): _Stored(id_, Said(state, remark), at, by)
        for id_, rule, entity, state, remark, at, by in found
        if (rule, entity) in said
    }


def _remember(ended: Mapping[Pair, _Stored], *, now: datetime) -> None:
    """Write what outcomes said until now."""
    rows = [
        (*pair, *row.said, row.reported_at, row.reported_by, now) for pair, row in ended.items()
    ]
    insert_rows(PastOutcome, rows, fields=_REMEMBERED)


_REMEMBERED = (
    *("rule_id", "entity_id", "state", "remark"),
    *("reported_at", "reported_by", "ended_at"),
)


@transaction.atomic
def withdraw_outcomes(*, outcome_ids: Collection[int], by: Actor, now: datetime) -> int:
    """Delete outcomes, so that nothing is reported there any more; return how many went."""
    count = 0
    for chunk in chunks(sorted(outcome_ids)):
        rows = Outcome.objects.filter(id__in=chunk)
        # As those who report: first the entities, in one order, then the outcomes.
        entities = Entity.objects.filter(pk__in=rows.values("entity_id")).order_by("id")
        ids = list(entities.select_for_update(no_key=True).values_list("id", flat=True))
        gone = list(rows.with_names())
        check_reporter({row.rule_id for row in gone}, by=by)
        history.record([_withdrawal(row, by=by, now=now) for row in gone])
        ended = {(row.rule_id, row.entity_id): _as_stored(row) for row in gone}
        _remember(ended, now=now)
        count += rows.delete()[0]
        evaluate_reported(entity_ids=ids, now=now)
    return count


def _as_stored(row: Outcome) -> _Stored:
    return _Stored(row.pk, Said(row.state, row.remark), row.reported_at, row.reported_by)


def _withdrawal(outcome: Outcome, *, by: Actor, now: datetime) -> Change:
    """Return the audit row: who reported stands in the outcome, which is gone."""
    return history.change(
        kind="outcome",
        blueprint=outcome.entity.blueprint.identifier,
        identifier=outcome.entity.identifier,
        before={
            "scorecard": outcome.rule.scorecard.identifier,
            "rule": outcome.rule.identifier,
            "state": outcome.state,
            "remark": outcome.remark,
            "reported_by": outcome.reported_by,
        },
        after={},
        by=by,
        now=now,
    )
