"""Work of the scorecards that does not wait for a request: ids in, safe to run twice."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from portal import jobs, pieces
from scorecards import operations
from scorecards.models import Scorecard
from scorecards.operations import evaluating, sharing, sweeping


@shared_task
def evaluate_scorecard(scorecard_id: int) -> int:
    """Evaluate every entity that an edited scorecard grades."""
    scorecard = Scorecard.objects.filter(pk=scorecard_id).first()
    if scorecard is None:
        return 0
    if not pieces.is_shared() or scorecard.stale_since is None:
        return operations.evaluate_scorecard(scorecard=scorecard, now=timezone.now())
    workers = sharing.begin_shared(scorecard=scorecard, now=timezone.now())
    pieces.ask_by(help_evaluate, scorecard.pk, workers - 1)
    return sharing.continue_shared(scorecard=scorecard, clock=timezone.now)


@shared_task
def help_evaluate(scorecard_id: int) -> int:
    """Take pieces of the evaluation of an edited scorecard, if any are left."""
    scorecard = Scorecard.objects.stale().filter(pk=scorecard_id).first()
    if scorecard is None:
        return 0
    return sharing.continue_shared(scorecard=scorecard, clock=timezone.now)


@shared_task
def evaluate_stale() -> int:
    """Evaluate the entities that a large write left stale."""
    return evaluating.evaluate_stale(now=timezone.now())


@shared_task
def apply_outcomes(batch_id: int) -> bool:
    """Apply a batch of outcomes that was accepted."""
    return operations.apply_batch(batch_id=batch_id, now=timezone.now())


@shared_task
def sweep() -> int:
    """Evaluate what was left behind and what moves with the clock."""
    steps = sweeping.sweep_steps(clock=timezone.now, ask=partial(pieces.ask_by, help_sweep))
    return jobs.run_job(name="sweep", steps=steps, clock=timezone.now)


@shared_task
def help_sweep(stamp: str) -> int:
    """Take pieces of the evaluation of what the clock moved, if any are left."""
    by_the_clock = sharing.by_the_clock(clock=timezone.now)
    return pieces.help_round(by_the_clock, stamp=stamp, clock=timezone.now)
