"""Behind every aggregation of the pack stands what plain loops over the rows find."""

from datetime import timedelta
from random import Random

from catalog import registry
from catalog.computed.behind import keep_behind
from catalog.conditions import matches
from catalog.models import Entity, EntityRelation
from tests.builders import NOW
from tests.unit.packs.test_measures_oracle import history, services, tell

__all__ = ["services"]

OWNERS = ("service", "_team", "deployment")


def walked(steps, owner_id, blueprints):
    """Return the ids at the end of the steps, by loops over all relation rows."""
    rows = list(EntityRelation.objects.values_list("source_id", "relation", "target_id"))
    at = {owner_id}
    for step in steps:
        at = {
            target if step.is_forward else source
            for source, relation, target in rows
            if relation == step.relation
            and blueprints[source] == step.blueprint
            and (source if step.is_forward else target) in at
        }
    return at


def counts(source, facts):
    value = facts.get(source.property) if source.property else 0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and (source.query is None or matches(source.query, facts, now=NOW))


def test_behind_every_aggregation_of_the_pack_is_what_loops_find(services):
    told = history(Random(7))
    # What these histories have too little of.
    for number in range(10):
        told["pull_request"][f"p{number}"]["merged_at"] = NOW - timedelta(days=4 * number + 2)
        told["incident"][f"i{number}"] |= {
            "caused_by": None,
            "opened_at": NOW - timedelta(days=9 * number + 1),
        }
    for blueprint, rows in told.items():
        tell(blueprint, rows)
    entities = Entity.objects.select_related("blueprint")
    by_id = {entity.pk: entity for entity in entities}
    blueprints = {pk: entity.blueprint.identifier for pk, entity in by_id.items()}
    graph = registry.graph()
    seen = set()
    for owner in [entity for pk, entity in by_id.items() if blueprints[pk] in OWNERS]:
        spec = graph.specs[owner.blueprint.identifier]
        for key, source in spec.aggregations.items():
            derived = graph.derived[spec.identifier][key]
            found = keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=NOW)
            ids = set(found.values_list("id", flat=True))
            ends = walked(derived.steps, owner.pk, blueprints)
            assert ids == {pk for pk in ends if counts(source, by_id[pk].facts)}, (owner, key)
            if source.function == "count":
                assert owner.computed[key] == len(ids) == found.count(), (owner, key)
            seen |= {(spec.identifier, key)} if ids else set()
    # Nothing was compared with nothing throughout.
    assert seen == {(name, key) for name in OWNERS for key in graph.specs[name].aggregations}
