"""The benchmark of the wire dialects: what they cost beside the native API, and wrong secrets."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from catalog.models import Blueprint
from catalog.operations import EntityDraft, save_blueprint, upsert_entities
from portal.bench import figures
from portal.integrations.credentials import Secrets, create_credential
from portal.integrations.port import tokens
from portal.models import ApiToken, User
from portal.permissions import SYSTEM

BATCH = 20
CLIENTS = 20
BLUEPRINT = "service"
Report = Callable[[str], object]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: milliseconds and ratios."""

    database: str
    batches: int
    requests: int
    milliseconds: dict[str, float]
    ratios: dict[str, float]

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return (
            f"{self.batches} batches of {BATCH} entities, {self.requests:,} requests beside "
            f"{CLIENTS} clients with a wrong secret, {self.database}"
        )

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("milliseconds", self.milliseconds, "{:12,.2f}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(*, batches: int, requests: int, now: datetime, report: Report) -> Figures:
    """Measure in the connected, empty database."""
    _prepare(now)
    credential, made = create_credential(name="bench", scope="write", by=SYSTEM, now=now)
    bearer = f"Bearer {tokens.issue(credential, now=now)}"
    report("bulk upserts, natively and by the dialect")
    spent = _bulk(batches, bearer)
    report("requests, with and without a wrong secret that is hammered")
    with _server() as port:
        spent |= _beside_wrong_secrets(port, made, bearer, requests)
    return Figures(
        database=connection.vendor,
        batches=batches,
        requests=requests,
        milliseconds={name: round(value * 1_000, 3) for name, value in spent.items()},
        ratios={
            "bulk by the dialect / bulk natively": round(
                spent["bulk by the dialect, p50"] / spent["bulk natively, p50"], 2
            ),
            "p99 while hammered / p99": round(spent["read while hammered, p99"]
            / spent["read, p99"], 2),
        },
    )  # fmt: skip


def _prepare(now: datetime) -> None:
    document = {
        "identifier": BLUEPRINT,
        "title": "Service",
        "schema": {
            "properties": {"tier": {"type": "number"}, "language": {"type": "string"}},
            "required": [],
        },
    }
    save_blueprint(definition=document, by=SYSTEM, now=now)
    blueprint = Blueprint.objects.get(identifier=BLUEPRINT)
    upsert_entities(blueprint=blueprint, drafts=[EntityDraft("cart")], by=SYSTEM, now=now)


def _bulk(batches: int, bearer: str) -> dict[str, float]:
    """Send new entities to both, in turns, so that what slows the machine slows both."""
    user = User.objects.create_user("bench", "bench@example.org", is_staff=True)
    _row, token = ApiToken.objects.create(user=user, scope=ApiToken.Scope.WRITE, name="bench")
    numbers = count()
    ways = {
        "bulk natively": ("/api/entities/bulk/", f"Bearer {token}"),
        "bulk by the dialect": (
            f"/v1/blueprints/{BLUEPRINT}/entities/bulk?upsert=true&merge=true",
            bearer,
        ),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(batches):
        for name, (path, authorization) in ways.items():
            spent[name].append(_send_batch(path, authorization, numbers))
    return {f"{name}, p50": median(values) for name, values in spent.items()}


def _send_batch(path: str, authorization: str, numbers: Iterator[int]) -> float:
    entities = [
        {"identifier": f"s{next(numbers)}", "properties": {"tier": 1, "language": "Go"}}
        for _ in range(BATCH)
    ]
    client = Client(headers={"host": "localhost", "authorization": authorization})
    body = {"blueprint": BLUEPRINT, "entities": entities}
    start = perf_counter()
    answer = client.post(path, body, content_type="application/json")
    spent = perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content[:500]!r}")
    return spent


@contextmanager
def _server() -> Iterator[int]:
    """Serve the connected database from a process of its own; yield the port."""
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "manage.py", "serve", "--port", "0"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": database_address(), "TIDEMARK_DATA_DIR": folder,
                 "SECRET_KEY": settings.SECRET_KEY, "CELERY_BROKER_URL": "", "LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r":(\d+)/", line)
            if found is None:
                raise RuntimeError(f"the server did not start: {line}")
            yield int(found[1])
        finally:
            process.terminate()
            process.wait(30)


def database_address() -> str:
    """Return the address of the connected database."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(parts['NAME']).absolute()}"
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    host = f"{parts['HOST'] or '127.0.0.1'}:{parts['PORT'] or 5432}"
    return f"postgres://{parts['USER']}{password}@{host}/{parts['NAME']}"


def _beside_wrong_secrets(port: int, made: Secrets, bearer: str, requests: int) -> dict[str, float]:
    """Measure reads alone, and again while clients try a wrong secret as fast as they can."""
    _reads(port, bearer, 50)
    alone = _reads(port, bearer, requests)
    stop = Event()
    hammers = [
        Thread(target=_hammer, args=(port, made.client_id, stop), daemon=True)
        for _ in range(CLIENTS)
    ]
    for thread in hammers:
        thread.start()
    sleep(1)
    try:
        hammered = _reads(port, bearer, requests)
    finally:
        stop.set()
        for thread in hammers:
            thread.join()
    return {
        "read, p50": median(alone),
        "read, p99": _p99(alone),
        "read while hammered, p50": median(hammered),
        "read while hammered, p99": _p99(hammered),
    }


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def _reads(port: int, bearer: str, times: int) -> list[float]:
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    for _ in range(times):
        start = perf_counter()
        line.request(
            "GET", f"/v1/blueprints/{BLUEPRINT}/entities/cart", headers={"authorization": bearer}
        )
        answer = line.getresponse()
        answer.read()
        spent.append(perf_counter() - start)
        if answer.status != 200:
            raise RuntimeError(f"a read was answered {answer.status}")
    line.close()
    return spent


def _hammer(port: int, client_id: str, stop: Event) -> None:
    body = json.dumps({"clientId": client_id, "clientSecret": "wrong"})
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    while not stop.is_set():
        line.request("POST", "/v1/auth/access_token", body=body)
        line.getresponse().read()
    line.close()
