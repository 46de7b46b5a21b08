"""The DORA benchmark: what metrics over a year of events cost, against what nothing can beat."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from resource import RUSAGE_SELF, getrusage
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.test import override_settings

from catalog import registry
from catalog.bulk import chunks, decode, raw_json
from catalog.computed import shelf
from catalog.computed.trends import trend
from catalog.models import Blueprint, Entity
from catalog.operations import (
    rebuild,
    refresh_clock_values,
    save_blueprints,
    upsert_entities,
    upsert_entity,
)
from catalog.signals import entities_changed
from portal.bench import figures
from portal.bench.dora_scan import differing, scan
from portal.bench.dora_workload import OWNERS, History, Sizes, make_services
from portal.bench.evaluate import Report, timed
from portal.permissions import SYSTEM

EVENTS = 100
# Figures of wrong metrics would mean nothing.
DENIED = "services whose metrics the plain scan denies"
Seconds = dict[str, float]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: seconds, events a second, counts, ratios and megabytes."""

    deployments: int
    pull_requests: int
    incidents: int
    services: int
    teams: int
    database: str
    seconds: dict[str, float]
    events_a_second: dict[str, float]
    counts: dict[str, int]
    ratios: dict[str, float]
    peak_megabytes: float

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return (
            f"{self.deployments:,} deployments, {self.pull_requests:,} pull requests, "
            f"{self.incidents:,} incidents of {self.services:,} services of {self.teams:,} teams, "
            f"{self.database}, peak {self.peak_megabytes:,.0f} MB"
        )

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("seconds", self.seconds, "{:12,.4f}"),
            ("events a second", self.events_a_second, "{:12,.1f}"),
            ("counts", self.counts, "{:12,d}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(
    *,
    sizes: Sizes,
    services: int,
    small: int | None,
    ingest: int,
    batch: int,
    has_measures: bool,
    now: datetime,
    report: Report,
) -> Figures:
    """Build the workload in the connected, empty database and measure everything on it.

    One event is measured at a tenth of the past deployments, at `small` of them, and at all.
    """
    # Nothing is left to a task: what a write sets in motion is part of what it costs.
    with override_settings(TIDEMARK_INLINE_LIMIT=sys.maxsize):
        report("building services and teams")
        made = make_services(count=services, now=now, has_measures=has_measures)
        history = History(made, now=now, has_measures=has_measures)
        seconds = _growing(history, sizes, small, report=report)
        counts = {f"{DENIED} after the rebuild": differing(scan(now=now))}
        report("one event")
        taken = _one_event(history)
        seconds |= {"one event, p50": median(taken), "one event, p95": quantiles(taken, n=20)[18]}
        seconds["bulk ingest"], refreshed = _ingest(history, ingest, batch, report)
        counts |= {**refreshed, f"{DENIED} after the ingest": differing(scan(now=now))}
        seconds |= _charting(now, report) | _sweeping(now, report)
        report("one event without aggregations")
        drop_aggregations(now)
        seconds["one event without aggregations, p50"] = median(_one_event(history))
    return Figures(
        **sizes._asdict(),
        services=services,
        teams=Entity.objects.of("_team").count(),
        database=connection.vendor,
        seconds={key: round(value, 5) for key, value in seconds.items()},
        events_a_second={"bulk ingest": round(ingest / seconds["bulk ingest"], 1)},
        counts=counts,
        ratios={key: round(value, 2) for key, value in _ratios(seconds).items()},
        peak_megabytes=round(getrusage(RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _growing(history: History, sizes: Sizes, small: int | None, *, report: Report) -> Seconds:
    """Measure one event at the smaller pasts; then let it all have happened, and read it."""
    seconds: Seconds = {}
    for suffix, part in _smaller(sizes, small).items():
        grow(history, part, report=report)
        seconds[f"one event{suffix}, p50"] = median(_one_event(history))
    seconds["full rebuild"] = grow(history, sizes, report=report)
    return seconds | _reading(history.now, report)


def _smaller(sizes: Sizes, small: int | None) -> dict[str, Sizes]:
    """Return the smaller pasts that one event is measured at, the smallest first."""
    found = {" at a tenth": max(1, sizes.deployments // 10)}
    if small is not None:
        found[f" at {small:,}"] = small
    ordered = sorted(found.items(), key=lambda item: item[1])
    return {suffix: sizes.share(count) for suffix, count in ordered}


def grow(history: History, sizes: Sizes, *, report: Report) -> float:
    """Bring the past to these sizes; return how long it took to work the metrics out.

    Events that come as plain rows are not told to the catalog. So the aggregations are taken off
    meanwhile, and work begins from the events alone when they are put back.
    """
    report(f"loading up to {sizes.deployments:,} deployments")
    documents = drop_aggregations(history.now)
    history.grow(sizes)
    with connection.cursor() as cursor:
        # As a database in use has long done by itself: without it, plans are guesses.
        cursor.execute("ANALYZE")
    history.work_out(report=report)
    report(f"full rebuild at {sizes.deployments:,} deployments")
    return timed(lambda: save_blueprints(definitions=documents, by=SYSTEM, now=history.now))


def drop_aggregations(now: datetime) -> list[dict[str, Any]]:
    """Take the aggregation properties off services and teams; return the documents with them."""
    rows = Blueprint.objects.filter(identifier__in=OWNERS).order_by("id")
    documents = [registry.document_of(row) for row in rows]
    without = [document | {"aggregation_properties": {}} for document in documents]
    save_blueprints(definitions=without, by=SYSTEM, now=now)
    return documents


def rebuild_owners(now: datetime) -> None:
    """Work out every metric of every service and team again."""
    for name in OWNERS:
        rebuild(blueprint=Blueprint.objects.get(identifier=name), now=now)


def _reading(now: datetime, report: Report) -> Seconds:
    report("full rebuild again")
    seconds = {"full rebuild again": timed(lambda: rebuild_owners(now))}
    report("plain aggregate scan and dashboard query")
    seconds["plain aggregate scan"] = median(timed(lambda: scan(now=now)) for _ in range(3))
    seconds["dashboard query"] = median(timed(read_dashboard) for _ in range(5))
    return seconds


def read_dashboard() -> list[dict[str, Any]]:
    """Return the metrics of every service and team, as a page reads them: in one query."""
    specs = registry.graph().specs
    keys = sorted(frozenset().union(*(specs[name].computed_keys for name in OWNERS)))
    # By key, not through a join, so that the index of a blueprint's entities is used.
    owners = list(Blueprint.objects.filter(identifier__in=OWNERS).values_list("id", flat=True))
    rows = Entity.objects.filter(blueprint_id__in=owners).annotate(raw=raw_json("facts"))
    found = map(decode, rows.order_by("blueprint", "id").values_list("raw", flat=True))
    return [{key: facts.get(key) for key in ("$identifier", *keys)} for facts in found]


def _one_event(history: History) -> list[float]:
    """Return how long each of a number of new production deployments took, commit included."""
    blueprint = Blueprint.objects.get(identifier="deployment")
    save = partial(upsert_entity, blueprint=blueprint, by=SYSTEM, now=history.now)
    return [timed(partial(save, draft=draft)) for draft in history.live(EVENTS)]


def _ingest(
    history: History, count: int, batch: int, report: Report
) -> tuple[float, dict[str, int]]:
    """Report many late deployments in batches; return the seconds, and what was refreshed."""
    report(f"bulk ingest of {count:,} deployments")
    blueprint = Blueprint.objects.get(identifier="deployment")
    batches = list(chunks(history.late(count), batch))
    seconds = 0.0
    refreshed: dict[str, list[Counter[int]]] = {name: [] for name in OWNERS}
    for drafts in batches:
        work = partial(upsert_entities, blueprint=blueprint, drafts=drafts, by=SYSTEM)
        with _listening() as seen:
            seconds += timed(partial(work, now=history.now))
        for name in OWNERS:
            refreshed[name].append(seen[name])
    counts = {"batches ingested": len(batches)}
    for name, found in refreshed.items():
        counts[f"{name} entities refreshed, all batches"] = sum(map(len, found))
        times = max((max(seen.values(), default=0) for seen in found), default=0)
        counts[f"refreshes of one {name} in a batch, at most"] = times
    return seconds, counts


@contextmanager
def _listening() -> Iterator[dict[str, Counter[int]]]:
    """Count, for each owner of metrics, how often its values moved within the block."""
    seen: dict[str, Counter[int]] = {name: Counter() for name in OWNERS}

    def note(sender: Any, moved: dict[str, dict[int, set[str]]], **kwargs: Any) -> None:
        for name in OWNERS:
            seen[name].update(moved.get(name, {}).keys())

    entities_changed.connect(note)
    try:
        yield seen
    finally:
        entities_changed.disconnect(note)


def _charting(now: datetime, report: Report) -> Seconds:
    """Measure the trend of the team with the most deployments, off samples and off rollups."""
    report("trends")
    teams = Entity.objects.of("_team").select_related("blueprint")
    busiest = max(teams, key=lambda team: team.facts["total_deployments"])
    moments = [now - timedelta(weeks=count) for count in range(52, -1, -1)]
    draw = partial(trend, busiest, "change_failure_rate", moments=moments)
    seconds = {"trend of a team, off samples": median(timed(draw) for _ in range(5))}
    graph = registry.graph()
    seconds["rolling up by day"] = timed(lambda: shelf.roll_up(graph, now=now))
    seconds["trend of a team, off rollups"] = median(timed(draw) for _ in range(5))
    return seconds


def _sweeping(now: datetime, report: Report) -> Seconds:
    report("clock sweep")
    tomorrow = now + timedelta(days=1)
    return {
        "clock sweep, nothing moved": timed(lambda: refresh_clock_values(now=now)),
        "clock sweep, a day later": timed(lambda: refresh_clock_values(now=tomorrow)),
    }


def _ratios(seconds: Seconds) -> dict[str, float]:
    event = seconds["one event, p50"]
    ratios = {
        "full rebuild / plain aggregate scan": seconds["full rebuild"]
        / seconds["plain aggregate scan"],
        "one event / one event without aggregations": event
        / seconds["one event without aggregations, p50"],
        "dashboard query / plain aggregate scan": seconds["dashboard query"]
        / seconds["plain aggregate scan"],
    }
    samples = seconds["trend of a team, off samples"]
    ratios["trend off rollups / off samples"] = seconds["trend of a team, off rollups"] / samples
    for name, value in seconds.items():
        if name.startswith("one event at "):
            ratios[f"one event / {name.removesuffix(', p50')}"] = event / value
    return ratios
