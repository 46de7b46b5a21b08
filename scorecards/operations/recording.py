"""Comparing what was found with what is stored, and writing the difference with its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction

from catalog.bulk import chunks, insert_rows
from scorecards.compiled import CompiledScorecard, LevelInfo
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Fingerprint, LevelChange, RuleChange
from scorecards.operations.counting import Tally
from scorecards.operations.rows import STORED, LevelMove, Row, RuleMove
from scorecards.signals import levels_changed

# What history names where the level is no longer known.
NO_LEVEL = LevelInfo(id=0, title="", rank=-1)


@dataclass
class Findings:
    """The differences of one chunk of entities, collected and then written in a few statements."""

    now: datetime
    rows: list[Row] = field(default_factory=list)
    rows_at_their_level: list[Row] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)
    fingerprints: list[tuple[int, int, str]] = field(default_factory=list)
    level_changes: list[LevelMove] = field(default_factory=list)
    rule_changes: list[RuleMove] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def compare(self, found: Row, stored: Row | None, scorecard: CompiledScorecard) -> None:
        """Note how what was found about an entity differs from what is stored, if it does."""
        if found == stored:
            return
        self.tally.add(found, scorecard)
        if stored is None:
            self.rows.append(found)
            return
        self.tally.take(stored, scorecard)
        if found.stored == stored.stored:
            return
        self.rule_changes.extend(self._rule_changes(stored, found, scorecard))
        if found.level_id == stored.level_id:
            self.rows_at_their_level.append(found)
        else:
            self.rows.append(found)
            self._note_level(stored, scorecard, to=scorecard.levels_by_id[found.level_id or 0])

    def withdraw(self, stored: Row, scorecard: CompiledScorecard) -> None:
        """Note that the scorecard no longer grades the entity."""
        self.gone.append((stored.scorecard_id, stored.entity_id))
        self.tally.take(stored, scorecard)
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
        self, stored: Row, found: Row, scorecard: CompiledScorecard
    ) -> Iterator[RuleMove]:
        moved = stored.passed ^ found.passed | stored.skipped ^ found.skipped
        if not moved:
            return
        was, is_now = Masks(stored.passed, stored.skipped), Masks(found.passed, found.skipped)
        for rule in scorecard.rules:
            # What is held under the bit of a newer rule is about another one.
            if moved >> rule.bit & 1 and rule.id <= stored.newest_rule_id:
                before, after = was.word(rule.bit), is_now.word(rule.bit)
                yield RuleMove(stored.entity_id, rule.id, before, after, self.now)

    def write(self) -> None:
        """Write the differences; where there are none, nothing."""
        self._write_rows(self.rows)
        self._write_rows(self.rows_at_their_level, keep=("level_changed_at",))
        for scorecard_id in {scorecard_id for scorecard_id, _ in self.gone}:
            ids = [entity_id for owner, entity_id in self.gone if owner == scorecard_id]
            for chunk in chunks(ids):
                rows = Evaluation.objects.filter(scorecard_id=scorecard_id, entity_id__in=chunk)
                rows.delete()
        insert_rows(
            Fingerprint,
            self.fingerprints,
            fields=("entity_id", "value", "teams"),
            unique=("entity_id",),
        )
        self.tally.write()
        insert_rows(RuleChange, self.rule_changes, fields=RuleMove._fields)
        insert_rows(LevelChange, self.level_changes, fields=LevelMove._fields)
        if self.level_changes:
            ids = sorted({row.entity_id for row in self.level_changes})
            transaction.on_commit(partial(levels_changed.send, sender=LevelChange, entity_ids=ids))

    def _write_rows(self, rows: list[Row], *, keep: Sequence[str] = ()) -> None:
        insert_rows(
            Evaluation,
            [(*row.stored, self.now, self.now) for row in rows],
            fields=(*STORED, "evaluated_at", "level_changed_at"),
            unique=("scorecard_id", "entity_id"),
            keep=keep,
        )


def result(masks: Masks, bit: int) -> RuleChange.Result:
    """Return what the masks say about the rule with this bit."""
    return RuleChange.Result(masks.word(bit))
