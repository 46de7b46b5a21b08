"""The database is restarted, full or half migrated; what was answered with success is there."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.drills.acts import (
    ROOT,
    Environment,
    Site,
    act,
    answers,
    free_port,
    own_database,
    running,
    wait_until,
)
from tests.drills.graded_site import ENTITIES

pytestmark = pytest.mark.alone

WEB_PROCESSES, THREADS = 2, 4


def gunicorn(port: int) -> tuple[str, ...]:
    return (
        "gunicorn", "portal.wsgi", "--workers", str(WEB_PROCESSES), "--threads", str(THREADS),
        "--worker-class", "gthread",
        "--bind", f"127.0.0.1:{port}", "--log-level", "error", "--no-control-socket",
    )  # fmt: skip


def write(port: int, token: str, number: int) -> int:
    """Write an entity through the API; return the status, 0 where nobody answered."""
    request = Request(
        f"http://127.0.0.1:{port}/api/entities/service/s{number}/",
        data=json.dumps({"properties": {"tier": number % 3 + 1}}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="PATCH",
    )
    try:
        with urlopen(request, timeout=30) as response:
            return response.status
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator["Cluster"]:
    if not shutil.which("initdb") or os.getuid() != 0:
        pytest.skip("needs PostgreSQL's own commands, and to be root to run them as postgres")
    cluster = Cluster()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


class Cluster:
    """A PostgreSQL that nobody else uses, to be restarted."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        made = self._as_postgres("mktemp", "-d", "/tmp/tidemark-drill-XXXXXX")  # noqa: S108
        self._folder = made.stdout.strip()
        self._as_postgres("initdb", "-D", f"{self._folder}/data", "-A", "trust", "-U", "postgres")

    def start(self) -> None:
        """Start it."""
        self._control("start", "-o", f"-p {self.port} -k {self._folder} -h 127.0.0.1")

    def restart(self) -> None:
        """Let it crash, and start it anew."""
        self._control("restart", "-m", "immediate")

    def sessions(self) -> int:
        """Return how many sessions it has had since it was started."""
        import psycopg

        with psycopg.connect(self.url) as session:
            found = session.execute("SELECT sum(sessions) FROM pg_stat_database").fetchone()
        return int(found[0])

    def stop(self) -> None:
        """End it and delete it."""
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self._folder)

    def _control(self, *words: str) -> None:
        log = f"{self._folder}/log"
        self._as_postgres("pg_ctl", "-D", f"{self._folder}/data", "-l", log, "-w", *words)

    @staticmethod
    def _as_postgres(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["runuser", "-u", "postgres", "--", *command],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )


def test_a_postgresql_that_crashes_under_load_keeps_what_was_answered(
    cluster: Cluster, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg")
    environment = {
        **os.environ,
        "DATABASE_URL": cluster.url,
        "TIDEMARK_DATA_DIR": str(tmp_path),
    }
    # Elsewhere in the tests nobody waits for the disk, here what was answered has to be on it.
    for name in ("CELERY_BROKER_URL", "PGOPTIONS"):
        environment.pop(name, None)
    site, port = Site(environment), free_port()
    token = site.do("prepare")
    codes, kept = set[int](), list[int]()
    over = threading.Event()

    def load(first: int) -> None:
        number = first
        while not over.is_set():
            code = write(port, token, number)
            codes.add(code)
            if code == 200:
                kept.append(number)
            else:
                over.wait(0.1)
            number = (number + 4) % ENTITIES

    with running(environment, *gunicorn(port)):
        wait_until(lambda: write(port, token, 0) == 200, seconds=30, what="the site")
        writers = [threading.Thread(target=load, args=[first]) for first in range(4)]
        for writer in writers:
            writer.start()
        wait_until(lambda: len(kept) > 20, seconds=60, what="load")
        cluster.restart()
        before = len(kept)
        wait_until(lambda: len(kept) > before + 60, seconds=60, what="load after the crash")
        over.set()
        for writer in writers:
            writer.join()
        # Threads found anew and kept what they had lost, one session each.
        assert cluster.sessions() <= WEB_PROCESSES * THREADS + 2
    # Whoever was refused was told to come again; whoever was not, has what they wrote.
    assert codes <= {200, 503, 0}
    site.do("sweep")
    assert site.do("lost", *map(str, kept)) == []
    found = site.do("look")
    assert (found["database"], found["evaluation"]) == ("FINE", "FINE")
    assert site.do("check") == 0
    site.end()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path], check=False
    )
    if mounted.returncode:
        pytest.skip("needs to be allowed to mount a small file system")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_refuses_writes_in_words_and_spoils_nothing(small_disk: Path) -> None:
    environment = {**os.environ, "TIDEMARK_DATA_DIR": str(small_disk)}
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        environment.pop(name, None)
    site, port = Site(environment), free_port()
    token = site.do("prepare")
    ballast = small_disk / "ballast"
    with running(environment, *gunicorn(port)):
        wait_until(lambda: write(port, token, 0) == 200, seconds=30, what="the site")
        fill(ballast)
        codes = [write(port, token, number) for number in range(200)]
        assert 503 in codes
        assert set(codes) <= {200, 503}
        assert site.do("look")["disk"] == "ATTENTION"
        ballast.unlink()
        assert write(port, token, 1) == 200
    site.do("sweep")
    kept = [str(number) for number, code in enumerate(codes) if code == 200]
    assert site.do("lost", *kept) == []
    assert site.do("check") == 0
    site.end()


def fill(path: Path) -> None:
    """Fill what is left of a disk."""
    with path.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
                file.flush()
        except OSError:
            pass


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with own_database(tmp_path) as values:
        values.pop("CELERY_BROKER_URL", None)
        yield values


def test_a_migration_that_was_cut_off_is_told_and_gone_on_with(environment: Environment) -> None:
    assert act(environment, "tests.drills.half_migrated", "45").returncode == -signal.SIGKILL
    port = free_port()
    served = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert served.returncode == 1
    assert "Run manage.py migrate: it goes on where it was cut off." in served.stderr
    assert "Traceback" not in served.stderr
    with running(environment, *gunicorn(port)):
        wait_until(lambda: answers(port), seconds=30, what="the site")
        with pytest.raises(HTTPError) as refused:
            urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30)
        said = json.load(refused.value)
        assert (refused.value.code, said["checks"]["migrations"]) == (503, "pending")
    site = Site(environment)
    assert site.do("look")["migrations"] == "ATTENTION"
    site.do("prepare")
    assert site.do("look")["migrations"] == "FINE"
    assert site.do("check") == 0
    site.end()
