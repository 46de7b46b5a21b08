"""Comparing what was found with what is stored, and writing the difference with its history."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction

from catalog.bulk import chunks, update_rows
from scorecards.compiled import CompiledScorecard
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, LevelChange, RuleChange
from scorecards.signals import levels_changed

BATCH = 2_000


@dataclass
class Findings:
    """The differences of one chunk of entities, collected and then written in a few statements."""

    now: datetime
    new: list[Evaluation] = field(default_factory=list)
    moved: list[Evaluation] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    level_changes: list[LevelChange] = field(default_factory=list)
    rule_changes: list[RuleChange] = field(default_factory=list)

    def compare(
        self,
        entity_id: int,
        *,
        scorecard: CompiledScorecard,
        masks: Masks | None,
        stored: Evaluation | None,
    ) -> None:
        """Note what one scorecard found about one entity, if it differs from what is stored."""
        if masks is None:
            if stored is not None:
                self.withdraw(stored)
            return
        level = scorecard.levels[scorecard.program.rank(masks)]
        if stored is None:
            self.new.append(
                Evaluation(
                    entity_id=entity_id,
                    scorecard_id=scorecard.id,
                    level_id=level.id,
                    passed=masks.passed,
                    skipped=masks.skipped,
                    evaluated_at=self.now,
                    level_changed_at=self.now,
                )
            )
            return
        # What an older evaluation holds says nothing about a younger rule: that this one looked at
        # it is written down, or the rule's first move would go unrecorded.
        is_older = scorecard.last_rule_at is not None and (
            stored.evaluated_at < scorecard.last_rule_at
        )
        is_same = (stored.passed, stored.skipped, stored.level_id) == (*masks, level.id)
        if is_same and not is_older:
            return
        self.rule_changes.extend(self._rule_changes(stored, masks, scorecard))
        if stored.level_id != level.id:
            self._note_level(stored, to_level=level.title, to_rank=level.rank)
            stored.level_id, stored.level_changed_at = level.id, self.now
        stored.passed, stored.skipped = masks
        stored.evaluated_at = self.now
        self.moved.append(stored)

    def withdraw(self, stored: Evaluation) -> None:
        """Note that the scorecard no longer grades the entity."""
        self.gone.append(stored.pk)
        self._note_level(stored, to_level="", to_rank=-1)

    def _note_level(self, stored: Evaluation, *, to_level: str, to_rank: int) -> None:
        self.level_changes.append(
            LevelChange(
                entity_id=stored.entity_id,
                scorecard_id=stored.scorecard_id,
                from_level=stored.level.title if stored.level else "",
                from_rank=stored.level.rank if stored.level else -1,
                to_level=to_level,
                to_rank=to_rank,
                at=self.now,
            )
        )

    def _rule_changes(
        self, stored: Evaluation, masks: Masks, scorecard: CompiledScorecard
    ) -> Iterator[RuleChange]:
        old = Masks(stored.passed, stored.skipped)
        for rule in scorecard.rules:
            if rule.created_at > stored.evaluated_at:
                continue
            before, after = result(old, rule.bit), result(masks, rule.bit)
            if before != after:
                yield RuleChange(
                    entity_id=stored.entity_id,
                    rule_id=rule.id,
                    before=before,
                    after=after,
                    at=self.now,
                )

    def write(self) -> None:
        """Write the differences; where there are none, nothing."""
        Evaluation.objects.bulk_create(
            self.new,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["scorecard", "entity"],
            update_fields=["level", "passed", "skipped", "evaluated_at", "level_changed_at"],
        )
        update_rows(
            self.moved, fields=["level", "passed", "skipped", "evaluated_at", "level_changed_at"]
        )
        for ids in chunks(self.gone):
            Evaluation.objects.filter(id__in=ids).delete()
        RuleChange.objects.bulk_create(self.rule_changes, batch_size=BATCH)
        written = LevelChange.objects.bulk_create(self.level_changes, batch_size=BATCH)
        if written:
            ids = [row.pk for row in written]
            transaction.on_commit(
                partial(levels_changed.send, sender=LevelChange, level_change_ids=ids)
            )


def result(masks: Masks, bit: int) -> RuleChange.Result:
    """Return what the masks say about the rule with this bit."""
    if masks.skipped >> bit & 1:
        return RuleChange.Result.SKIP
    return RuleChange.Result.PASS if masks.passed >> bit & 1 else RuleChange.Result.FAIL
