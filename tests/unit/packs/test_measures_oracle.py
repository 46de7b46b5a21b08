"""DORA's own measures over generated histories equal what an independent calculation finds."""

from datetime import timedelta
from random import Random

import pytest

from catalog.models import Blueprint, Entity
from catalog.operations import (
    EntityDraft,
    delete_entities,
    rebuild,
    refresh_clock_values,
    upsert_entities,
)
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER
from tests.unit.packs.measures_oracle import MEASURES, measure

pytestmark = pytest.mark.django_db

TEAM_OF = {"web": "shop", "api": "shop", "old": "attic"}
RELATIONS = ("service", "deployment", "caused_by", "resolved_by")


def moment(random, *, of=NOW):
    return of - timedelta(hours=random.randrange(1, 70 * 24), minutes=random.randrange(60))


def deployment(random):
    at = moment(random)
    gap = timedelta(hours=random.randrange(-3, 200))
    return {
        "service": random.choice(["web", "web", "api"]),
        "environment": random.choice(["production", "production", "production", "staging"]),
        "status": random.choice(["success", "success", "success", "failure", "pending"]),
        "deployed_at": at,
        "first_commit_at": random.choice([None, at - gap]),
        "is_rework": random.choice([None, None, True, False]),
    }


def pull_request(random, deployments):
    opened = moment(random)
    return {
        # No pull request of api: its lead time falls back on its deployments.
        "service": "web",
        "opened_at": opened,
        "first_commit_at": random.choice([None, opened - timedelta(hours=random.randrange(50))]),
        "deployment": random.choice([None, *deployments, *deployments]),
    }


def incident(random, deployments):
    opened = moment(random)
    lasted = timedelta(minutes=random.randrange(1, 3_000))
    return {
        "service": random.choice(["web", "api"]),
        "opened_at": opened,
        "resolved_at": random.choice([None, opened + lasted, opened + lasted]),
        "caused_by": random.choice([None, *deployments, *deployments]),
        "resolved_by": random.choice([None, *deployments]),
    }


def history(random):
    """Return rows by kind and identifier."""
    deployments = {f"d{number}": deployment(random) for number in range(40)}
    names = list(deployments)
    return {
        "deployment": deployments,
        "pull_request": {f"p{number}": pull_request(random, names) for number in range(40)},
        "incident": {f"i{number}": incident(random, names) for number in range(30)},
    }


def tell(blueprint, rows, *, now=NOW):
    drafts = [
        EntityDraft(
            identifier=identifier,
            properties={
                key: value.strftime("%Y-%m-%dT%H:%M:%SZ") if key.endswith("_at") else value
                for key, value in row.items()
                if key not in RELATIONS and value is not None
            },
            relations={key: row[key] for key in RELATIONS if row.get(key)},
        )
        for identifier, row in rows.items()
    ]
    upsert_entities(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        drafts=drafts,
        # A changed row says everything: what it no longer has is gone.
        merge=False,
        by=TESTER,
        now=now,
    )


@pytest.fixture
def services(db):
    install_pack(name="dora", by=TESTER, now=NOW)
    for blueprint, drafts in (
        ("_team", [EntityDraft(identifier=team) for team in sorted(set(TEAM_OF.values()))]),
        ("service", [EntityDraft(identifier=key, team=team) for key, team in TEAM_OF.items()]),
    ):
        upsert_entities(
            blueprint=Blueprint.objects.get(identifier=blueprint),
            drafts=drafts,
            by=TESTER,
            now=NOW,
        )


def wanted(rows, now):
    found = {service: measure(rows, {service}, is_team=False, now=now) for service in TEAM_OF}
    for team in set(TEAM_OF.values()):
        owns = {service for service, owner in TEAM_OF.items() if owner == team}
        found[team] = measure(rows, owns, is_team=True, now=now)
    return {name: {key: close(value) for key, value in by.items()} for name, by in found.items()}


def close(value):
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def stored(keys):
    rows = Entity.objects.filter(blueprint__identifier__in=["service", "_team"])
    assert not rows.exclude(problems=[]).exists()
    return {row.identifier: {key: row.computed.get(key) for key in keys} for row in rows}


def assert_right(rows, now):
    expected = wanted(rows, now)
    assert stored(expected["web"]) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measures_equal_the_oracle_after_events_changes_deletions_and_time(services, seed):
    random = Random(seed)
    rows = history(random)
    for blueprint, by_key in rows.items():
        tell(blueprint, dict(random.sample(list(by_key.items()), len(by_key))))
    assert_right(rows, NOW)

    for identifier in random.sample(sorted(rows["deployment"]), 8):
        rows["deployment"][identifier] = deployment(random)
        tell("deployment", {identifier: rows["deployment"][identifier]})
    for identifier in random.sample(sorted(rows["incident"]), 6):
        del rows["incident"][identifier]
        gone = Entity.objects.get(blueprint__identifier="incident", identifier=identifier)
        delete_entities(entities=[gone], by=TESTER, now=NOW)
    late = {"p-late": pull_request(random, list(rows["deployment"]))}
    rows["pull_request"] |= late
    tell("pull_request", late)
    assert_right(rows, NOW)

    later = NOW + timedelta(days=9, hours=5)
    refresh_clock_values(now=later)
    assert_right(rows, later)
    keys = set(wanted(rows, later)["web"])
    before = stored(keys)
    for row in Blueprint.objects.order_by("id"):
        rebuild(blueprint=row, now=later)
    assert stored(keys) == before


def test_the_histories_have_values_and_gaps_to_compare():
    found = [wanted(history(Random(seed)), NOW) for seed in (1, 2, 3)]
    for key in MEASURES:
        values = [by_owner[name][key] for by_owner in found for name in by_owner]
        assert any(value is not None for value in values), key
        assert any(value is None for value in values), key
