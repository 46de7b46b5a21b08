"""Comparing what was found with what is stored, and writing the difference with its history."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction

from catalog.bulk import chunks, insert_rows
from scorecards.compiled import CompiledScorecard, LevelInfo
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Fingerprint, LevelChange, RuleChange
from scorecards.signals import levels_changed

# What history names where the level is no longer known.
NO_LEVEL = LevelInfo(id=0, title="", rank=-1)


class Row(NamedTuple):
    """An evaluation as it is stored, without a model instance around it."""

    entity_id: int
    scorecard_id: int
    level_id: int | None
    passed: int
    skipped: int
    evaluated_at: datetime
    level_changed_at: datetime


class LevelMove(NamedTuple):
    """A `LevelChange` to be written."""

    entity_id: int
    scorecard_id: int
    from_level: str
    from_rank: int
    to_level: str
    to_rank: int
    at: datetime


class RuleMove(NamedTuple):
    """A `RuleChange` to be written."""

    entity_id: int
    rule_id: int
    before: str
    after: str
    at: datetime


def stored_rows(
    entity_ids: Collection[int], scorecard_ids: Collection[int]
) -> dict[tuple[int, int], Row]:
    """Return what is stored about these entities: ``(entity id, scorecard id) -> row``."""
    rows = Evaluation.objects.filter(entity_id__in=entity_ids, scorecard_id__in=scorecard_ids)
    return {
        (values[0], values[1]): Row(*values) for values in rows.values_list(*Row._fields).iterator()
    }


@dataclass
class Findings:
    """The differences of one chunk of entities, collected and then written in a few statements."""

    now: datetime
    rows: list[Row] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)
    fingerprints: list[tuple[int, int]] = field(default_factory=list)
    level_changes: list[LevelMove] = field(default_factory=list)
    rule_changes: list[RuleMove] = field(default_factory=list)

    def compare(
        self,
        entity_id: int,
        *,
        scorecard: CompiledScorecard,
        masks: Masks | None,
        stored: Row | None,
    ) -> None:
        """Note what one scorecard found about one entity, if it differs from what is stored."""
        if masks is None:
            if stored is not None:
                self.withdraw(stored, scorecard)
            return
        level = scorecard.levels[scorecard.program.rank(masks)]
        level_changed_at = self.now
        if stored is not None:
            if not self._differs(stored, masks, level, scorecard):
                return
            self.rule_changes.extend(self._rule_changes(stored, masks, scorecard))
            if stored.level_id == level.id:
                level_changed_at = stored.level_changed_at
            else:
                self._note_level(stored, scorecard, to=level)
        self.rows.append(Row(entity_id, scorecard.id, level.id, *masks, self.now, level_changed_at))

    def _differs(
        self, stored: Row, masks: Masks, level: LevelInfo, scorecard: CompiledScorecard
    ) -> bool:
        # What an older evaluation holds says nothing about a younger rule: that this one looked at
        # it is written down, or the rule's first move would go unrecorded.
        if scorecard.last_rule_at is not None and stored.evaluated_at < scorecard.last_rule_at:
            return True
        return (stored.passed, stored.skipped, stored.level_id) != (*masks, level.id)

    def withdraw(self, stored: Row, scorecard: CompiledScorecard) -> None:
        """Note that the scorecard no longer grades the entity."""
        self.gone.append((stored.scorecard_id, stored.entity_id))
        self._note_level(stored, scorecard, to=NO_LEVEL)

    def _note_level(self, stored: Row, scorecard: CompiledScorecard, *, to: LevelInfo) -> None:
        held = scorecard.levels_by_id.get(stored.level_id or 0, NO_LEVEL)
        self.level_changes.append(
            LevelMove(
                entity_id=stored.entity_id,
                scorecard_id=stored.scorecard_id,
                from_level=held.title,
                from_rank=held.rank,
                to_level=to.title,
                to_rank=to.rank,
                at=self.now,
            )
        )

    def _rule_changes(
        self, stored: Row, masks: Masks, scorecard: CompiledScorecard
    ) -> Iterator[RuleMove]:
        old = Masks(stored.passed, stored.skipped)
        for rule in scorecard.rules:
            if rule.created_at > stored.evaluated_at:
                continue
            before, after = result(old, rule.bit), result(masks, rule.bit)
            if before != after:
                yield RuleMove(stored.entity_id, rule.id, before.value, after.value, self.now)

    def write(self) -> None:
        """Write the differences; where there are none, nothing."""
        insert_rows(Evaluation, self.rows, fields=Row._fields, unique=("scorecard_id", "entity_id"))
        for scorecard_id in {scorecard_id for scorecard_id, _ in self.gone}:
            ids = [entity_id for owner, entity_id in self.gone if owner == scorecard_id]
            for chunk in chunks(ids):
                rows = Evaluation.objects.filter(scorecard_id=scorecard_id, entity_id__in=chunk)
                rows.delete()
        insert_rows(
            Fingerprint, self.fingerprints, fields=("entity_id", "value"), unique=("entity_id",)
        )
        insert_rows(RuleChange, self.rule_changes, fields=RuleMove._fields)
        insert_rows(LevelChange, self.level_changes, fields=LevelMove._fields)
        if self.level_changes:
            ids = sorted({row.entity_id for row in self.level_changes})
            transaction.on_commit(partial(levels_changed.send, sender=LevelChange, entity_ids=ids))


def result(masks: Masks, bit: int) -> RuleChange.Result:
    """Return what the masks say about the rule with this bit."""
    if masks.skipped >> bit & 1:
        return RuleChange.Result.SKIP
    return RuleChange.Result.PASS if masks.passed >> bit & 1 else RuleChange.Result.FAIL
