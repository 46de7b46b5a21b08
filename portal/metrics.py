"""Metrics for Prometheus: what this process answered, and what waits in database and broker.

Several processes behind one address each know only their own requests; name a directory in
`PROMETHEUS_MULTIPROC_DIR` for all of them, emptied before they start, and any of them answers for
all. What waits is read when it is asked for, in a few queries over small indexes, at most once in a
few seconds.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.models import Blueprint, Change, Entity
from portal import broker
from portal.api.negotiation import OnlyFormat
from portal.integrations.models import Delivery
from portal.status.work import failed_tasks
from scorecards.models import OutcomeBatch, Scorecard

REQUESTS = Counter("tidemark_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("tidemark_request_seconds", "Time to answer a request.", ["method", "route"])
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. A method that nobody defined counts as "other": labels must stay few."""
    known = method if method in _METHODS else "other"
    REQUESTS.labels(known, route, str(status)).inc()
    SECONDS.labels(known, route).observe(seconds)


class Waiting(Collector):
    """What is stored and not yet done."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield how much waits, by kind of work, and for how long the oldest has."""
        now = timezone.now()
        count = GaugeMetricFamily(
            "tidemark_waiting", "Stored work that is not done yet.", labels=["work"]
        )
        age = GaugeMetricFamily(
            "tidemark_waiting_seconds", "Age of the oldest of it.", labels=["work"]
        )
        waiting = _waiting()
        for work, (total, oldest) in waiting.items():
            count.add_metric([work], total)
            age.add_metric([work], max((now - oldest).total_seconds(), 0) if oldest else 0)
        yield count
        yield age
        yield from _evaluation([waiting[work] for work in EVALUATION], now=now)
        yield from _queue()
        yield from _deliveries()
        yield GaugeMetricFamily(
            "tidemark_tasks_failed",
            "Tasks that failed within the last 24 hours.",
            value=failed_tasks(now=now).count(),
        )
        yield _seal_number()


def _waiting() -> dict[str, tuple[int, datetime | None]]:
    return {
        "entities to evaluate": _of(Entity.objects.stale(), "stale_since"),
        "blueprints to recompute": _of(Blueprint.objects.stale(), "stale_since"),
        "scorecards to evaluate": _of(Scorecard.objects.stale(), "stale_since"),
        "audit rows to seal": _of(Change.objects.unsealed(), "at"),
        "outcomes to apply": _of(
            OutcomeBatch.objects.filter(status=OutcomeBatch.Status.WAITING), "received_at"
        ),
        "messages to deliver": _of(
            Delivery.objects.filter(status__in=(Delivery.Status.WAITING, Delivery.Status.SENDING)),
            "created_at",
        ),
    }


def _of(rows: QuerySet, since: str) -> tuple[int, datetime | None]:
    found = rows.aggregate(total=Count("pk"), oldest=Min(since))
    return found["total"], found["oldest"]


EVALUATION = ("entities to evaluate", "blueprints to recompute", "scorecards to evaluate")


def _evaluation(
    found: Collection[tuple[int, datetime | None]], *, now: datetime
) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        "tidemark_stale",
        "Entities, blueprints and scorecards to evaluate.",
        value=sum(total for total, _ in found),
    )
    oldest = min((moment for _, moment in found if moment), default=now)
    yield GaugeMetricFamily(
        "tidemark_evaluation_lag_seconds",
        "For how long the oldest of these has been waiting.",
        value=max((now - oldest).total_seconds(), 0),
    )


def _queue() -> Iterator[GaugeMetricFamily]:
    """Yield how much waits at the broker; nothing where it does not answer."""
    depth = None
    with suppress(broker.BrokerAway):
        depth = broker.queue_depth()
    yield GaugeMetricFamily(
        "tidemark_broker_up", "Whether the broker answers.", value=depth is not None
    )
    if depth is not None:
        yield GaugeMetricFamily(
            "tidemark_queue_tasks", "Tasks that no worker has taken yet.", value=depth
        )


def _deliveries() -> Iterator[GaugeMetricFamily]:
    rows = Delivery.objects.order_by().values_list("status")
    counts = dict(rows.annotate(count=Count("pk")))
    found = GaugeMetricFamily("tidemark_deliveries", "Messages by state.", labels=["state"])
    for state in Delivery.Status:
        found.add_metric([state.value], counts.get(state.value, 0))
    yield found
    yield GaugeMetricFamily(
        "tidemark_deliveries_failed",
        "Messages that were given up.",
        value=counts.get(Delivery.Status.FAILED.value, 0),
    )


class Kept:
    """A text that is made anew at most once in so many seconds, however many ask for it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._text, self._until = b"", 0.0

    def get(self, make: Callable[[], bytes]) -> bytes:
        """Return the text, made now where it is too old."""
        if time.monotonic() >= self._until:
            self._text = make()
            self._until = time.monotonic() + self._seconds
        return self._text

    def forget(self) -> None:
        """Have it made anew the next time."""
        self._until = 0.0


waiting_text = Kept(seconds=5)


def _waiting_text() -> bytes:
    registry = CollectorRegistry()
    registry.register(Waiting())
    return generate_latest(registry)


def _seal_number() -> GaugeMetricFamily:
    number = Change.objects.aggregate(newest=Max("seal_number"))["newest"]
    return GaugeMetricFamily(
        "tidemark_audit_seal_number", "The newest seal of the audit log.", value=number or 0
    )


class MetricsView(APIView):
    """`GET /metrics`, for who may read the API: Prometheus sends a token as others do."""

    content_negotiation_class = OnlyFormat

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Answer in the text format of Prometheus."""
        answered = REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            answered = CollectorRegistry()
            MultiProcessCollector(answered)
        text = generate_latest(answered) + waiting_text.get(_waiting_text)
        return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
