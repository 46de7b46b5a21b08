"""Runs jq programs over entities; nothing a program does reaches this process.

The programs run in a child process, see `catalog.computed.jq_sandbox`.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from catalog.computed.jq_ledger import Allowance, Cost, Ledger
from catalog.computed.jq_reads import reads
from catalog.computed.jq_sandbox import JSON, JqError, Watch, sandbox
from catalog.computed.jq_syntax import imports, normalise, reads_clock

__all__ = [
    "JSON",
    "Allowance",
    "JqError",
    "Result",
    "check",
    "check_many",
    "evaluate",
    "evaluate_many",
    "reads",
    "reads_clock",
]

# Other threads have the child in between.
AT_ONCE = 500
BYTES_AT_ONCE = 8 * 1024 * 1024
# A program compiles in a millisecond; a blueprint may have five hundred that do not.
CHECK_SECONDS = 10.0

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
    pairs: Iterable[tuple[str, JSON]],
    *,
    now: datetime | None = None,
    allowance: Allowance | None = None,
) -> list[Result]:
    """Evaluate (program, value) pairs; where one fails its place holds the `JqError`.

    They go through the child together: what waits is not the pipe but the slower of two processes.
    What slow programs take is charged to the allowance; see `catalog.computed.jq_ledger`.
    """
    batch = _Batch(list(pairs), now, allowance or Allowance())
    return batch.run()


class _Batch:
    """Pairs on their way through the child."""

    def __init__(
        self, pairs: list[tuple[str, JSON]], now: datetime | None, allowance: Allowance
    ) -> None:
        self.pairs, self.now, self.allowance = pairs, now, allowance
        self.results: list[Result] = [None] * len(pairs)

    def run(self) -> list[Result]:
        _ledger.begin(time.monotonic())
        waiting = deque(range(len(self.pairs)))
        while waiting:
            asked = self._take(waiting)
            answers = sandbox.ask_many(asked.values(), self._watch(list(asked)))
            for index, answer in zip(asked, answers, strict=False):
                self.results[index] = answer
            # What was asked after a program that was stopped, or given up.
            waiting.extendleft(reversed(list(asked)[len(answers) :]))
        return self.results

    def _take(self, waiting: deque[int]) -> dict[int, tuple[str, str]]:
        """Take the next pairs, as the child takes them; what cannot be asked has its result."""
        asked: dict[int, tuple[str, str]] = {}
        size = 0
        while waiting and len(asked) < AT_ONCE and size < BYTES_AT_ONCE:
            index = waiting.popleft()
            program, value = self.pairs[index]
            try:
                if refusal := _ledger.refusal(program, self.allowance):
                    raise JqError(refusal)
                asked[index] = _request(program, value, now=self.now)
                size += len(asked[index][1])
            except JqError as error:
                self.results[index] = error
        return asked

    def _watch(self, asked: list[int]) -> Watch:
        """Return what keeps the ledger, and says when the program of a request is given up."""

        def note(position: int, cost: Cost) -> bool:
            program = self.pairs[asked[position]][0]
            _ledger.note(program, cost, self.allowance)
            return bool(_ledger.refusal(program, self.allowance))

        return note


def _request(program: str, value: JSON, *, now: datetime | None) -> tuple[str, str]:
    """Return program and input as the child takes them."""
    code = _prepare(program, binds_now=now is not None)
    if now is not None and reads_clock(program):
        value = [now.timestamp(), value]
    try:
        return code, json.dumps(value)
    except RecursionError:
        raise JqError("The input is nested too deeply.") from None


def check(program: str) -> None:
    """Compile the program without running it.

    Raises:
        JqError: with jq's own message.
    """
    for error in check_many({"": program}).values():
        raise error


def check_many(programs: Mapping[str, str]) -> dict[str, JqError]:
    """Compile programs without running them; return what is wrong, under the programs' keys."""
    wrong: dict[str, JqError] = {}
    spent = 0.0

    def note(_position: int, cost: Cost) -> bool:
        nonlocal spent
        spent += cost.seconds
        return False

    for key, program in programs.items():
        if spent >= CHECK_SECONDS:
            wrong[key] = JqError(f"Not compiled: those before it took {spent:.0f} s; simplify them")
            continue
        try:
            (answer,) = sandbox.ask_many([(_prepare(program, binds_now=False), "")], note)
        except JqError as error:
            answer = error
        if isinstance(answer, JqError):
            wrong[key] = answer
    return wrong


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


_ledger = Ledger()
