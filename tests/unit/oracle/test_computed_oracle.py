"""Every computed value, after every step of any history, is what brute force finds."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import operations
from catalog.models import Blueprint, Entity
from portal import pieces
from portal.models import Piece
from tests.builders import NOW
from tests.unit.oracle.definitions import Model
from tests.unit.oracle.drawn import extras
from tests.unit.oracle.every_kind import every_kind
from tests.unit.oracle.happenings import Draft, Redefine, Step, Upsert, Wait
from tests.unit.oracle.histories import SPANS, furnishings, steps
from tests.unit.oracle.plain_catalog import PlainCatalog
from tests.unit.oracle.pools import MOMENTS
from tests.unit.oracle.reference_model import FOLDER, reference_model

pytestmark = pytest.mark.django_db

thorough = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def agrees(found: Any, expected: Any) -> bool:
    """Say whether a stored value is the expected one: to the digit, unless it is a fraction."""
    if isinstance(expected, list):
        is_like = isinstance(found, list) and len(found) == len(expected)
        return is_like and all(map(agrees, found, expected))
    if isinstance(expected, float) and type(found) in (int, float):
        # What is left where parts cancel each other out has the digits of the parts.
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(found) is type(expected) and found == expected


def differences(plain: PlainCatalog) -> list[str]:
    """Return where what is stored is not what the plain catalog works out."""
    expected = plain.everything()
    found: list[str] = []
    stored: dict[tuple[str, str], Entity] = {}
    for entity in Entity.objects.select_related("blueprint"):
        stored[entity.blueprint.identifier, entity.identifier] = entity
    assert stored.keys() == expected.keys()
    for place, values in expected.items():
        entity = stored[place]
        computed = {**entity.computed, "$team": entity.team}
        assert {key: entity.facts.get(key) for key in entity.computed} == entity.computed
        assert computed.keys() <= values.keys()
        found += [
            f"{place}.{key}: {computed.get(key)!r} is stored, {value!r} expected"
            for key, value in values.items()
            if not agrees(computed.get(key), value)
        ]
    return found


@contextmanager
def told_again() -> Iterator[PlainCatalog]:
    """Yield a plain catalog whose clock is also the product's; leave nothing behind."""
    plain = PlainCatalog({}, {}, NOW)
    with transaction.atomic(), patch("django.utils.timezone.now", lambda: plain.now):
        yield plain
        transaction.set_rollback(True)


def rebuild_from_nothing(plain: PlainCatalog) -> None:
    Entity.objects.update(computed={}, facts={}, problems=[])
    for blueprint in Blueprint.objects.order_by("-id"):
        operations.rebuild(blueprint=blueprint, now=plain.now)


def leave_nothing(plain: PlainCatalog) -> None:
    """Find nothing to do behind a step: what it moved was worked out with it."""


def follow(history: list[Step], *, behind: Callable[[PlainCatalog], None] = leave_nothing) -> None:
    """Take the steps, and compare after each; compare once more after a rebuild from nothing."""
    with told_again() as plain:
        for step in history:
            step.take(plain)
            behind(plain)
            assert differences(plain) == [], f"after {step}"
        rebuild_from_nothing(plain)
        assert differences(plain) == [], "after the rebuild"


@st.composite
def histories(draw: Any) -> list[Step]:
    """Return a history that begins with something of everything."""
    has_many = draw(st.booleans())
    model = every_kind({}, has_many=has_many)
    redefinitions = st.builds(
        lambda extra, path, also: Redefine(
            every_kind(extra, heir_of=path, also=also, has_many=has_many)
        ),
        extras(),
        # Inherited from what inherits, or from several.
        st.sampled_from(["cause", "services"]),
        st.sampled_from(["deployment", "pull_request"]),
    )
    begun = [draw(redefinitions), *furnished(draw, model)]
    return begun + draw(st.lists(steps(model, redefinitions), min_size=4, max_size=9))


@st.composite
def reference_histories(draw: Any) -> list[Step]:
    """Return a history of the reference's blueprints."""
    model = reference_model()
    begun = [Redefine(model), *furnished(draw, model)]
    return begun + draw(st.lists(steps(model), min_size=4, max_size=9))


def furnished(draw: Any, model: Model) -> list[Step]:
    """Return writes of everything there can be, each after what it points at, and some before."""
    names = model.in_order()
    early = draw(st.lists(st.sampled_from(names), max_size=2))
    return [draw(furnishings(model, blueprint)) for blueprint in (*early, *names)]


@thorough
@given(histories())
def test_every_value_is_what_brute_force_finds_after_every_step(history):
    follow(history)


def rebuild_together(plain: PlainCatalog) -> None:
    """Rebuild what was edited by two workers, of whom one takes a range and dies."""
    for row in Blueprint.objects.filter(stale_since__isnull=False).order_by("id"):
        operations.begin_shared_rebuild(blueprint=row, now=plain.now)
        pieces.claim(work=f"rebuild-{row.pk}", stamp=str(row.revision), now=plain.now)
        operations.continue_shared_rebuild(blueprint=row, clock=lambda: plain.now)
        # Its time is over.
        Piece.objects.update(claimed_until=None)
        operations.continue_shared_rebuild(blueprint=row, clock=lambda: plain.now)
    assert not Piece.objects.exists()


def sweep_together(*, now: datetime) -> None:
    """Work out what the clock moved by two workers, of whom the one that was asked does a range."""
    work = operations.by_the_clock(clock=lambda: now)

    def help_once(stamp: str, count: int) -> None:
        if piece := pieces.claim(work=work.work, stamp=stamp, now=now):
            work.do(piece, datetime.fromisoformat(stamp))
            # And is taken for dead.
            Piece.objects.update(claimed_until=None)

    operations.refresh_clock_values_together(ask=help_once, clock=lambda: now)
    assert not Piece.objects.exists()


@thorough
@given(histories())
def test_values_that_workers_share_are_what_brute_force_finds_after_every_step(history):
    with (
        patch("catalog.operations.refreshing.CHUNK", 2),
        patch("catalog.operations.clock.CHUNK", 2),
        patch("catalog.operations.refresh_clock_values", sweep_together),
        override_settings(TIDEMARK_INLINE_LIMIT=0),
    ):
        follow(history, behind=rebuild_together)


@pytest.mark.skipif(not FOLDER.exists(), reason="the reference fixtures are not beside the project")
@thorough
@given(st.deferred(reference_histories))
def test_the_references_own_definitions_have_the_values_brute_force_finds(history):
    follow(history)


def test_a_relation_that_led_elsewhere_comes_back_empty():
    pair = tuple(Draft(name, {}, {"also": ("a", "b")}) for name in "ab")
    follow(
        [
            Redefine(every_kind({}, also="deployment")),
            Upsert("deployment", pair, True),
            Redefine(every_kind({}, also="pull_request")),
            Redefine(every_kind({}, also="deployment")),
            Upsert("deployment", pair[:1], True),
        ]
    )


def test_time_alone_moves_what_it_should():
    """Give every date a service of its own, and wait."""
    dated = list(enumerate(MOMENTS))
    services = tuple(Draft(f"s{index}", {}, {}) for index, _ in dated)
    changes = tuple(
        Draft(f"c{index}", {"merged": date, "hours": index}, {"service": (f"s{index}",)})
        for index, date in dated
    )
    deployments = tuple(
        Draft(f"d{index}", {"at": date, "minutes": index}, {"service": (f"s{index}",)})
        for index, date in dated
    )
    follow(
        [
            Redefine(every_kind({})),
            Upsert("service", services, True),
            Upsert("pull_request", changes, True),
            Upsert("deployment", deployments, True),
            *map(Wait, (*SPANS, *SPANS[:4])),
        ]
    )
