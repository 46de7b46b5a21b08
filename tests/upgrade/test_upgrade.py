"""A database that the last release made, with rows in it, is migrated and gone on with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.drills.acts import ROOT, Environment, own_database
from tests.upgrade.released import SECRET_KEY, read

pytestmark = pytest.mark.alone


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """Yield an environment that names a database of the last release."""
    folder = tmp_path_factory.mktemp("released")
    with own_database(folder) as values:
        values = {**values, "SECRET_KEY": SECRET_KEY}
        values.pop("CELERY_BROKER_URL", None)
        if request.param == "sqlite":
            values.pop("DATABASE_URL", None)
        run(values, "-m", "tests.upgrade.site", "load")
        yield values


@pytest.fixture(scope="module")
def found(environment: Environment) -> dict[str, Any]:
    """Migrate it as people do, and return what is there then."""
    run(environment, "manage.py", "migrate", "--verbosity", "0")
    return json.loads(run(environment, "-m", "tests.upgrade.site", "look"))


def run(environment: Environment, *command: str) -> str:
    """Run a command of the site to its good end; return what it says."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    print(done.stderr)  # noqa: T201 - shown where a test fails
    assert done.returncode == 0
    return done.stdout


def test_every_row_is_there_and_says_what_it_said(found: dict[str, Any]) -> None:
    now = {(row["model"], str(row["pk"])): row["fields"] for row in found["rows"]}
    for row in read().rows:
        fields = now[row["model"], str(row["pk"])]
        before = {name: value for name, value in row["fields"].items() if name in fields}
        assert {name: fields[name] for name in before} == before, row["model"]


def test_what_was_set_of_permissions_decides(found: dict[str, Any]) -> None:
    (service,) = (
        row["fields"]
        for row in found["rows"]
        if row["model"] == "catalog.blueprint" and row["fields"]["identifier"] == "service"
    )
    assert service["permissions"]["entities"]["register"]["ownedByTeam"]


def test_every_page_answers(found: dict[str, Any]) -> None:
    assert found["wrong"] == {}
    assert found["answered"] > 200


def test_the_audit_log_is_sealed_and_holds(environment: Environment, found: dict[str, Any]) -> None:
    run(environment, "manage.py", "sweep")
    run(environment, "manage.py", "audit", "--seal")
    said = run(environment, "manage.py", "audit", "--verify")
    count = sum(row["model"] == "catalog.change" for row in found["rows"])
    assert f"The audit log holds: {count:,} sealed rows." in said
    assert "Not sealed yet" not in said
