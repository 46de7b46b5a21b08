"""What the site runs on: database, disk, broker, and the processes beside this one."""

import shutil
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal import broker, health, processes
from portal.models import Process
from portal.status.readings import Reading, State, age, span

# Above these something is wrong.
SLOW = timedelta(milliseconds=250)
LONG_QUEUE = 1_000
# Below these a disk is nearly full.
LEAST_FREE = 1024**3
LEAST_SHARE = 0.05

_SIZES = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
}


def database() -> Reading:
    """Read how large the database is and how quickly it answers."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        took = timedelta(seconds=time.perf_counter() - begun)
        cursor.execute(_SIZES[connection.vendor])
        (size,) = cursor.fetchone()
    is_slow = took > SLOW
    return Reading(
        key="database",
        title=_("Database"),
        state=State.ATTENTION if is_slow else State.FINE,
        value=f"{connection.display_name}, {filesizeformat(size)}",
        note=_("Answers in %(ms).1f ms.") % {"ms": took.total_seconds() * 1_000},
        advice=_("It answers slowly: look at its load and at the network.") if is_slow else "",
    )


def migrations() -> Reading:
    """Read whether the database is as this code wants it."""
    left = health.unapplied_migrations()
    return Reading(
        key="migrations",
        title=_("Migrations"),
        state=State.ATTENTION if left else State.FINE,
        value=ngettext("%(n)d to apply", "%(n)d to apply", len(left)) % {"n": len(left)}
        if left
        else _("All applied"),
        note=", ".join(left[:5]),
        advice=_("Run manage.py migrate, then restart. It goes on where it was cut off.")
        if left
        else "",
    )


def disk() -> Reading:
    """Read how much room is left where the data directory is."""
    total, _used, free = shutil.disk_usage(settings.DATA_DIR)
    is_short = free < LEAST_FREE or free < total * LEAST_SHARE
    return Reading(
        key="disk",
        title=_("Disk of the data directory"),
        state=State.ATTENTION if is_short else State.FINE,
        value=_("%(free)s free") % {"free": filesizeformat(free)},
        note=_("of %(total)s") % {"total": filesizeformat(total)},
        advice=_("Make room: with SQLite nothing can be saved once it is full.")
        if is_short
        else "",
    )


def queue() -> Reading:
    """Read which broker there is, and how many tasks wait there."""
    title, name = _("Broker"), broker.broker_name() or _("None: tasks run inside serve")
    try:
        depth = broker.queue_depth()
    except broker.BrokerAway as error:
        return Reading(
            key="broker",
            title=title,
            state=State.ATTENTION,
            value=_("Does not answer"),
            note=f"{name}: {error}"[:300],
            advice=_("Start it, or mend CELERY_BROKER_URL. What is saved meanwhile waits for it."),
        )
    return Reading(
        key="broker",
        title=title,
        state=_queue_state(depth),
        value=ngettext("%(n)d task waits", "%(n)d tasks wait", depth) % {"n": depth},
        note=str(name),
        advice=_("Start more workers, or look at what they are at.") if depth > LONG_QUEUE else "",
    )


def _queue_state(depth: int) -> State:
    if depth > LONG_QUEUE:
        return State.ATTENTION
    return State.WORKING if depth else State.FINE


def workers(rows: Collection[Process], *, now: datetime) -> Reading:
    """Read which workers were heard of lately."""
    known = [row for row in rows if row.kind == Process.Kind.WORKER]
    lost = [row for row in known if _is_lost(row, now)]
    alive = len(known) - len(lost)
    embedded = not settings.CELERY_BROKER_URL
    if embedded and not known:
        value = _("In the process that serves")
        return Reading(key="workers", title=_("Workers"), state=State.FINE, value=value)
    advice = ""
    if not alive:
        advice = _("Start one: celery -A portal worker")
    elif lost:
        advice = _("Some ended without a word: killed, or out of memory. See their logs.")
    return Reading(
        key="workers",
        title=_("Workers"),
        state=State.ATTENTION if advice else State.FINE,
        value=ngettext("%(n)d at work", "%(n)d at work", alive) % {"n": alive},
        note="; ".join(_told(row, now) for row in lost[:5]),
        advice=advice,
    )


def scheduler(rows: Collection[Process], *, now: datetime) -> Reading:
    """Read which schedulers were heard of lately; of several, each tick is sent by one."""
    alive = [row for row in rows if row.kind == Process.Kind.SCHEDULER and not _is_lost(row, now)]
    start = _("Start one: celery -A portal beat")
    if not settings.CELERY_BROKER_URL:
        start = _("Start manage.py serve, which holds the schedule where there is no broker.")
    last = max((row.seen_at for row in rows if row.kind == Process.Kind.SCHEDULER), default=None)
    return Reading(
        key="scheduler",
        title=_("Scheduler"),
        state=State.FINE if alive else State.ATTENTION,
        value=ngettext("%(n)d at work", "%(n)d at work", len(alive)) % {"n": len(alive)},
        note=_("Last seen %(span)s ago.") % {"span": span(age(last, now=now))} if last else "",
        advice="" if alive else start,
    )


def _is_lost(row: Process, now: datetime) -> bool:
    return age(row.seen_at, now=now) > processes.LOST_AFTER


def _told(row: Process, now: datetime) -> str:
    length = span(age(row.seen_at, now=now))
    return _("%(process)s: not heard of for %(span)s") % {"process": row, "span": length}
