"""Entities that are older than their blueprint keeps them go, in chunks, and for good."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import operations
from catalog.errors import Conflict, Invalid
from catalog.models import Blueprint, Change, Deleted, Entity, Retention
from catalog.operations import EntityDraft, retaining
from catalog.tasks import forget_what_is_old
from portal.permissions import Actor, Forbidden, Rights
from tests.builders import NOW, TESTER, condition, make_blueprint, make_entity, make_user

pytestmark = pytest.mark.django_db

STAMPED = {
    "properties": {"at": {"type": "string", "format": "date-time"}, "name": {"type": "string"}},
    "required": [],
}
COUNT = {"func": "count", "calculationBy": "entities"}


@pytest.fixture(autouse=True)
def world() -> None:
    """Make deployments of a service that counts those of the last month, and all."""
    make_blueprint()
    make_blueprint(
        "deploy",
        ownership=None,
        schema=STAMPED,
        relations={
            "service": {"target": "service"},
            "after": {"target": "deploy", "required": False},
        },
    )
    make_blueprint(
        aggregation_properties={
            "recent": {
                "target": "deploy",
                "query": condition("at", "between", {"preset": "lastMonth"}),
                "calculationSpec": COUNT,
            },
            "all": {"target": "deploy", "calculationSpec": COUNT},
        }
    )
    make_entity("pay")


def deploy(*ages: int, prefix: str = "d") -> None:
    """Make a deployment of so many days ago each, all made known today."""
    drafts = [
        EntityDraft(
            f"{prefix}{age}",
            properties={"at": (NOW - timedelta(days=age)).isoformat()},
            relations={"service": "pay"},
        )
        for age in ages
    ]
    blueprint = Blueprint.objects.get(identifier="deploy")
    operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)


def keep(days: Any, property: Any = "at", *, blueprint: str = "deploy", by: Actor = TESTER):
    return operations.set_retention(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        days=days,
        property=property,
        by=by,
        now=NOW,
    )


def left() -> list[str]:
    return sorted(Entity.objects.of("deploy").values_list("identifier", flat=True))


def test_what_is_older_goes_by_its_own_date_and_is_not_kept():
    deploy(1, 39, 41, 400)
    make_entity("undated", blueprint="deploy")
    keep(40)
    assert operations.retain_all(now=NOW) == [operations.Kept("deploy", gone=2)]
    assert left() == ["d1", "d39", "undated"]
    assert not Deleted.objects.exists()


def test_without_a_date_it_goes_by_when_it_was_created():
    make_entity("old", blueprint="deploy", now=NOW - timedelta(days=41))
    deploy(400)
    keep(40, "")
    operations.retain_all(now=NOW)
    assert left() == ["d400"]


def test_what_is_computed_from_them_is_right_afterwards():
    deploy(1, 20, 41, 42)
    keep(40)
    assert Entity.objects.get(identifier="pay").fact("all") == 4
    operations.retain_all(now=NOW)
    pay = Entity.objects.get(identifier="pay")
    assert (pay.fact("recent"), pay.fact("all")) == (2, 2)


def test_one_row_of_the_history_tells_of_a_run(monkeypatch):
    monkeypatch.setattr(retaining, "CHUNK", 2)
    deploy(41, 42, 43, 44, 45)
    keep(40)
    told: list[int] = []
    operations.retain_all(now=NOW, advance=lambda row, count: told.append(count))
    assert told == [2, 2, 1]
    (row,) = Change.objects.filter(kind="retention", action="deleted")
    assert (row.blueprint, row.actor, row.before) == (
        "deploy",
        "tidemark",
        {"entities": 5, "older_than": "2026-04-22T12:00:00.000Z", "property": "at"},
    )
    assert not Change.objects.filter(kind="entity", action="deleted").exists()
    operations.retain_all(now=NOW)
    assert Change.objects.filter(kind="retention", action="deleted").count() == 1


def test_a_run_that_was_interrupted_is_counted_on(monkeypatch):
    monkeypatch.setattr(retaining, "CHUNK", 1)
    deploy(41, 42)
    keep(40)

    def stop(row: Retention, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operations.retain_all(now=NOW, advance=stop)
    assert (Retention.objects.get().begun_at, Retention.objects.get().gone_count) == (NOW, 1)
    with transaction.atomic():
        keep(None)
        assert Change.objects.filter(before__entities=1).exists()
        transaction.set_rollback(True)
    operations.retain_all(now=NOW)
    row = Retention.objects.get()
    assert (row.begun_at, row.gone_count, row.ran_at, row.last_count) == (None, 0, NOW, 2)
    assert Change.objects.get(kind="retention", action="deleted").before["entities"] == 2


def test_what_is_required_by_what_stays_stays_too():
    make_blueprint(
        "incident", ownership=None, relations={"cause": {"target": "deploy", "required": True}}
    )
    deploy(41, 42)
    make_entity("i1", blueprint="incident", relations={"cause": "d41"})
    keep(40)
    assert operations.retain_all(now=NOW) == [operations.Kept("deploy", gone=1, required=1)]
    assert left() == ["d41"]


def test_a_time_shorter_than_what_is_looked_at_is_refused():
    with pytest.raises(Invalid, match=r"^days: service.recent read 30 days back; keep them for"):
        keep(29)
    assert not Retention.objects.exists()


def test_nothing_is_deleted_that_is_looked_at_by_now():
    deploy(41)
    keep(40)
    make_blueprint(
        aggregation_properties={
            "far": {
                "target": "deploy",
                "query": condition("at", "between", {"preset": "last3Months"}),
                "calculationSpec": COUNT,
            }
        }
    )
    (kept,) = operations.retain_all(now=NOW)
    assert kept.refusal.startswith("service.far read 9")
    assert left() == ["d41"]


@pytest.mark.parametrize("days", [0, -1, 1.5, "40", True, 36_501, [40]])
def test_what_is_no_number_of_days_is_refused(days):
    with pytest.raises(Invalid, match=r"^days: give a whole number of days from 1 to 36,500$"):
        keep(days)


@pytest.mark.parametrize("property", ["name", "nothing", ["at"], {"a": 1}])
def test_what_is_no_date_is_refused(property):
    with pytest.raises(Invalid, match=r"^property: is no date of this blueprint; there are: at$"):
        keep(40, property)


def test_the_portals_own_blueprints_are_not_emptied():
    with pytest.raises(Conflict, match="belongs to the portal"):
        keep(40, "", blueprint="_user")


def test_only_admins_say_for_how_long():
    with pytest.raises(Forbidden):
        keep(40, by=Actor(label="maya", rights=Rights(make_user())))
    keep(40, by=Actor(label="ada", rights=Rights(make_user("ada", is_staff=True))))


def test_setting_and_lifting_it_is_in_the_history():
    keep(40)
    keep(40)
    keep(50)
    keep(None)
    rows = Change.objects.filter(kind="retention").order_by("id")
    assert [(row.action, row.before, row.after) for row in rows] == [
        ("created", {}, {"days": 40, "property": "at"}),
        ("updated", {"days": 40}, {"days": 50}),
        ("deleted", {"days": 50, "property": "at"}, {}),
    ]
    assert not Retention.objects.exists()


def test_a_dry_run_says_what_would_go_and_deletes_nothing(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    deploy(1, 41, 42)
    keep(40)
    out = StringIO()
    call_command("retain", "--dry-run", stdout=out)
    assert out.getvalue() == "deploy: 2 are older than 40 days by at.\n"
    assert len(left()) == 3
    out = StringIO()
    call_command("retain", stdout=out, stderr=StringIO())
    assert out.getvalue() == "deploy: 2 deleted.\n"
    assert left() == ["d1"]


def test_the_daily_task_forgets_both_kinds_of_old(monkeypatch):
    deploy(41)
    keep(40)
    entity = make_entity("gone")
    operations.delete_entities(entities=[entity], by=TESTER, now=NOW - timedelta(days=60))
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    assert forget_what_is_old() == 2
    assert (left(), Deleted.objects.count()) == ([], 0)


def test_many_cost_as_many_queries_as_few():
    keep(40)

    def cost(*ages: int) -> int:
        deploy(*ages)
        with CaptureQueriesContext(connection) as seen:
            operations.retain_all(now=NOW)
        return len(seen)

    cost(41)
    assert cost(41, 42) == cost(*range(41, 90))
