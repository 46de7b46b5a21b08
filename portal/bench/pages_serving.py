"""Processes that serve and work for benchmarks, and the lines to them."""

import gzip
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from django.conf import settings

from portal.bench.pages_requests import Reply
from portal.bench.wire import database_address
from portal.celery import app

THREADS = 4
PATIENCE = 60
_DURATION = re.compile(r"(\w+);dur=([\d.]+)")
_FILE = re.compile(rb'<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)"')


@contextmanager
def pages_server(*, workers: int, broker: str = "") -> Iterator[int]:
    """Serve the connected database from worker processes, as docs/install.md says; yield the port.

    Without the schedule of `manage.py serve`: what it does at its times would be measured too.
    """
    port = _free_port()
    parts = ["gunicorn", "portal.wsgi", "--workers", str(workers), "--threads", str(THREADS),
             "--worker-class", "gthread", "--keep-alive", "60", "--bind", f"127.0.0.1:{port}",
             "--limit-request-line", "8190", "--log-level", "warning"]  # fmt: skip
    with _process(parts, broker) as process:
        _wait_for(port, process)
        yield port


@contextmanager
def task_workers(count: int, *, broker: str) -> Iterator[None]:
    """Let workers of one process each take tasks, and end them when they have done what they do."""
    names = [f"bench-{os.getpid()}-{number}@localhost" for number in range(count)]
    with ExitStack() as stack:
        for name in names:
            parts = ["celery", "--app", "portal", "worker", "--hostname", name,
                     "--concurrency", "1",
                     "--loglevel", "ERROR", "--without-gossip", "--without-mingle"]  # fmt: skip
            stack.enter_context(_process(parts, broker))
        end = perf_counter() + PATIENCE
        while len(app.control.ping(names, timeout=0.5)) < count:
            if perf_counter() > end:
                raise RuntimeError("the workers did not start")
        yield


@contextmanager
def _process(parts: list[str], broker: str) -> Iterator[subprocess.Popen[bytes]]:
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", *parts],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": database_address(), "TIDEMARK_DATA_DIR": folder,
                 "SECRET_KEY": settings.SECRET_KEY, "CELERY_BROKER_URL": broker,
                 "LOG_LEVEL": "ERROR", "TIDEMARK_SERVER_TIMING": "1"},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = perf_counter() + PATIENCE
    while perf_counter() < end and process.poll() is None:
        with suppress(OSError):
            line = line_to(port)
            line.request("GET", "/healthz")
            line.getresponse().read()
            line.close()
            return
        sleep(0.1)
    raise RuntimeError("the server did not start")


def line_to(port: int) -> HTTPConnection:
    """Return a connection that stays open."""
    return HTTPConnection("127.0.0.1", port, timeout=600)


def read(line: HTTPConnection, cookie: str, path: str) -> Reply:
    """Read a page, and how long the server says that it took."""
    start = perf_counter()
    line.request("GET", path, headers={"cookie": cookie})
    answer = line.getresponse()
    body = answer.read()
    spent = (perf_counter() - start) * 1_000
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}")
    told = dict(_DURATION.findall(answer.getheader("server-timing", "")))
    return Reply(float(told["total"]), float(told["cpu"]), spent, len(body), body)


def send(
    line: HTTPConnection,
    method: str,
    path: str,
    *,
    body: dict[str, Any] | None,
    headers: dict[str, str],
) -> tuple[float, int]:
    """Return how long a request took, in seconds, and the status; 0 where nobody answered."""
    start = perf_counter()
    if body is not None:
        headers = {**headers, "content-type": "application/json"}
    try:
        line.request(method, path, json.dumps(body) if body else None, headers)
        answer = line.getresponse()
        answer.read()
    except OSError:
        line.close()
        return perf_counter() - start, 0
    return perf_counter() - start, answer.status


def first_load(port: int, cookie: str, path: str) -> dict[str, float]:
    """Return the kilobytes of a page's style sheets and scripts: as sent, and compressed."""
    line = line_to(port)
    sent = compressed = 0
    for address in dict.fromkeys(_FILE.findall(read(line, cookie, path).body)):
        line.request("GET", address.decode(), headers={"accept-encoding": "gzip"})
        answer = line.getresponse()
        body = answer.read()
        sent += len(body)
        is_compressed = answer.getheader("content-encoding") == "gzip"
        compressed += len(body if is_compressed else gzip.compress(body))
    line.close()
    return {"as sent": round(sent / 1_024, 1), "compressed": round(compressed / 1_024, 1)}
