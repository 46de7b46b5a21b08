"""A real SIGKILL in the middle of a long work; another process ends what was begun."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path) -> Iterator[dict[str, str]]:
    """Name a database that nobody else uses: a file, or one beside that of PostgreSQL."""
    values = {**os.environ, "TIDEMARK_DATA_DIR": str(tmp_path)}
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


def act(drill: str, name: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run one act of the drill in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", f"tests.drills.{drill}", name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("drill", ["killed_worker", "killed_rebuild"])
def test_what_a_killed_process_left_is_ended_by_the_next(drill, environment):
    prepared = act(drill, "prepare", environment)
    assert prepared.returncode == 0, prepared.stderr
    assert act(drill, "work", environment).returncode == -signal.SIGKILL
    checked = act(drill, "check", environment)
    assert checked.returncode == 0, checked.stderr
