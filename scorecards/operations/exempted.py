"""Which rules do not count for the entities of a chunk, since they are exempt."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from catalog.bulk import IsAmong
from scorecards.compiled import CompiledScorecard
from scorecards.evaluation import Result, with_exempt
from scorecards.models import Exemption


class Exempted:
    """The exemptions of some entities from the rules of some scorecards; false without any.

    One query. To be made when the entities are locked, where what is found will be written.
    """

    def __init__(
        self, scorecards: Sequence[CompiledScorecard], entity_ids: Collection[int]
    ) -> None:
        # By entity: the bits, by the position of the scorecard.
        self._bits: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        rows = Exemption.objects.live().filter(IsAmong("entity_id", entity_ids))
        found = list(rows.values_list("entity_id", "rule_id")) if scorecards else []
        places = _places(scorecards) if found else {}
        for entity_id, rule_id in found:
            if place := places.get(rule_id):
                self._bits[entity_id][place[0]] |= place[1]

    def __bool__(self) -> bool:
        return bool(self._bits)

    def skipped(self, entity_id: int, results: tuple[Result, ...]) -> tuple[Result, ...]:
        """Return the results of an entity, with what it is exempt from skipped."""
        if entity_id not in self._bits:
            return results
        changed = list(results)
        for position, bits in self._bits[entity_id].items():
            found = results[position]
            if found is not None:
                changed[position] = with_exempt(found, bits)
        return tuple(changed)


def _places(scorecards: Sequence[CompiledScorecard]) -> dict[int, tuple[int, int]]:
    """Return where each rule stands, by its id: the position of its scorecard, and its bit."""
    return {
        rule.id: (position, 1 << rule.bit)
        for position, scorecard in enumerate(scorecards)
        for rule in scorecard.rules
    }
