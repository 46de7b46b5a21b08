"""The load benchmark: pages, API reads and writes at once, with scorecards and without them.

Eight clients do what is next in the mix as fast as they are answered; a write is due at its time,
and whoever is free first sends it. How far evaluation is behind is looked up ten times a second.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from statistics import quantiles
from threading import Event, Lock, Thread
from time import perf_counter, sleep
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from catalog.models import Entity
from portal.bench import figures
from portal.bench.pages_requests import PAGES, reader_cookie
from portal.bench.pages_serving import line_to, pages_server, send, task_workers
from portal.bench.pages_workload import BLUEPRINT, Services, analyze, prepare
from portal.models import ApiToken, User
from portal.permissions import SYSTEM
from scorecards.models import Scorecard
from scorecards.operations import delete_scorecard

CLIENTS, WEB, WORKERS = 8, 2, 2
READ_PAGES = ("catalog, first page", "catalog, of a team", "entity", "team", "home")
API = (
    "/api/entities/?blueprint=service&page_size=20",
    "/api/evaluations/?entity=service-{number}&page_size=20",
    "/api/entities/service/service-{number}/",
)
Report = Callable[[str], object]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured, with scorecards and without: per second, milliseconds, ratios."""

    services: int
    seconds: int
    writes: int
    database: str
    with_scorecards: dict[str, float]
    without_scorecards: dict[str, float]
    ratios: dict[str, float]

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return (
            f"{self.services:,} services, {CLIENTS} clients and {self.writes} writes a second for "
            f"{self.seconds} seconds, {WEB} web processes, {WORKERS} workers, {self.database}"
        )

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("with scorecards", self.with_scorecards, "{:12,.1f}"),
            ("without scorecards", self.without_scorecards, "{:12,.1f}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(*, services: int, seconds: int, writes: int, now: datetime, report: Report) -> Figures:
    """Build the workload in the connected, empty database and measure everything on it."""
    report(f"building {services:,} services")
    prepare(now=now)
    cookie = reader_cookie()
    token = ApiToken.objects.create(
        user=User.objects.get(username="bench"), scope=ApiToken.Scope.WRITE, name="bench"
    )[1]
    with tqdm(total=services, unit=" services") as bar:
        Services(now=now).grow(services, advance=bar.update)
    found = []
    for name in ("with scorecards", "without scorecards"):
        report(name)
        found.append(_measured(cookie, token, services=services, seconds=seconds, writes=writes))
        for scorecard in Scorecard.objects.all():
            delete_scorecard(scorecard=scorecard, by=SYSTEM, now=timezone.now())
        analyze()
    with_, without = found
    return Figures(
        services=services,
        seconds=seconds,
        writes=writes,
        database=connection.vendor,
        with_scorecards=with_,
        without_scorecards=without,
        ratios={
            f"{name}, with / without": round(with_[name] / without[name], 2)
            for name in ("requests a second", "write, p50", "write, p99")
        },
    )


class _Mix:
    """What is to be done next, and what became of it; shared by the clients."""

    def __init__(self, *, services: int, writes: int) -> None:
        self.services = services
        self.every = 1 / writes
        self.started = perf_counter()
        self.spent: dict[str, list[float]] = {"page": [], "API": [], "write": []}
        self.late: list[float] = []
        self.wrong: Counter[str] = Counter()
        self._lock = Lock()
        self._random = Random(13)  # noqa: S311 - the same requests every time
        self._written = 0
        self._numbers = count()

    def next(self) -> tuple[str, str, str, dict[str, Any] | None]:
        """Return the kind, method, address and body of the next request."""
        with self._lock:
            service = self._random.randrange(self.services)
            due = self.started + self._written * self.every
            if due <= perf_counter():
                self._written += 1
                self.late.append(perf_counter() - due)
                body = {"properties": {"number_0": self._random.randint(0, 100)}}
                return "write", "PATCH", f"/api/entities/{BLUEPRINT}/service-{service}/", body
            number = next(self._numbers)
        if number % 2:
            return "API", "GET", API[number // 2 % len(API)].format(number=service), None
        page = READ_PAGES[number // 2 % len(READ_PAGES)]
        return "page", "GET", PAGES[page](service, self.services), None

    def note(self, kind: str, spent: float, status: int) -> None:
        """Keep what became of a request."""
        with self._lock:
            self.spent[kind].append(spent)
            if status != 200:
                self.wrong[f"{kind}: {status}"] += 1


def _measured(
    cookie: str, token: str, *, services: int, seconds: int, writes: int
) -> dict[str, float]:
    broker = settings.CELERY_BROKER_URL
    with pages_server(workers=WEB, broker=broker) as port, task_workers(WORKERS, broker=broker):
        mix, stop = _Mix(services=services, writes=writes), Event()
        threads = [
            Thread(target=_client, args=(mix, stop, port, cookie, token)) for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        lags = _lags(seconds)
        stop.set()
        for thread in threads:
            thread.join()
    if mix.wrong:
        raise RuntimeError(f"not everything was answered: {dict(mix.wrong)}")
    return _told(mix, lags, seconds)


def _client(mix: _Mix, stop: Event, port: int, cookie: str, token: str) -> None:
    line = line_to(port)
    while not stop.is_set():
        kind, method, path, body = mix.next()
        headers = {"cookie": cookie} if kind == "page" else {"authorization": f"Bearer {token}"}
        mix.note(kind, *send(line, method, path, body=body, headers=headers))
    line.close()


def _lags(seconds: int) -> list[float]:
    """Return for how long the entity that has waited longest has waited, ten times a second."""
    lags = []
    oldest = Entity.objects.stale().order_by("stale_since", "id").values_list("stale_since")
    end = perf_counter() + seconds
    with tqdm(total=seconds, unit=" seconds") as bar:
        while (left := end - perf_counter()) > 0:
            stale = oldest.first()
            lag = timezone.now() - stale[0] if stale else timedelta()
            lags.append(lag.total_seconds() * 1_000)
            bar.update(seconds - int(left) - bar.n)
            sleep(0.1)
    return lags


def _told(mix: _Mix, lags: list[float], seconds: int) -> dict[str, float]:
    all_ = [spent for some in mix.spent.values() for spent in some]
    told = {
        "requests a second": len(all_) / seconds,
        "writes a second": len(mix.spent["write"]) / seconds,
        "a write is sent late by, p99": _percentile(mix.late, 99) * 1_000,
        "evaluation lag, p99": _percentile(lags, 99),
    }
    for kind, spent in mix.spent.items():
        told[f"{kind}, p50"] = _percentile(spent, 50) * 1_000
        told[f"{kind}, p99"] = _percentile(spent, 99) * 1_000
    return {name: round(value, 1) for name, value in told.items()}


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
