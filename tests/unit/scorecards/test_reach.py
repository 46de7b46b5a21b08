"""Which blueprints a scorecard grades that follows the catalog."""

import pytest

from scorecards.reach import described_blueprints
from tests.builders import make_blueprint

pytestmark = pytest.mark.django_db


def _names() -> list[str]:
    return [blueprint.identifier for blueprint in described_blueprints()]


def _schema(**properties: str) -> dict:
    return {"properties": {key: {"type": type_} for key, type_ in properties.items()}}


def test_what_is_owned_directly_is_described_but_not_what_belongs_to_the_portal():
    make_blueprint("service")
    make_blueprint("cluster", schema=_schema())
    assert _names() == ["cluster", "service"]


def test_an_event_is_not_described_whose_owners_are_those_of_what_it_belongs_to():
    make_blueprint("service")
    make_blueprint(
        "deployment",
        schema=_schema(version="string", description="string"),
        relations={"service": {"target": "service"}},
        ownership={"type": "Inherited", "path": "service"},
    )
    assert _names() == ["service"]


@pytest.mark.parametrize(
    ("properties", "is_described"),
    [
        ({}, False),
        ({"color": "string"}, False),
        ({"links": "array"}, True),
        ({"contacts": "array"}, True),
        ({"tier": "string"}, True),
        ({"tier": "number"}, False),
        ({"slo_count": "number"}, True),
        ({"slo_count": "string", "correlates_logs": "boolean"}, True),
    ],
)
def test_a_blueprint_without_owners_is_described_by_a_property_that_says_so(
    properties: dict[str, str], is_described: bool
):
    make_blueprint("queue", schema=_schema(**properties), ownership=None)
    assert bool(_names()) is is_described


def test_two_queries_read_what_is_described(django_assert_num_queries):
    make_blueprint("service")
    _names()
    with django_assert_num_queries(2):
        _names()
