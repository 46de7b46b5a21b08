"""What was reported about a chunk of entities, laid over what queries found."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from scorecards.compiled import CompiledScorecard
from scorecards.evaluation import Reported, Result
from scorecards.models import Outcome


class Reporting:
    """The outcomes for the reported rules of some scorecards; false where they have none."""

    def __init__(
        self, scorecards: Sequence[CompiledScorecard], entity_ids: Collection[int]
    ) -> None:
        self._waiting = [
            (position, scorecard)
            for position, scorecard in enumerate(scorecards)
            if scorecard.program.reported
        ]
        self._reported = self._load(entity_ids) if self._waiting else {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def complete(self, entity_id: int, results: tuple[Result, ...]) -> tuple[Result, ...]:
        """Return the results of an entity with what was reported about it."""
        completed = list(results)
        for position, scorecard in self._waiting:
            found = results[position]
            if found is not None:
                reported = self._reported.get((entity_id, scorecard.id), Reported())
                completed[position] = tuple(scorecard.program.complete(found, reported))
        return tuple(completed)

    def _load(self, entity_ids: Collection[int]) -> dict[tuple[int, int], Reported]:
        bits = {
            rule_id: (scorecard.id, 1 << bit)
            for _, scorecard in self._waiting
            for rule_id, bit in scorecard.reported_ids.items()
        }
        rows = Outcome.objects.filter(rule__in=bits, entity__in=entity_ids)
        reported: dict[tuple[int, int], Reported] = defaultdict(Reported)
        for entity_id, rule_id, state in rows.values_list("entity_id", "rule_id", "state"):
            scorecard_id, bit = bits[rule_id]
            said = reported[entity_id, scorecard_id]
            reported[entity_id, scorecard_id] = said.with_state(bit, state)
        return reported
