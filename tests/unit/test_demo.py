"""The demo's numbers, against a calculation that shares no code with the product."""

import pytest

from catalog.models import Entity
from portal.demo import load_demo
from scorecards.campaign_progress import progress_of
from scorecards.models import Campaign, Evaluation
from scorecards.packs.demo import read_demo
from tests.builders import NOW
from tests.unit.oracle.dora_oracle import reckon

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """Load the demo once for the module, and take it away again."""
    from django.db import transaction

    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            yield load_demo(now=NOW)
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)


def levels(blueprint: str) -> dict[str, dict[str, str]]:
    """Return the DORA levels that are stored: entity -> scorecard -> level."""
    found: dict[str, dict[str, str]] = {}
    rows = Evaluation.objects.filter(
        entity__blueprint__identifier=blueprint, scorecard__identifier__contains="dora"
    ).select_related("entity", "scorecard", "level")
    for row in rows:
        found.setdefault(row.entity.identifier, {})[row.scorecard.identifier] = row.level.title
    return found


def numbers(blueprint: str, keys: set[str]) -> dict[str, dict[str, object]]:
    """Return the computed values under these keys: entity -> key -> value."""
    return {
        entity.identifier: {key: entity.computed.get(key) for key in keys}
        for entity in Entity.objects.of(blueprint)
    }


def approximately(values: dict[str, dict]) -> dict:
    """Allow for the last bits of a float."""
    return {
        name: {
            key: pytest.approx(value) if isinstance(value, float) else value
            for key, value in by_key.items()
        }
        for name, by_key in values.items()
    }


@pytest.mark.parametrize(
    ("blueprint", "values", "graded"),
    [("service", "services", "service_levels"), ("_team", "teams", "team_levels")],
)
def test_dora_numbers_and_levels_equal_the_independent_calculation(
    loaded, blueprint, values, graded
):
    reckoning = reckon(now=NOW, shift=read_demo(NOW).shift)
    wanted = getattr(reckoning, values)
    keys = set(next(iter(wanted.values())))
    assert len(wanted) == 19
    assert numbers(blueprint, keys) == approximately(wanted)
    assert levels(blueprint) == getattr(reckoning, graded)


def test_the_demo_holds_everything_and_computes_without_problems(loaded):
    assert loaded == 7_697
    assert Entity.objects.exclude(problems=[]).count() == 0


def test_a_campaign_is_under_way_with_a_burn_up_and_a_forecast(loaded):
    campaign = Campaign.objects.with_parts().get()
    assert campaign.status == "in_progress"
    assert campaign.starts_at < NOW < campaign.due_at
    stages = list(campaign.snapshots.order_by("day").values_list("done", "entities"))
    assert len(stages) == 10
    assert stages[0] < stages[-1]
    progress = progress_of(campaign, now=NOW)
    assert stages[-1] == (progress.done, progress.entities)
    assert 0 < progress.left < progress.entities
