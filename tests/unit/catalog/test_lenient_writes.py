"""What a surface may let pass that the portal's own API refuses."""

import pytest

from catalog import operations
from catalog.errors import Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import STRICT, EntityDraft, Leniency
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db

UNKNOWN = Leniency(may_have_unknown=True)
INCOMPLETE = Leniency(may_lack_required=True)
REPEATED = Leniency(may_repeat_computed=True)


@pytest.fixture(autouse=True)
def job():
    """Make jobs of services: a required name, a required service, inherited owners, a mirror."""
    make_blueprint()
    return make_blueprint(
        "job",
        schema={"properties": {"name": {"type": "string"}}, "required": ["name"]},
        relations={"service": {"target": "service", "required": True}},
        mirror_properties={"tier": {"path": "service.tier"}},
        calculation_properties={"loud": {"type": "string", "calculation": ".properties.name"}},
        ownership={"type": "Inherited", "path": "service"},
    )


def write(blueprint: str, *, leniency: Leniency, **parts) -> Entity:
    """Write one entity, `pay`."""
    outcome = operations.upsert_entities(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        drafts=[EntityDraft("pay", **parts)],
        leniency=leniency,
        by=TESTER,
        now=NOW,
    )
    return outcome.entities[0]


def refused(blueprint: str, *, leniency: Leniency, **parts) -> list[str]:
    with pytest.raises(Invalid) as caught:
        write(blueprint, leniency=leniency, **parts)
    assert not Entity.objects.of(blueprint).exists()
    return [fault.path.removeprefix("entities[0].") for fault in caught.value.faults]


@pytest.mark.parametrize("leniency", [STRICT, INCOMPLETE, REPEATED])
def test_properties_that_the_blueprint_does_not_define_are_refused(leniency):
    assert refused("service", leniency=leniency, properties={"colour": "red"}) == ["properties"]


def test_properties_that_the_blueprint_does_not_define_are_kept_where_asked():
    given = {"tier": 1, "colour": "red", "parts": [{"a": None}], "gone": None}
    entity = write("service", leniency=UNKNOWN, properties=given)
    kept = {"tier": 1, "colour": "red", "parts": [{"a": None}]}
    stored = Entity.objects.get()
    assert (entity.properties, stored.properties) == (kept, kept)
    assert {key: stored.facts[key] for key in kept} == kept


def test_a_property_that_the_blueprint_defines_is_checked_all_the_same():
    given = {"tier": "high", "colour": "red"}
    assert refused("service", leniency=UNKNOWN, properties=given) == ["properties.tier"]


@pytest.mark.parametrize("key", ["$team", "$anything", "relation#service"])
def test_no_property_is_named_like_something_else(key):
    found = refused("service", leniency=UNKNOWN, properties={key: ["core"]})
    assert found == [f"properties.{key}"]
    make_entity("pay")
    with pytest.raises(Invalid):
        write("service", leniency=UNKNOWN, properties={key: ["core"]})


def test_the_unknown_that_is_stored_refuses_no_strict_write():
    write("service", leniency=UNKNOWN, properties={"colour": "red"})
    assert make_entity("pay", properties={"tier": 2}).properties == {"colour": "red", "tier": 2}


@pytest.mark.parametrize("leniency", [STRICT, UNKNOWN, REPEATED])
def test_what_is_required_must_be_given(leniency):
    assert refused("job", leniency=leniency) == ["properties", "relations.service"]


def test_what_is_required_may_be_lacking_where_asked():
    entity = write("job", leniency=INCOMPLETE)
    assert (entity.title, entity.properties) == ("pay", {})
    assert (entity.fact("relation#service"), entity.computed) == (
        None,
        {"tier": None, "loud": None},
    )
    with pytest.raises(Invalid) as caught:
        make_entity("pay", blueprint="job", title="Pay")
    assert [fault.path for fault in caught.value.faults] == ["properties", "relations.service"]


@pytest.mark.parametrize("leniency", [STRICT, UNKNOWN, INCOMPLETE])
def test_computed_properties_and_inherited_teams_are_refused(leniency):
    make_team()
    make_entity("shop", team="core")
    given = {"name": "x", "tier": 7, "loud": "y"}
    found = refused(
        "job", leniency=leniency, properties=given, relations={"service": "shop"}, team="core"
    )
    assert found == ["properties.loud", "properties.tier", "team"]


def test_computed_properties_and_inherited_teams_are_passed_over_where_asked():
    make_team()
    make_entity("shop", properties={"tier": 1}, team="core")
    given = {"name": "x", "tier": 7, "loud": "y"}
    entity = write(
        "job",
        leniency=REPEATED,
        properties=given,
        relations={"service": "shop"},
        team=["others"],
    )
    assert (entity.properties, entity.team) == ({"name": "x"}, ["core"])
    assert entity.computed == {"tier": 1, "loud": "x"}


def test_a_team_is_passed_over_where_a_blueprint_has_no_ownership():
    make_blueprint("island", ownership=None)
    assert refused("island", leniency=STRICT, team="core") == ["team", "team"]
    assert write("island", leniency=REPEATED, team="core").team == []


def test_a_team_of_ones_own_is_written_all_the_same():
    make_team()
    assert write("service", leniency=REPEATED, team="core").team == ["core"]
    with pytest.raises(Invalid):
        write("service", leniency=REPEATED, team="others")
