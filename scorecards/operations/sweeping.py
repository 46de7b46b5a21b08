"""Doing what was left behind, whatever became of the process that should have done it."""

from collections.abc import Callable
from datetime import datetime

from portal import pieces
from scorecards.models import Scorecard
from scorecards.operations import campaigns, counters
from scorecards.operations.evaluating import (
    blueprints_by_clock,
    evaluate_blueprint,
    evaluate_scorecard,
    evaluate_stale,
)
from scorecards.operations.exempting import end_expired
from scorecards.operations.outcome_batches import apply_waiting, forget_batches
from scorecards.operations.sharing import begin_shared, by_the_clock, continue_shared


def sweep(*, now: datetime) -> int:
    """Evaluate what is stale, and what rules that read the clock are about; return how many.

    Before that, apply the outcomes that wait, and end the exemptions whose last day is over. Then
    add the counters up, keep how they stood when this day began, and let campaigns go on.
    """
    return sum(step() for step in sweep_steps(clock=lambda: now).values())


def sweep_steps(
    *, clock: Callable[[], datetime], ask: pieces.Ask = pieces.ask_nobody
) -> dict[str, Callable[[], int]]:
    """Return what a sweep does, in its order, each to be called; those that evaluate return counts.

    A step trusts nothing that the others do: each may fail alone. `ask` brings help in with what
    the clock moved, where there are workers.
    """

    def uncounted(step: Callable[..., object]) -> Callable[[], int]:
        def do() -> int:
            step(now=clock())
            return 0

        return do

    return {
        "apply outcomes": uncounted(apply_waiting),
        "end exemptions": lambda: end_expired(now=clock()),
        "evaluate entities": lambda: evaluate_stale(now=clock()),
        "evaluate scorecards": lambda: _evaluate_scorecards(clock=clock),
        "evaluate by the clock": lambda: _evaluate_by_clock(clock=clock, ask=ask),
        "add counters up": uncounted(lambda now: counters.tidy()),
        "take snapshots": uncounted(counters.take_snapshots),
        "advance campaigns": uncounted(campaigns.advance_campaigns),
        "forget old batches": uncounted(forget_batches),
    }


def _evaluate_scorecards(*, clock: Callable[[], datetime]) -> int:
    """Evaluate the scorecards that are stale, each whatever becomes of others."""
    count, errors = 0, []
    for scorecard in Scorecard.objects.published().stale().order_by("id"):
        try:
            count += _evaluate(scorecard, clock=clock)
        except Exception as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup("scorecards could not be evaluated", errors)
    return count


def _evaluate(scorecard: Scorecard, *, clock: Callable[[], datetime]) -> int:
    if not pieces.is_shared():
        return evaluate_scorecard(scorecard=scorecard, now=clock())
    begin_shared(scorecard=scorecard, now=clock())
    return continue_shared(scorecard=scorecard, clock=clock)


def _evaluate_by_clock(*, clock: Callable[[], datetime], ask: pieces.Ask) -> int:
    """Evaluate what time alone may have moved; each entity once, however many grade it."""
    if pieces.is_shared():
        return pieces.take_round(by_the_clock(clock=clock), ask=ask, clock=clock)
    names = blueprints_by_clock()
    return sum(evaluate_blueprint(blueprint=name, now=clock()) for name in names)
