"""Doing what was left behind, whatever became of the process that should have done it."""

from datetime import datetime

from scorecards import compiled as compiling
from scorecards.models import Scorecard
from scorecards.operations import campaigns, counters
from scorecards.operations.evaluating import evaluate_scorecard, evaluate_stale
from scorecards.operations.exempting import end_expired
from scorecards.operations.outcome_batches import apply_waiting, forget_batches


def sweep(*, now: datetime) -> int:
    """Evaluate what is stale, and the scorecards whose rules read the clock; return how many.

    Before that, apply the outcomes that wait, and end the exemptions whose last day is over. Then
    add the counters up, keep how they stood when this day began, and let campaigns go on.
    """
    apply_waiting(now=now)
    count = end_expired(now=now) + evaluate_stale(now=now)
    for scorecard in Scorecard.objects.published().order_by("id"):
        ready = compiling.of_versions([(scorecard.pk, scorecard.version)])[0]
        if scorecard.stale_since is not None or ready.program.reads_clock:
            count += evaluate_scorecard(scorecard=scorecard, now=now)
    counters.tidy()
    counters.take_snapshots(now=now)
    campaigns.advance_campaigns(now=now)
    forget_batches(now=now)
    return count
