"""What the site has yet to do: evaluations, rebuilds, outcomes, messages, tasks."""

from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_celery_results.models import TaskResult

from catalog.models import Blueprint, Entity
from portal import pieces
from portal.integrations.models import DataMigration, Delivery, WebhookEvent
from portal.models import Piece
from portal.status.readings import Reading, State, age, span
from scorecards import operations
from scorecards.models import OutcomeBatch, Scorecard

# The sweep comes by every few minutes: what waits for longer nobody does.
PATIENCE = timedelta(minutes=15)
LATELY = timedelta(days=1)
# A message is tried for three days.
LATELY_SENT = timedelta(days=4)


def waiting(rows: QuerySet, since: str) -> tuple[int, datetime | None]:
    """Return how many rows there are, and since when the oldest waits."""
    found = rows.aggregate(total=Count("pk"), oldest=Min(since))
    return found["total"], found["oldest"]


def evaluation_lag(*, now: datetime) -> tuple[int, timedelta]:
    """Return how many entities, blueprints and scorecards are stale, and for how long at most."""
    kinds = (
        waiting(Entity.objects.stale(), "stale_since"),
        waiting(Blueprint.objects.stale(), "stale_since"),
        waiting(Scorecard.objects.stale(), "stale_since"),
    )
    oldest = min((moment for _, moment in kinds if moment), default=now)
    return sum(total for total, _ in kinds), age(oldest, now=now)


def evaluation(*, now: datetime) -> Reading:
    """Read how far evaluation is behind what was saved."""
    count, lag = evaluation_lag(now=now)
    is_late = lag > PATIENCE
    return Reading(
        key="evaluation",
        title=_("Evaluation"),
        state=_state(count, is_late),
        value=ngettext("%(n)d behind", "%(n)d behind", count) % {"n": count}
        if count
        else _("Up to date"),
        note=_("The oldest for %(span)s.") % {"span": span(lag)} if count else "",
        advice=_("Nobody does it: see scheduler, workers and failed tasks; or run manage.py sweep.")
        if is_late
        else "",
    )


def rebuilds(*, now: datetime) -> Reading:
    """Read how far rebuilds and shared evaluations are."""
    given_up = pieces.given_up(now=now).count()
    rebuild, notes = operations.unfinished_rebuild(), []
    if rebuild is not None:
        steps = operations.progress_of(rebuild)
        done, rows = sum(step.done for step in steps), sum(step.rows for step in steps)
        notes.append(
            _("%(rebuild)s: %(done)d of %(rows)d rows")
            % {"rebuild": rebuild, "done": done, "rows": rows}
        )
    notes += _pieces(now)
    advice = ""
    if given_up:
        advice = _(
            "Some pieces failed again and again: the log says why. They are tried anew within a "
            "day, or when what they evaluate is saved again."
        )
    return Reading(
        key="rebuilds",
        title=_("Rebuilds"),
        state=_state(bool(notes), bool(given_up)),
        value=_("Under way") if notes else _("None under way"),
        note=". ".join(notes),
        advice=advice,
    )


def _pieces(now: datetime) -> list[str]:
    """Tell how many pieces are left of what is shared, how many are worked on, and of what."""
    is_taken = Q(claimed_until__gt=now)
    rows = Piece.objects.order_by("work", "scope").values_list("work", "scope")
    works = list(rows.annotate(left=Count("pk"), taken=Count("pk", filter=is_taken)))
    if not works:
        return []
    left, taken = sum(row[2] for row in works), sum(row[3] for row in works)
    told = ngettext("%(n)d piece is left", "%(n)d pieces are left", left) % {"n": left}
    parts = ", ".join(f"{work} {scope}".strip() + f" ({n})" for work, scope, n, _ in works[:5])
    return [
        _("%(told)s, %(taken)d at work: %(parts)s") % {"told": told, "taken": taken, "parts": parts}
    ]


def outcomes(*, now: datetime) -> Reading:
    """Read which batches of outcomes wait, and which failed."""
    status = OutcomeBatch.Status
    count, oldest = waiting(OutcomeBatch.objects.filter(status=status.WAITING), "received_at")
    failed = OutcomeBatch.objects.filter(status=status.FAILED, done_at__gte=now - LATELY).count()
    return _queued(
        "outcomes",
        _("Reported outcomes"),
        waits=count,
        failed=failed,
        is_late=oldest is not None and age(oldest, now=now) > PATIENCE,
        address=reverse("admin:scorecards_outcomebatch_changelist"),
    )


def messages(*, now: datetime) -> Reading:
    """Read which messages wait, and which were given up."""
    open_ = Delivery.objects.filter(status__in=(Delivery.Status.WAITING, Delivery.Status.SENDING))
    count, due = waiting(open_, "next_attempt_at")
    failed = Delivery.objects.filter(
        status=Delivery.Status.FAILED, created_at__gte=now - LATELY_SENT
    ).count()
    return _queued(
        "messages",
        _("Messages"),
        waits=count,
        failed=failed,
        is_late=due is not None and age(due, now=now) > PATIENCE,
        address=reverse("admin:integrations_delivery_changelist"),
    )


def integrations(*, now: datetime) -> Reading:
    """Read which requests of webhooks and which data migrations wait."""
    state = WebhookEvent.State
    requests, oldest = waiting(WebhookEvent.objects.filter(state=state.PENDING), "received_at")
    live = Q(status__in=(DataMigration.Status.PENDING, DataMigration.Status.RUNNING))
    failed = Q(status=DataMigration.Status.FAILURE, updated_at__gte=now - LATELY)
    moves = DataMigration.objects.aggregate(
        live=Count("pk", filter=live), failed=Count("pk", filter=failed)
    )
    return _queued(
        "integrations",
        _("Webhooks and data migrations"),
        waits=requests + moves["live"],
        failed=moves["failed"],
        is_late=oldest is not None and age(oldest, now=now) > PATIENCE,
        address=reverse("admin:integrations_datamigration_changelist"),
    )


def _queued(
    key: str, title: str, *, waits: int, failed: int, is_late: bool, address: str
) -> Reading:
    advice = ""
    if is_late:
        advice = _("They wait for too long: see scheduler and workers.")
    elif failed:
        advice = _("Look at what failed lately and why.")
    return Reading(
        key=key,
        title=title,
        state=_state(waits, bool(advice)),
        value=ngettext("%(n)d waits", "%(n)d wait", waits) % {"n": waits}
        if waits
        else _("None waits"),
        note=ngettext("%(n)d failed lately", "%(n)d failed lately", failed) % {"n": failed}
        if failed
        else "",
        advice=advice,
        address=address,
    )


def failed_tasks(*, now: datetime) -> "QuerySet[TaskResult]":
    """Return the tasks that failed lately."""
    return TaskResult.objects.filter(status="FAILURE", date_done__gte=now - LATELY)


def tasks(*, now: datetime) -> Reading:
    """Read which tasks failed lately, the names of the most frequent first."""
    counts = failed_tasks(now=now).order_by().values_list("task_name").annotate(Count("pk"))
    found = sorted(counts, key=lambda item: (-item[1], str(item[0])))
    total = sum(count for _, count in found)
    return Reading(
        key="tasks",
        title=_("Failed tasks, last 24 hours"),
        state=State.ATTENTION if total else State.FINE,
        value=str(total) if total else _("None"),
        note=", ".join(f"{name} ({count})" for name, count in found[:5]),
        advice=_("Their results say why. A sweep does what they left.") if total else "",
        address=f"{reverse('admin:django_celery_results_taskresult_changelist')}?status__exact=FAILURE",
    )


def _state(is_working: int | bool, is_wrong: bool) -> State:
    if is_wrong:
        return State.ATTENTION
    return State.WORKING if is_working else State.FINE
