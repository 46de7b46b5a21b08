"""From masks to the level they reach."""

from collections.abc import Iterable

from scorecards.evaluation.specs import Masks, RuleSpec

# Results repeat: of all the masks that a scorecard could produce, entities have a few hundred.
REMEMBERED = 4096


class Ladder:
    """The levels of one scorecard, lowest first, each with the mask of its rules."""

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        owned: dict[int, int] = {}
        for rule in rules:
            owned[rule.rank] = owned.get(rule.rank, 0) | 1 << rule.bit
        self._steps = sorted(owned.items())
        self._known: dict[tuple[int, int], int] = {}

    def rank(self, masks: Masks | tuple[int, int]) -> int:
        """Return the rank of the level that the masks reach.

        That is the highest level with a rule that counts, such that its rules and those of every
        level below pass. Skipped rules count neither way, so a level all of whose rules are skipped
        is neither awarded nor in the way.
        """
        rank = self._known.get(masks)
        if rank is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            rank = self._known[masks] = self._climb(*masks)
        return rank

    def _climb(self, passed: int, skipped: int) -> int:
        reached = 0
        for rank, rules in self._steps:
            counting = rules & ~skipped
            if counting & ~passed:
                break
            if counting:
                reached = rank
        return reached
