"""Sites of their own for the clients of others, served by the command that everybody uses."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.compat.environment import ROOT
from tests.compat.exporter import Api

DATABASES = ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Serve an empty site, and return a client of it with a credential that writes."""
    names = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment["TIDEMARK_DATA_DIR"] = str(tmp_path_factory.mktemp("site"))
    with ExitStack() as stack:
        if request.param == "PostgreSQL":
            named = os.environ["DATABASE_URL"]
            environment["DATABASE_URL"] = stack.enter_context(_database(named))
        yield stack.enter_context(_served(environment))


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[Api]:
    def command(*words: str) -> list[str]:
        return [sys.executable, "manage.py", *words]

    def printed(*words: str) -> str:
        done = subprocess.run(
            command(*words),
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    printed("migrate", "--verbosity", "0")
    made = json.loads(printed("create_credential", "exporter", "--json"))
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    address = re.search(r"http://[\d.:]+", process.stdout.readline())[0]
    yield Api(address, made["clientId"], made["clientSecret"])
    process.terminate()
    assert process.wait(timeout=40) == 0


@contextmanager
def _database(url: str) -> Iterator[str]:
    """Make a database beside the one that is named, for as long as it is needed."""
    import psycopg

    name = f"tidemark_compat_{uuid4().hex[:8]}"
    server = urlsplit(url)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
