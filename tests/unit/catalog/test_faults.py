"""What faults tell beside their words: that something is missing, that something is taken."""

import pytest

from catalog import operations
from catalog.api.drafts import blueprint_of
from catalog.errors import Fault, Invalid
from portal.permissions import Rights
from tests.builders import NOW, TESTER, blueprint_document, make_blueprint, make_entity


def test_a_fault_seen_from_elsewhere_is_the_same_fault():
    fault = Fault("relations.owns", "there is none", is_missing=True)
    moved = Fault("entities[3].relations.owns", "there is none", is_missing=True)
    assert (fault.under("entities[3]"), moved.out_of("entities[3]")) == (moved, fault)
    assert Fault("[1]", "x").under("entities") == Fault("entities[1]", "x")
    assert Fault("", "x").under("entities") == Fault("entities", "x")


def test_apis_show_the_place_and_the_words_only():
    fault = Fault("team", "there is none", is_missing=True, is_conflict=True)
    assert fault.as_json() == {"path": "team", "message": "there is none"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"relations": {"owns": "x"}}, ["relations.owns"]),
        ({"relations": {"depends_on": ["x"]}, "title": 7}, ["relations.depends_on"]),
        ({"team": "nobody", "properties": {"tier": "high"}}, ["team"]),
        ({"relations": {"depends_on": 7}, "properties": {"colour": "red"}}, []),
    ],
)
def test_a_fault_tells_that_what_was_named_does_not_exist(parts, missing):
    make_blueprint(relations={"depends_on": {"target": "service", "many": True}})
    with pytest.raises(Invalid) as caught:
        make_entity("pay", **parts)
    assert [fault.path for fault in caught.value.faults if fault.is_missing] == missing


@pytest.mark.django_db
def test_an_unknown_blueprint_is_missing():
    with pytest.raises(Invalid) as named:
        blueprint_of({"blueprint": "nope"}, rights=Rights(None))
    definition = blueprint_document(relations={"job": {"target": "nope"}})
    with pytest.raises(Invalid) as targeted:
        operations.save_blueprint(definition=definition, by=TESTER, now=NOW)
    found = [*named.value.faults, *targeted.value.faults]
    assert [(fault.path, fault.is_missing) for fault in found] == [
        ("blueprint", True),
        ("relations.job.target", True),
    ]
