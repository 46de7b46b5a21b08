"""Moving a rule to another scorecard, with all that was reported for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from catalog.bulk import chunks, insert_rows
from catalog.errors import Invalid
from catalog.models import Entity, new_revision
from catalog.signals import muted
from portal.permissions import Actor
from scorecards.models import MAX_RULES, Counter, Evaluation, Fingerprint, Level, Rule, Scorecard
from scorecards.operations.counting import FIELDS, as_text, lock_entities
from scorecards.operations.editing import (
    document_of,
    free_bit,
    locked_document,
    record_scorecard,
)
from scorecards.operations.evaluating import rescore

CHUNK = 1_000


@transaction.atomic
def move_rule(
    *, rule: Rule, to: Scorecard, identifier: str, level: Level, by: Actor, now: datetime
) -> Rule:
    """Move a rule to another scorecard, and evaluate both; raises `Invalid` where that is full.

    The row stays the same, so outcomes, history and campaigns go along. `level` is one of the new
    scorecard's, `identifier` one that is free there.
    """
    source = rule.scorecard
    # In one order, or two that move rules the other way round wait for each other for ever.
    before = {row.pk: locked_document(row) for row in sorted([source, to], key=lambda row: row.pk)}
    if len(before[to.pk]["rules"]) >= MAX_RULES:
        message = f"'{to.title}' has {MAX_RULES} rules, as many as fit; choose another"
        raise Invalid.at("scorecard", message)
    ids = list(Evaluation.objects.filter(scorecard=to).values_list("entity_id", flat=True))
    for chunk in chunks(sorted(ids), CHUNK):
        lock_entities(chunk)
    row = Rule.objects.get(pk=rule.pk)
    row.scorecard, row.level, row.identifier = to, level, identifier
    row.bit = free_bit(set(to.rules.values_list("bit", flat=True)))
    row.position = len(before[to.pk]["rules"])
    with muted():
        row.save()
        _begin_anew(row)
        # Both before either is evaluated: a rule that is known in two places has no results.
        for pk in (source.pk, to.pk):
            Scorecard.objects.filter(pk=pk).update(version=new_revision())
        for scorecard in (source, to):
            _record(scorecard, before[scorecard.pk], by=by, now=now)
            rescore(scorecard_id=scorecard.pk, now=now)
    return row


def _begin_anew(rule: Rule) -> None:
    """Let the evaluations by its new scorecard say of a rule that it did not count so far.

    They tell by its id which rules they have seen, and this one may be older than the last of
    those: what they hold under its bit would be taken for its result, and out of the counters.
    """
    evaluations = Evaluation.objects.filter(scorecard=rule.scorecard)
    bit = 1 << rule.bit
    evaluations.update(
        skipped=F("skipped").bitor(bit), passed=F("passed").bitand((1 << MAX_RULES) - 1 - bit)
    )
    entities = Entity.objects.filter(evaluations__scorecard=rule.scorecard)
    Fingerprint.objects.filter(entity__in=entities).update(value=None)
    _uncount(rule)


def _uncount(rule: Rule) -> None:
    """Take out of the counters what they still say of a rule that was here before."""
    key = str(rule.pk)
    rows = [
        (row.scorecard_id, row.blueprint_id, row.team, "{}", *_negated(row, key))
        for row in Counter.objects.filter(scorecard=rule.scorecard).order_by("id")
        if key in row.passed or key in row.failed
    ]
    insert_rows(Counter, rows, fields=FIELDS)


def _negated(row: Counter, key: str) -> tuple[str, str]:
    return as_text({key: -row.passed.get(key, 0)}), as_text({key: -row.failed.get(key, 0)})


def _record(scorecard: Scorecard, before: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    after = document_of(Scorecard.objects.with_parts().get(pk=scorecard.pk))
    record_scorecard(before, after, by=by, now=now)
