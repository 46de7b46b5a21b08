"""A scorecard of the dialect that was deleted and restored answers as before."""

import pytest

from catalog.models import Deleted
from catalog.operations import restore
from portal.integrations.models import DataMigration
from portal.integrations.port.data_migrations import run
from tests.builders import NOW, TESTER, make_blueprint, make_entity, rule_document
from tests.port.clients import PortClient

pytestmark = pytest.mark.django_db

ADDRESS = "/blueprints/service/scorecards"
# What names the rows, and when they were last written.
OURS = ("id", "updatedAt", "updatedBy", "createdBy")


def test_a_restored_scorecard_has_its_address_and_its_words_back(port: PortClient) -> None:
    make_blueprint()
    make_entity("pay", properties={"tier": 1})
    body = {"identifier": "dora", "title": "DORA", "rules": [rule_document()]}
    assert port.post(ADDRESS, body).status_code == 201
    before = port.get(f"{ADDRESS}/dora").json()["scorecard"]
    assert port.delete(f"{ADDRESS}/dora").status_code == 200
    assert port.get(f"{ADDRESS}/dora").status_code == 404
    restore(rows=[Deleted.objects.get()], by=TESTER, now=NOW)
    after = port.get(f"{ADDRESS}/dora").json()["scorecard"]
    assert {key: item for key, item in after.items() if key not in OURS} == {
        key: item for key, item in before.items() if key not in OURS
    }


def test_all_entities_of_a_blueprint_come_back_together(port: PortClient) -> None:
    make_blueprint()
    for name in ("pay", "shop"):
        make_entity(name)
    answer = port.delete("/blueprints/service/all-entities?delete_blueprint=false")
    assert answer.status_code < 300, answer.json()
    row = DataMigration.objects.get()
    run(migration_id=row.pk, clock=lambda: NOW)
    rows = list(Deleted.objects.of_batch(f"migration-{row.pk}"))
    assert restore(rows=rows, by=TESTER, now=NOW).count == 2


def test_too_many_at_once_are_gone_for_good(port: PortClient, monkeypatch) -> None:
    monkeypatch.setattr("catalog.trash.MOST_KEPT", 1)
    make_blueprint()
    for name in ("pay", "shop"):
        make_entity(name)
    port.delete("/blueprints/service/all-entities?delete_blueprint=false")
    run(migration_id=DataMigration.objects.get().pk, clock=lambda: NOW)
    assert not Deleted.objects.exists()
