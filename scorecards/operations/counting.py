"""What evaluations move in the counters, collected for one chunk and appended as rows."""

import json
from collections import Counter as Sums
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from catalog.bulk import IsAmong, insert_rows
from catalog.models import Entity
from scorecards.compiled import CompiledScorecard
from scorecards.counts import EVERYBODY
from scorecards.models import Counter
from scorecards.operations.rows import Row


class Owners(NamedTuple):
    """The teams that an entity is counted under; `number` stands for them in its fingerprint."""

    teams: tuple[str, ...]
    text: str
    number: int


@lru_cache(maxsize=4_096)
def owners_of(teams: tuple[str, ...]) -> Owners:
    """Return the owners of these names; a name that comes twice counts once."""
    unique = tuple(sorted(set(teams)))
    text = json.dumps(unique)
    return Owners(unique, text, crc32(text.encode()))


class Place(NamedTuple):
    """Where an entity stands in a scorecard; entities in the same place are counted together."""

    scorecard_id: int
    blueprint_id: int
    teams: tuple[str, ...]
    level_id: int | None
    passed: int
    failed: int


def lock_entities(entity_ids: Collection[int]) -> list[int]:
    """Lock the rows of entities whose evaluations are about to move; return those there are.

    In one order: two batches that overlap wait for each other instead of dead-locking.
    """
    rows = Entity.objects.filter(IsAmong("id", entity_ids)).order_by("id")
    return list(rows.select_for_update(no_key=True).values_list("id", flat=True))


class Tally:
    """What one chunk of evaluations moves in the counters."""

    def __init__(self) -> None:
        self._moved: Sums[Place] = Sums()
        self._scorecards: dict[int, CompiledScorecard] = {}

    def add(self, row: Row, scorecard: CompiledScorecard) -> None:
        """Count an evaluation in."""
        self._moved[place_of(row, scorecard)] += 1
        self._scorecards[scorecard.id] = scorecard

    def take(self, row: Row, scorecard: CompiledScorecard) -> None:
        """Count an evaluation out, where it was counted in."""
        self._moved[place_of(row, scorecard)] -= 1
        self._scorecards[scorecard.id] = scorecard

    def write(self) -> None:
        """Append what moved; where nothing did, nothing."""
        rows = [
            (scorecard_id, blueprint_id, team, *map(as_text, sums))
            for (scorecard_id, blueprint_id, team), sums in sorted(self._sums().items())
            if any(any(part.values()) for part in sums)
        ]
        insert_rows(Counter, rows, fields=FIELDS)

    def _sums(self) -> dict[tuple[int, int, str], tuple[Sums[int], Sums[int], Sums[int]]]:
        sums: dict[tuple[int, int, str], tuple[Sums[int], Sums[int], Sums[int]]]
        sums = defaultdict(lambda: (Sums(), Sums(), Sums()))
        for place, count in self._moved.items():
            if not count:
                continue
            rules = self._scorecards[place.scorecard_id].rules
            passed = [rule.id for rule in rules if place.passed >> rule.bit & 1]
            failed = [rule.id for rule in rules if place.failed >> rule.bit & 1]
            for team in (EVERYBODY, *place.teams):
                levels, passes, fails = sums[place.scorecard_id, place.blueprint_id, team]
                if place.level_id is not None:
                    levels[place.level_id] += count
                for id_ in passed:
                    passes[id_] += count
                for id_ in failed:
                    fails[id_] += count
        return sums


FIELDS = ("scorecard", "blueprint", "team", "levels", "passed", "failed")


def as_text(sums: Mapping[Any, int]) -> str:
    """Return a part of a counter as its JSON column keeps it, without what is nought."""
    return msgspec.json.encode({key: value for key, value in sums.items() if value}).decode()


def place_of(row: Row, scorecard: CompiledScorecard) -> Place:
    """Return where an evaluation counts: by the rules that it speaks of, and no others."""
    known = scorecard.known(row.newest_rule_id)
    return Place(
        row.scorecard_id,
        row.blueprint_id,
        row.teams,
        row.level_id,
        passed=row.passed & known,
        failed=known & ~(row.passed | row.skipped),
    )
