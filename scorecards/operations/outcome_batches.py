"""Outcomes that are accepted at once and applied after the answer: the row is the queue.

Applied by a task, or by the sweep where that did not come to it. A batch that is applied late
overrules nothing that was reported after it: its outcomes are of the moment it came in.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import OperationalError, transaction

from portal import pieces
from portal.permissions import Actor
from scorecards.models import OutcomeBatch
from scorecards.operations.outcome_reading import OutcomeReport, Pair, Said, read_reports
from scorecards.operations.outcomes import check_reporter, record_outcomes, record_report

logger = logging.getLogger(__name__)

MAX_BATCH = 50_000
# For so long a batch can be asked what became of it.
KEPT = timedelta(days=7)
_WAITING = OutcomeBatch.Status.WAITING


def receive_outcomes(*, reports: Sequence[OutcomeReport], by: Actor, now: datetime) -> OutcomeBatch:
    """Check reports and accept them as a batch; raises `Invalid` as `report_outcomes` does."""
    return accept_outcomes(said=read_reports(reports, most=MAX_BATCH), by=by, now=now)


@transaction.atomic
def accept_outcomes(*, said: Mapping[Pair, Said], by: Actor, now: datetime) -> OutcomeBatch:
    """Accept what is said of pairs of rules and entities, checked before; apply it by a task."""
    from scorecards.tasks import apply_outcomes

    check_reporter({rule for rule, _ in said}, by=by)
    batch = store_batch(said=said, by=by, now=now)
    record_report(f"batch {batch.pk}", {"total": batch.total}, by=by, now=now)
    apply_outcomes.delay_on_commit(batch.pk)
    return batch


def store_batch(*, said: Mapping[Pair, Said], by: Actor, now: datetime) -> OutcomeBatch:
    """Store a batch for whoever applies what waits."""
    return OutcomeBatch.objects.create(
        reports=[
            {"rule": rule, "entity": entity, "state": what.state, "remark": what.remark}
            for (rule, entity), what in said.items()
        ],
        total=len(said),
        received_at=now,
        reported_by=by.label,
        source=by.source,
    )


def apply_batch(*, batch_id: int, now: datetime) -> bool:
    """Apply a batch that waits; say whether it was this call that did.

    Two workers never apply the same one: whoever comes second waits for the first, and finds it
    done. What fails is undone, and remembered as failed with the reason; where only the database
    was away or busy, the batch goes on waiting.
    """
    try:
        return _apply(batch_id, now)
    except OperationalError:
        logger.exception("The outcomes of batch %s go on waiting", batch_id)
        return False
    except Exception as error:
        # One that cannot be applied must not stand before all others for ever.
        logger.exception("The outcomes of batch %s could not be applied", batch_id)
        _fail(batch_id, f"{type(error).__name__}: {error}", now)
        return False


def _fail(batch_id: int, reason: str, now: datetime) -> None:
    rows = OutcomeBatch.objects.filter(pk=batch_id, status=_WAITING)
    rows.update(status=OutcomeBatch.Status.FAILED, done_at=now, error=reason)


@transaction.atomic
def _apply(batch_id: int, now: datetime) -> bool:
    rows = OutcomeBatch.objects.filter(pk=batch_id)
    done = OutcomeBatch.Status.DONE
    if not rows.filter(status=_WAITING).update(status=done, done_at=now):
        return False
    batch = rows.get()
    receipt = record_outcomes(
        said={
            (item["rule"], item["entity"]): Said(item["state"], item["remark"])
            for item in batch.reports
        },
        by=batch.reported_by,
        reported_at=batch.received_at,
        now=now,
        is_late=True,
    )
    rows.update(reports=[], error=_told(receipt.dropped))
    return True


def _told(dropped: int) -> str:
    if not dropped:
        return ""
    return f"{dropped:,} passed over: the rule or entity is gone, or something newer is known"


def apply_waiting(*, now: datetime) -> int:
    """Apply the batches that were left behind, in the order in which they came; return how many."""
    waiting = OutcomeBatch.objects.filter(status=_WAITING).order_by("id")
    ids = list(waiting.values_list("id", flat=True))
    return sum(_apply_left(id_, now) for id_ in ids)


def _apply_left(batch_id: int, now: datetime) -> bool:
    """Apply a batch that nobody applied; give it up where that has killed several workers."""
    work = f"batch of outcomes {batch_id}"
    piece = pieces.attempt(work=work, now=now)
    if piece is not None:
        is_done = apply_batch(batch_id=batch_id, now=now)
        pieces.settle(piece)
        return is_done
    dead = pieces.given_up(now=now).filter(work=work)
    if dead.exists():
        _fail(batch_id, f"The {pieces.MAX_ATTEMPTS} workers that applied it died.", now)
        dead.delete()
    return False


def forget_batches(*, now: datetime) -> int:
    """Delete the batches that were done or failed long ago; return how many."""
    old = OutcomeBatch.objects.filter(received_at__lt=now - KEPT).exclude(status=_WAITING)
    # A sweep that has nothing to do writes nothing.
    return old.delete()[0] if old.exists() else 0
