"""What clients said of entities and rules comes back with them."""

import pytest

from catalog.models import Deleted, Entity
from catalog.operations import delete_entities, restore
from portal.integrations.models import DeclaredRelation, EntityDefinition, EventKey, RuleNote
from scorecards.models import Rule, Scorecard
from scorecards.operations import delete_scorecard
from tests.builders import NOW, TESTER, make_blueprint, make_scorecard
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import definition, upsert

pytestmark = pytest.mark.django_db


def rows(model) -> list[dict]:
    """Return what is stored, without the ids of what it is about."""
    ids = {"id", "entity_id", "definer_id", "rule_id"}
    found = model.objects.order_by("pk").values()
    return [{key: value for key, value in row.items() if key not in ids} for row in found]


def test_a_restored_entity_has_its_definition_and_what_it_declares(datadog: DatadogClient) -> None:
    upsert(datadog, definition(spec={"componentOf": ["system:shop"], "dependsOn": ["service:x"]}))
    entity = Entity.objects.of("service").get()
    EventKey.objects.create(entity=entity, key="abc")
    models = (EntityDefinition, DeclaredRelation, EventKey)
    before = [rows(model) for model in models]
    assert all(before)
    delete_entities(entities=[entity], by=TESTER, now=NOW)
    assert not EntityDefinition.objects.exists()
    assert restore(rows=list(Deleted.objects.all()), by=TESTER, now=NOW).remarks == []
    assert [rows(model) for model in models] == before


def test_a_restored_rule_has_its_scope_in_the_words_it_was_given() -> None:
    make_blueprint()
    make_scorecard()
    rule = Rule.objects.get(identifier="spoken")
    RuleNote.objects.create(rule=rule, scope="kind:service", created_at=NOW, updated_at=NOW)
    before = rows(RuleNote)
    delete_scorecard(scorecard=Scorecard.objects.get(), by=TESTER, now=NOW)
    restore(rows=list(Deleted.objects.all()), by=TESTER, now=NOW)
    assert rows(RuleNote) == before
    assert RuleNote.objects.get().rule.identifier == "spoken"
