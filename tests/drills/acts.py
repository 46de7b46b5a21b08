"""Running the acts of a drill, each in a process of its own, on a database that nobody else has."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
Environment = dict[str, str]


@contextmanager
def own_database(folder: Path) -> Iterator[Environment]:
    """Yield an environment that names a new database: a file, or one beside that of PostgreSQL."""
    values = {**os.environ, "TIDEMARK_DATA_DIR": str(folder)}
    url = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not url.scheme.startswith("postgres"):
        yield values
        return
    import psycopg

    name = f"tidemark_killed_{os.getpid()}"
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield {**values, "DATABASE_URL": url._replace(path=f"/{name}").geturl()}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def act(environment: Environment, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run an act to its end: the module of a drill, the act, and what it takes."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def begin(environment: Environment, *command: str) -> "subprocess.Popen[str]":
    """Begin an act that somebody else has to end."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(environment: Environment, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process of the site for a block: a module and what it takes; end it with SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class Site:
    """A process of `tests.drills.graded_site` that acts as it is told."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.graded_site"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str) -> Any:
        """Have it act and return the result; fail where it does."""
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "fault" not in answer, answer["fault"]
        return answer["result"]

    def wait_until(self, is_so: Callable[[dict[str, Any]], bool], *, seconds: float) -> None:
        """Wait until the status page shows something."""
        wait_until(lambda: is_so(self.do("look")), seconds=seconds, what=lambda: self.do("look"))

    def end(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(
    is_so: Callable[[], bool], *, seconds: float, what: str | Callable[[], object]
) -> None:
    """Wait until something is so, and fail where it does not come to be."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Say whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class OwnRedis:
    """A message broker that nobody else uses, to be stopped and started."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with nothing in it."""
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: answers(self.port), seconds=10, what="Redis")

    def stop(self) -> None:
        """Kill it, with all that it holds."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def own_redis() -> Iterator[OwnRedis]:
    """Yield a broker of one's own, started."""
    broker = OwnRedis()
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
