"""What is behind a value is what a plain walk finds, along every kind of way and for any query."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import registry
from catalog.computed.behind import keep_behind
from catalog.models import Entity
from tests.unit.oracle.drawn import extras
from tests.unit.oracle.every_kind import every_kind
from tests.unit.oracle.happenings import Redefine, Step
from tests.unit.oracle.plain_catalog import PlainCatalog, Seen
from tests.unit.oracle.plain_values import holds, is_number
from tests.unit.oracle.test_computed_oracle import furnished, thorough, told_again

pytestmark = pytest.mark.django_db


@st.composite
def catalogs(draw: Any) -> list[Step]:
    """Return what makes a catalog with drawn aggregations."""
    model = every_kind(
        draw(extras()),
        heir_of=draw(st.sampled_from(["cause", "services"])),
        also=draw(st.sampled_from(["deployment", "pull_request"])),
        has_many=draw(st.booleans()),
    )
    return [Redefine(model), *furnished(draw, model)]


def walked(seen: Seen, definition: Any) -> list[str]:
    """Return the names of what a plain walk finds behind an aggregation."""
    key = definition["calculationSpec"].get("property")
    return sorted(
        one.thing.name
        for one in seen.reached(definition)
        if holds(definition.get("query"), one.read, one.now)
        and (key is None or is_number(one.read(key)))
    )


def found(owner: Entity, key: str, plain: PlainCatalog) -> list[str]:
    """Return the names of what the database finds."""
    derived = registry.graph().derived[owner.blueprint.identifier][key]
    rows = keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=plain.now)
    return sorted(rows.values_list("identifier", flat=True))


def differences(plain: PlainCatalog) -> list[str]:
    """Return the aggregations of owners behind which the database finds something else."""
    seen = {number: Seen(plain, thing) for number, thing in plain.things.items()}
    for one in seen.values():
        one.others = seen
    places = {(one.thing.blueprint, one.thing.name): one for one in seen.values()}
    wrong = []
    for owner in Entity.objects.select_related("blueprint"):
        one = places[owner.blueprint.identifier, owner.identifier]
        for key, definition in one.document.get("aggregation_properties", {}).items():
            expected, names = walked(one, definition), found(owner, key, plain)
            if names != expected:
                wrong.append(f"{owner.blueprint}.{owner}.{key}: {names}, not {expected}")
            spec = definition["calculationSpec"]
            if spec["func"] == "count" and owner.computed[key] != len(names):
                wrong.append(f"{owner.blueprint}.{owner}.{key}: {owner.computed[key]} counted")
    return wrong


@thorough
@given(catalogs())
def test_behind_a_value_is_what_a_plain_walk_finds(history):
    with told_again() as plain:
        for step in history:
            step.take(plain)
        assert differences(plain) == []
