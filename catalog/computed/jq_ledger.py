"""What jq programs cost, which are not run for a while, and when a save has spent enough. Pure.

A limit for one run is not enough: an endless program on a thousand entities costs a thousand times
the limit, and one that stays just below it as much. What takes too much is no longer run, says so
in the problems of the entities that it was not run for, and holds up nobody else.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

# A program that had to be stopped this often is given up, so that one odd entity does not take
# the value from all others.
STOPS_ALLOWED = 3
# So is one that is slow on average and took this long altogether, and one whose results are large
# and came to so much. A sound program takes a tenth of a millisecond and returns a few bytes.
SECONDS_ALLOWED = 5.0
SLOW_SECONDS = 0.01
BYTES_ALLOWED = 64 * 1024 * 1024
LARGE_BYTES = 64 * 1024
PAUSE_SECONDS = 60.0
# Of one save: when slow programs have taken the first, they are given up; when they have taken the
# second, so is all that has not been run yet, which may be slow too.
SLOW_SECONDS_A_SAVE = 10.0
ALL_SECONDS_A_SAVE = 30.0
_WAY_OUT = "Mend what is slow; the command rebuild then runs what was left out."


class Cost(NamedTuple):
    """What one run took: seconds of processor time, bytes of output, and whether it was stopped."""

    seconds: float
    size: int
    was_stopped: bool = False


@dataclass
class Allowance:
    """What slow programs have taken of one save so far."""

    spent: float = 0.0


@dataclass
class Record:
    """What the runs of one program took together."""

    runs: int = 0
    stops: int = 0
    seconds: float = 0.0
    size: int = 0

    @property
    def is_slow(self) -> bool:
        """Say whether a run takes long on average."""
        return self.seconds > self.runs * SLOW_SECONDS

    @property
    def excess(self) -> str:
        """Say what was too much, if anything was; in words that are the same next time."""
        if self.stops >= STOPS_ALLOWED:
            return f"had to be stopped {STOPS_ALLOWED} times"
        if self.seconds >= SECONDS_ALLOWED and self.is_slow:
            return f"is slow and took {SECONDS_ALLOWED:.0f} s"
        if self.size >= BYTES_ALLOWED and self.size > self.runs * LARGE_BYTES:
            return f"returned {BYTES_ALLOWED // 1024**2} MiB"
        return ""


@dataclass
class Ledger:
    """The records of this minute, by program."""

    since: float | None = None
    records: dict[str, Record] = field(default_factory=dict)

    def begin(self, at: float) -> None:
        """Start anew where the records are older than a pause; never in the middle of a batch."""
        if self.since is None or at - self.since >= PAUSE_SECONDS:
            self.since = at
            self.records.clear()

    def note(self, program: str, cost: Cost, allowance: Allowance) -> None:
        """Write down what a run took."""
        record = self.records.setdefault(program, Record())
        record.runs += 1
        record.stops += cost.was_stopped
        record.seconds += cost.seconds
        record.size += cost.size
        if cost.seconds > SLOW_SECONDS:
            allowance.spent += cost.seconds

    def refusal(self, program: str, allowance: Allowance) -> str:
        """Return why the program is not to be run now, or nothing."""
        record = self.records.get(program)
        if record is not None and record.excess:
            return f"Not run: the program {record.excess} for entities before this one. {_WAY_OUT}"
        if record is not None and not record.is_slow:
            return ""
        if allowance.spent >= (ALL_SECONDS_A_SAVE if record is None else SLOW_SECONDS_A_SAVE):
            return f"Not run: slow programs took too much time of this save. {_WAY_OUT}"
        return ""
