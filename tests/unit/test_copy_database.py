"""A database is copied as it is, into one of either kind."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from catalog.models import Blueprint, Entity
from portal import copying
from portal.copying.digests import Digest
from portal.sealing import Sealed
from scorecards.operations import install_pack
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    make_token,
    make_user,
)

DEEP: Any = "end"
for _ in range(45):
    DEEP = [DEEP]
HOSTILE = {
    "text": "Ünï☂ 𝔘 \u200f\t\n\\N \\. 'quoted' \"",
    "large": 2**70,
    "float": 1e22,
    "small": 5e-324,
    "negative_zero": -0.0,
    "whole": 3.0,
    "deep": DEEP,
    "empty": {},
    "none": [],
    "false": False,
    "numbers": [9007199254740993, -(2**63)],
}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a migrated database."""
    path = tmp_path_factory.mktemp("copying") / "empty.sqlite3"
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{path}"},
        check=True,
    )
    return path


@pytest.fixture(autouse=True)
def others_may_be_opened(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let databases be opened that nobody knew of when the test began, which Django forbids."""

    def ensure_connection(self: BaseDatabaseWrapper) -> None:
        if self.connection is None:
            with self.wrap_database_errors:
                self.connect()

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure_connection)


@pytest.fixture
def empty(template: Path, tmp_path: Path) -> Path:
    """Return a file with a migrated database for one test."""
    return Path(shutil.copy(template, tmp_path / "copy.sqlite3"))


def make_hostile() -> None:
    """Make what is stored otherwise in the two kinds of database."""
    types = {"text": "string", "deep": "array", "none": "array", "numbers": "array"}
    types |= {"empty": "object", "false": "boolean"}
    properties = {key: {"title": key, "type": types.get(key, "number")} for key in HOSTILE}
    make_blueprint(schema={"properties": properties, "required": []})
    make_team("core")
    make_entity("pay", properties=HOSTILE, title="Ü\t\\N", team=["core"])
    late = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    Entity.objects.filter(identifier="pay").update(created_at=late)
    make_entity("gone").delete()
    install_pack(name="dora", by=TESTER, now=NOW)
    make_scorecard(rules=[], blueprints=["service"])
    make_token(make_user())


def copied(target: Any, source: Any = connection) -> list[copying.Check]:
    plan = copying.plan_copy(source)
    return copying.copy_tables(
        source=source, target=target, plan=plan, watch=lambda table, count: None
    )


def contents(reading: Any) -> dict[str, Any]:
    """Return all rows of all tables, as Django reads them."""
    digests = {}
    for table in copying.plan_copy(reading).tables:
        digest = Digest()
        names = [column.attname for column in table.columns]
        digest.add(table.model._base_manager.using(reading.alias).values_list(*names))
        digests[table.name] = (digest.count, digest.total)
    return digests


def test_every_row_of_every_table_goes_over(empty):
    make_hostile()
    with copying.opened("target", f"sqlite:///{empty}") as target:
        checks = copied(target)
        assert contents(target) == contents(connection)
        there = Entity.objects.using("target").get(identifier="pay")
        here = Entity.objects.get(identifier="pay")
        assert (there.pk, there.properties, there.facts) == (here.pk, HOSTILE, here.facts)
        assert there.created_at == here.created_at
    assert {check.table for check in checks} >= {
        "catalog_entity", "django_session", "django_celery_results_taskresult", "portal_apitoken",
        "scorecards_scorecard_blueprints", "django_content_type",
    }  # fmt: skip
    assert all(check.is_same for check in checks)


def test_numbers_that_were_given_out_do_not_come_again(empty):
    make_blueprint()
    last = make_entity("gone")
    number = last.pk
    last.delete()
    with copying.opened("target", f"sqlite:///{empty}") as target:
        copied(target)
        row = Entity.objects.using("target").bulk_create(
            [
                Entity(
                    blueprint=Blueprint.objects.using("target").get(identifier="service"),
                    identifier="next",
                    created_at=NOW,
                    updated_at=NOW,
                )
            ]
        )[0]
    assert row.pk > number


def test_what_is_read_back_otherwise_takes_everything_back(empty):
    make_blueprint()
    make_entity("pay", title="Pay")
    with sqlite3.connect(empty) as file:
        file.execute(
            "CREATE TRIGGER spoil AFTER INSERT ON catalog_entity "
            "BEGIN UPDATE catalog_entity SET title = 'Other'; END"
        )
    with copying.opened("target", f"sqlite:///{empty}") as target:
        with pytest.raises(copying.CopyFailed, match="read back of catalog_entity is not what was"):
            copied(target)
        assert not Entity.objects.using("target").exists()


def test_digests_tell_apart_what_differs_and_nothing_else():
    def of(*rows: Any) -> Digest:
        digest = Digest()
        digest.add(rows)
        return digest

    assert of((1, "a"), (2, "b")) == of((2, "b"), (1, "a"))
    assert of((1, {"a": 1, "b": 2})) == of((1, {"b": 2, "a": 1}))
    assert of((1e22, -0.0)) == of((10**22, 0))
    assert of((1, "a"), (1, "a")) != of((1, "a"))
    assert of((1, "a")) != of((1, "b"))
    assert of((Sealed("sealed:1:a"),)) != of((Sealed("sealed:1:b"),))


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _run(source: str, target: str) -> str:
    out = io.StringIO()
    call_command("copy_database", source, target, stdout=out)
    return out.getvalue()


def test_the_command_makes_the_target_and_copies_back_the_same(empty, tmp_path):
    make_hostile()
    wanted = contents(connection)
    with copying.opened("target", _url(empty)) as target:
        copied(target)
    assert "Point DATABASE_URL there, and keep SECRET_KEY." in _run(
        _url(empty), _url(tmp_path / "new.sqlite3")
    )
    with copying.opened("target", _url(tmp_path / "new.sqlite3")) as target:
        assert contents(target) == wanted
    assert set(connections) == {"default"}


def test_a_database_in_use_is_not_copied_into(empty, template):
    with sqlite3.connect(empty) as file:
        file.execute("INSERT INTO django_session VALUES ('a', 'b', '2026-01-01')")
    with pytest.raises(CommandError, match="is in use: there are rows in django_session; name an"):
        _run(_url(template), _url(empty))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("sqlite:////nowhere/t.sqlite3", "There is no file /nowhere/t.sqlite3"),
        ("sqlite://:memory:", "A database in memory is nowhere else; name a file"),
        ("mysql://me:hidden@host/name", "Write an address like sqlite"),
        ("hidden", "Write an address like sqlite"),
        ("postgres://postgres:hidden@127.0.0.1:1/name", "Source: connection"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(tmp_path, source, words):
    with pytest.raises(CommandError) as caught:
        _run(source, _url(tmp_path / "new.sqlite3"))
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert not (tmp_path / "new.sqlite3").exists()


def test_one_database_is_not_copied_into_itself(empty):
    with pytest.raises(CommandError, match="name the same database"):
        _run(_url(empty), _url(empty))


def test_a_database_of_an_earlier_version_is_migrated_first(empty, tmp_path):
    with sqlite3.connect(empty) as file:
        file.execute("DELETE FROM django_migrations WHERE app = 'scorecards'")
    with pytest.raises(CommandError, match="earlier version; migrate it first: manage.py migrate"):
        _run(_url(empty), _url(tmp_path / "new.sqlite3"))


@pytest.fixture
def other_postgres() -> Iterator[str]:
    """Make an empty PostgreSQL database beside that of the tests; return its address."""
    name = f"tidemark_copy_{uuid.uuid4().hex[:8]}"
    root = os.environ["DATABASE_URL"].rpartition("/")[0]
    # The one of the address need not be there: tests have one of their own.
    with psycopg.connect(f"{root}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{root}/{name}"
    finally:
        with psycopg.connect(f"{root}/postgres", autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
def test_from_sqlite_to_postgresql_and_back_everything_stays(empty, other_postgres, tmp_path):
    make_hostile()
    wanted = contents(connection)
    with copying.opened("target", _url(empty)) as target:
        copied(target)
    _run(_url(empty), other_postgres)
    with copying.opened("target", other_postgres) as target:
        assert contents(target) == wanted
        assert Entity.objects.using("target").get(identifier="pay").properties == HOSTILE
    _run(other_postgres, _url(tmp_path / "back.sqlite3"))
    with copying.opened("target", _url(tmp_path / "back.sqlite3")) as target:
        assert contents(target) == wanted
