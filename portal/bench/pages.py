"""The pages benchmark: what pages cost the server, at many entities and at few, and how they weigh.

Server time is what the server says of each request (`Server-Timing`), from the first middleware to
the answer. Clients are threads of this process, logged in, each with a connection that stays open.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from statistics import median, quantiles
from typing import Any

from django.db import connection
from tqdm import tqdm

from portal.bench import figures
from portal.bench.pages_requests import PAGES, Reply, reader_cookie
from portal.bench.pages_serving import first_load, line_to, pages_server, read
from portal.bench.pages_workload import Services, prepare

WORKERS, CLIENTS = 2, 8
FEW = 1_000
P50, P99 = "milliseconds of the server, p50", "milliseconds of the server, p99"
Report = Callable[[str], object]
Milliseconds = dict[str, float]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: milliseconds by page, at few and at many entities, ratios, kilobytes.

    `absent` are the pages that this version does not have.
    """

    entities: int
    few: int
    requests: int
    database: str
    at_few: dict[str, Milliseconds]
    at_many: dict[str, Milliseconds]
    ratios: dict[str, float]
    html_kilobytes: dict[str, float]
    first_load_kilobytes: dict[str, float]
    absent: list[str]

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        missing = f"; not there: {', '.join(self.absent)}" if self.absent else ""
        return (
            f"{self.entities:,} entities and {self.few:,}, {self.requests} requests of each page "
            f"by {CLIENTS} clients to {WORKERS} workers, {self.database}{missing}"
        )

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        shown = [
            (
                f"milliseconds at {size:,}: {name}",
                {page: by[page][name] for page in by},
                "{:12,.1f}",
            )
            for size, by in ((self.few, self.at_few), (self.entities, self.at_many))
            for name in next(iter(by.values()))
        ]
        return [
            *shown,
            ("ratios", self.ratios, "{:12,.2f}"),
            ("kilobytes of HTML, not compressed", self.html_kilobytes, "{:12,.1f}"),
            ("kilobytes of style sheets and scripts", self.first_load_kilobytes, "{:12,.1f}"),
        ]


def run(*, entities: int, requests: int, now: datetime, report: Report) -> Figures:
    """Build the workload in the connected, empty database and measure everything on it."""
    report("building teams, people and scorecards")
    prepare(now=now)
    cookie = reader_cookie()
    services = Services(now=now)
    few = min(FEW, entities)
    by_size: dict[int, dict[str, list[Reply]]] = {}
    for size in dict.fromkeys((few, entities)):
        report(f"building {size:,} services")
        with tqdm(total=size - services.count, unit=" services") as bar:
            services.grow(size, advance=bar.update)
        connection.close()  # whoever serves may want it alone
        with pages_server(workers=WORKERS) as port:
            report(f"reading pages at {size:,}")
            by_size[size] = _all_pages(port, cookie, size=size, requests=requests)
            weights = first_load(port, cookie, PAGES["catalog, first page"](0, size))
    return _figures(by_size, few=few, entities=entities, requests=requests, weights=weights)


def _figures(
    by_size: dict[int, dict[str, list[Reply]]],
    *,
    few: int,
    entities: int,
    requests: int,
    weights: dict[str, float],
) -> Figures:
    at_few, at_many = _milliseconds(by_size[few]), _milliseconds(by_size[entities])
    return Figures(
        entities=entities,
        few=few,
        requests=requests,
        database=connection.vendor,
        at_few=at_few,
        at_many=at_many,
        ratios=_ratios(at_few, at_many),
        html_kilobytes={
            page: round(max(reply.size for reply in replies) / 1_024, 1)
            for page, replies in by_size[entities].items()
        },
        first_load_kilobytes=weights,
        absent=[page for page in PAGES if page not in at_many],
    )


def _all_pages(port: int, cookie: str, *, size: int, requests: int) -> dict[str, list[Reply]]:
    found: dict[str, list[Reply]] = {}
    with ThreadPoolExecutor(CLIENTS) as pool:
        for page, path in tqdm(PAGES.items(), unit=" pages"):
            if not _is_there(port, cookie, path(0, size)):
                continue
            numbers = count()
            shares = [-(-requests // CLIENTS)] * CLIENTS
            work = [
                pool.submit(_client, port, cookie, lambda: path(next(numbers), size), share)  # noqa: B023
                for share in shares
            ]
            found[page] = [reply for item in work for reply in item.result()]
    return found


def _is_there(port: int, cookie: str, path: str) -> bool:
    """Say whether the server knows the page: a table ignores parameters that it does not offer."""
    if "group=" not in path:
        return True
    line = line_to(port)
    reply = read(line, cookie, path.partition("?")[0])
    line.close()
    return b'name="group"' in reply.body or b"group=" in reply.body


def _client(port: int, cookie: str, path: Callable[[], str], times: int) -> list[Reply]:
    """Read a page a number of times; the first two answers warm up what serves it."""
    line = line_to(port)
    replies = [read(line, cookie, path()) for _ in range(times + 2)][2:]
    line.close()
    return replies


def _milliseconds(by_page: dict[str, list[Reply]]) -> dict[str, Milliseconds]:
    return {
        page: {
            P50: _p50([reply.server for reply in replies]),
            P99: _p99([reply.server for reply in replies]),
            "of these at work in Python, p50": _p50([reply.processor for reply in replies]),
            "milliseconds at the client, p50": _p50([reply.client for reply in replies]),
            "milliseconds at the client, p99": _p99([reply.client for reply in replies]),
        }
        for page, replies in by_page.items()
    }


def _p50(values: list[float]) -> float:
    return round(median(values), 2)


def _p99(values: list[float]) -> float:
    return round(quantiles(values, n=100, method="inclusive")[98], 2)


def _ratios(at_few: dict[str, Milliseconds], at_many: dict[str, Milliseconds]) -> dict[str, float]:
    grown = {
        f"{page}, at many / at few": round(times[P50] / at_few[page][P50], 2)
        for page, times in at_many.items()
    }
    spread = {
        f"{page}, p99 / p50": round(times[P99] / times[P50], 2) for page, times in at_many.items()
    }
    return grown | spread
