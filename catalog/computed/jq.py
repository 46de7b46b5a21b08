"""Runs jq programs over entities; nothing a program does reaches this process.

The programs run in a child process, see `catalog.computed.jq_sandbox`.
"""

import json
import time
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from catalog.computed.jq_reads import reads
from catalog.computed.jq_sandbox import JSON, JqError, StoppedError, sandbox
from catalog.computed.jq_syntax import imports, normalise, reads_clock

__all__ = [
    "JSON",
    "JqError",
    "Result",
    "check",
    "evaluate",
    "evaluate_many",
    "reads",
    "reads_clock",
]

# A program that had to be stopped this often is not tried again for a while: one endless program on
# a blueprint of ten thousand entities would otherwise hold everything for hours.
STOPS_ALLOWED = 3
PAUSE_SECONDS = 60.0
# Other threads have the child in between.
AT_ONCE = 500

Result = JSON | JqError


def evaluate(program: str, value: JSON, *, now: datetime | None = None) -> JSON:
    """Return the first output of the program over the value; None when it has none.

    `now` is what jq's ``now`` answers; without it a program that asks gets the machine's clock.

    Raises:
        JqError: the program does not compile, failed, or needed too much time, memory or output.
    """
    (result,) = evaluate_many([(program, value)], now=now)
    if isinstance(result, JqError):
        raise result
    return result


def evaluate_many(
    pairs: Iterable[tuple[str, JSON]], *, now: datetime | None = None
) -> list[Result]:
    """Evaluate (program, value) pairs; where one fails its place holds the `JqError`.

    They go through the child together: what waits is not the pipe but the slower of two processes.
    """
    pairs = list(pairs)
    results: list[Result] = [None] * len(pairs)
    waiting = list(range(len(pairs)))
    while waiting:
        turn, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        asked: dict[int, tuple[str, str]] = {}
        for index in turn:
            try:
                asked[index] = _request(*pairs[index], now=now)
            except JqError as error:
                results[index] = error
        answers = dict(zip(asked, sandbox.ask_many(asked.values()), strict=False))
        for index, answer in answers.items():
            results[index] = answer
            if isinstance(answer, StoppedError):
                _stops.note(pairs[index][0])
        waiting = [index for index in asked if index not in answers] + waiting
    return results


def _request(program: str, value: JSON, *, now: datetime | None) -> tuple[str, str]:
    """Return program and input as the child takes them."""
    code = _prepare(program, binds_now=now is not None)
    if now is not None and reads_clock(program):
        value = [now.timestamp(), value]
    _stops.refuse(program)
    try:
        return code, json.dumps(value)
    except RecursionError:
        raise JqError("The input is nested too deeply.") from None


def check(program: str) -> None:
    """Compile the program without running it.

    Raises:
        JqError: with jq's own message.
    """
    sandbox.ask(_prepare(program, binds_now=False), "")


@lru_cache(maxsize=1024)
def _prepare(program: str, *, binds_now: bool) -> str:
    """Return the program as jq shall see it.

    The clock comes in with the input, not in the program's text: the child keeps compiled programs,
    and a text that changes every second would be compiled every second.
    """
    if "\0" in program:
        raise JqError("A jq program cannot contain a NUL character.")
    if imports(program):
        raise JqError("A jq program cannot use import, include or module here.")
    code = normalise(program)
    if binds_now and reads_clock(program):
        return f".[0] as $__now | .[1] | def now: $__now; {code}"
    return code


class _Stops:
    """Which programs had to be stopped of late, and when their first stop was."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, float]] = {}

    def refuse(self, program: str) -> None:
        count, since = self.seen.get(program, (0, 0.0))
        if count >= STOPS_ALLOWED and time.monotonic() - since < PAUSE_SECONDS:
            raise JqError("The program had to be stopped too often; it will be tried again later.")

    def note(self, program: str) -> None:
        count, since = self.seen.get(program, (0, 0.0))
        if time.monotonic() - since >= PAUSE_SECONDS:
            count, since = 0, time.monotonic()
        if len(self.seen) > 1000:
            self.seen.clear()
        self.seen[program] = (count + 1, since)


_stops = _Stops()
