"""What every test stands on: a data directory of its own, no broker, and skips that are told."""

import os
import shutil
import socket
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis_settings

from tests.compat.environment import missing_ocean

# Before Django reads its settings: tests must not touch the site that this checkout may be serving.
_OWN_DATA_DIR = None
if "TIDEMARK_DATA_DIR" not in os.environ:
    _OWN_DATA_DIR = os.environ["TIDEMARK_DATA_DIR"] = tempfile.mkdtemp(prefix="tidemark-tests-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# The broker is for the tests marked so, which start workers of their own; in the others a task runs
# inside the call that sends it.
BROKER_URL = os.environ.pop("CELERY_BROKER_URL", "")
# The extra for signing in is there in every test; what it does is set where it is tested.
os.environ["TIDEMARK_MFA"] = "1"
# The conftest files below this one import models, before pytest-django has its turn.
django.setup()
# Each client of a test would else look through all static files of all packages.
settings.WHITENOISE_AUTOREFRESH = True
# The good way to hash a password takes a quarter of a second for every user that a test makes.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Where everything is supposed to be there, a test that finds something missing has failed.
IS_ALL_REQUIRED = os.environ.get("TIDEMARK_CI_REQUIRE") == "1"

# Deadlines measure the machine; a busy one would fail tests at random.
hypothesis_settings.register_profile("tidemark", deadline=None)
hypothesis_settings.load_profile("tidemark")


def _empty_by_deleting(operations: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
    """Return what empties tables after a test that commits.

    Of many small ones, PostgreSQL deletes all rows in a fraction of the time that TRUNCATE takes;
    references are checked when all are empty.
    """
    quote = operations.quote_name
    return [f"DELETE FROM {quote(table)}" for table in tables]  # noqa: S608 - names of our tables


if connection.vendor == "postgresql":
    type(connection.ops).sql_flush = _empty_by_deleting


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a second run, on another database, leave out what knows of none."""
    parser.addoption(
        "--only-database", action="store_true", help="run only the tests that use a database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests without a database, where that was asked for."""
    if not config.getoption("--only-database"):
        return
    kept = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
    items[:] = kept


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"}
    is_marked = item.get_closest_marker("django_db") or item.get_closest_marker("postgres")
    return bool(is_marked) or not fixtures.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture
def now() -> datetime:
    """Return the moment at which tests happen."""
    return datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def broker_url() -> str:
    """Return the address of the message broker that the tests marked `broker` may use."""
    return BROKER_URL


@pytest.fixture(scope="session")
def chromium_path() -> str | None:
    """Return the path of this machine's Chromium."""
    return _chromium()


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def _missing_broker() -> str | None:
    if not BROKER_URL:
        return "CELERY_BROKER_URL is not set"
    address = urlsplit(BROKER_URL)
    port = address.port or {"redis": 6379, "amqp": 5672}[address.scheme]
    try:
        socket.create_connection((address.hostname or "localhost", port), timeout=2).close()
    except OSError as error:
        return f"nothing answers at CELERY_BROKER_URL: {error}"
    return None


def _missing_browser() -> str | None:
    return None if _chromium() else "there is no Chromium on this machine"


def _missing_postgres() -> str | None:
    is_named = os.environ.get("DATABASE_URL", "").startswith("postgres")
    return None if is_named else "DATABASE_URL does not name a PostgreSQL database"


_NEEDS = {
    "broker": _missing_broker,
    "browser": _missing_browser,
    "compat": missing_ocean,
    "postgres": _missing_postgres,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names something this machine lacks."""
    for name, missing in _NEEDS.items():
        if item.get_closest_marker(name) and (reason := missing()):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a marked test into a failure where everything is required."""
    report = yield
    is_marked = any(item.get_closest_marker(name) for name in _NEEDS)
    if IS_ALL_REQUIRED and is_marked and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = call.excinfo.value if call.excinfo else "no reason given"
        report.longrepr = f"{item.nodeid} was skipped, and here it is required: {reason}"
    return report


def pytest_unconfigure() -> None:
    """Remove the data directory made for this run."""
    if _OWN_DATA_DIR:
        shutil.rmtree(Path(_OWN_DATA_DIR), ignore_errors=True)
