"""What scores are made of. Pure: counts in, shares out.

A rule's score is the share of passes among the results that count: passes and failures. Skips and
disabled rules are left out, and so is what nothing is known of: a reported rule without an outcome
is in neither part of the share. Where nothing counts there is no score, which is not a score of 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """How many results passed, failed, were skipped or are unknown, about so many entities.

    `value` is the share of passes, 0 to 1, or, of a group of entities, the mean of its members'
    own shares; None where nothing counts.

    >>> share(3, 1).value
    0.75
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    no_data: int = 0
    entities: int = 0
    value: float | None = None

    @property
    def counted(self) -> int:
        """Return how many results count."""
        return self.passed + self.failed


def share(
    passed: int, failed: int, *, skipped: int = 0, no_data: int = 0, entities: int = 0
) -> Score:
    """Return the score of results: passes over all that count."""
    counted = passed + failed
    return Score(
        passed=passed,
        failed=failed,
        skipped=skipped,
        no_data=no_data,
        entities=entities,
        value=passed / counted if counted else None,
    )


def together(scores: Iterable[Score], *, entities: int = 0) -> Score:
    """Return the score of several rules taken together: passes over everything that counts.

    Not the mean of theirs, and not the share of entities that pass them all.

    >>> together([share(9, 1), share(0, 1)]).value
    0.8181818181818182
    """
    parts = list(scores)
    return share(
        sum(part.passed for part in parts),
        sum(part.failed for part in parts),
        skipped=sum(part.skipped for part in parts),
        no_data=sum(part.no_data for part in parts),
        entities=entities,
    )


@dataclass(frozen=True)
class Members:
    """Entities of a group, added up: their results, and their own scores.

    `total` is the sum of the scores of those `scored` members that have one.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    no_data: int = 0
    entities: int = 0
    scored: int = 0
    total: float = 0.0

    def __add__(self, other: "Members") -> "Members":
        """Return both groups as one."""
        return Members(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            no_data=self.no_data + other.no_data,
            entities=self.entities + other.entities,
            scored=self.scored + other.scored,
            total=self.total + other.total,
        )

    @property
    def score(self) -> Score:
        """Return the score of the group: the mean of its members' own, whatever their size.

        >>> Members(passed=5, failed=5, scored=2, total=1.25).score.value
        0.625
        """
        return Score(
            passed=self.passed,
            failed=self.failed,
            skipped=self.skipped,
            no_data=self.no_data,
            entities=self.entities,
            value=self.total / self.scored if self.scored else None,
        )
