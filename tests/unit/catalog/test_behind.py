"""Finding what is behind a value: as many steps as a path may have, and no row that is no step."""

import pytest

from catalog import registry
from catalog.computed.behind import StandsAtEnd, keep_behind
from catalog.models import Entity, EntityRelation
from tests.builders import NOW, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db


def counted(target, *path):
    """Return the definition of a count along a path from its target."""
    return {
        "target": target,
        "calculationSpec": {"func": "count", "calculationBy": "entities"},
        "pathFilter": [{"path": list(path), "fromBlueprint": target}],
    }


@pytest.mark.parametrize("is_many", [False, True])
def test_ten_steps_are_no_more_than_a_database_takes(is_many):
    make_blueprint(
        "box",
        relations={"inside": {"target": "box", "many": is_many}},
        aggregation_properties={"far": counted("box", *["inside"] * 10)},
    )
    for number in range(12):
        inside = {"inside": f"b{number - 1}"} if number else {}
        make_entity(f"b{number}", blueprint="box", relations=inside)
    derived = registry.graph().derived["box"]["far"]
    owner = Entity.objects.get(identifier="b1")
    found = keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=NOW)
    assert [entity.identifier for entity in found] == ["b11"]
    assert Entity.objects.filter(pk__in=found).count() == 1


def test_a_row_leads_only_from_the_blueprint_of_its_step():
    make_blueprint("service")
    make_blueprint("tool")
    make_blueprint("deployment", relations={"service": {"target": "service"}}, ownership=None)
    make_blueprint(
        "_team",
        ownership=None,
        aggregation_properties={"deploys": counted("deployment", "service", "$team")},
    )
    team = make_team("core")
    tool = make_entity("saw", blueprint="tool", team="core")
    event = make_entity("d1", blueprint="deployment")
    # No relation of the catalog leads from a deployment to a tool.
    EntityRelation.objects.create(source=event, relation="service", target=tool)
    steps = registry.graph().derived["_team"]["deploys"].steps
    assert not Entity.objects.filter(StandsAtEnd(steps, team.pk)).exists()
