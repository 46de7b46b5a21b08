"""Metrics for Prometheus: what this process answered, and what waits in the database.

Several processes behind one address each know only their own requests; name a directory in
`PROMETHEUS_MULTIPROC_DIR` for all of them, emptied before they start, and any of them answers for
all. What waits is read when it is asked for, in a few queries over small indexes.
"""

import os
from collections.abc import Iterator
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
from portal.api.negotiation import OnlyFormat
from portal.integrations.models import Delivery
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
        for work, (total, oldest) in _waiting().items():
            count.add_metric([work], total)
            age.add_metric([work], max((now - oldest).total_seconds(), 0) if oldest else 0)
        yield count
        yield age
        yield _failed_deliveries()
        yield _seal_number()


def _waiting() -> dict[str, tuple[int, datetime | None]]:
    return {
        "entities to evaluate": _of(Entity.objects.stale(), "stale_since"),
        "blueprints to recompute": _of(
            Blueprint.objects.filter(stale_since__isnull=False), "stale_since"
        ),
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


def _failed_deliveries() -> GaugeMetricFamily:
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED).count()
    return GaugeMetricFamily(
        "tidemark_deliveries_failed", "Messages that were given up.", value=failed
    )


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
        answered, waiting = REGISTRY, CollectorRegistry()
        waiting.register(Waiting())
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            answered = CollectorRegistry()
            MultiProcessCollector(answered)
        text = generate_latest(answered) + generate_latest(waiting)
        return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
