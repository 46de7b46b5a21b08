"""Running the acts of a drill, each in a process of its own, on a database that nobody else has."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
