"""A small catalog with one scorecard, and an administrator to edit it."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.models import Blueprint, Entity
from catalog.operations import save_blueprints
from scorecards.models import Scorecard
from scorecards.operations import save_scorecard
from tests.admin.builders import BY, NOW, SCORECARD, SERVICE, SYSTEM, make_entities


@pytest.fixture
def admin(db: None) -> Client:
    """Return a client signed in as an administrator."""
    user = get_user_model().objects.create_superuser(
        username="root", email="root@example.org", password="root"
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def service(db: None) -> Blueprint:
    """Return the blueprint of services, with teams and systems beside it."""
    _, blueprint = save_blueprints(definitions=[SYSTEM, SERVICE], by=BY, now=NOW)
    make_entities("_team", "red", "blue")
    make_entities("system", "billing")
    return blueprint


@pytest.fixture
def entities(service: Blueprint) -> dict[str, Entity]:
    """Return services with a coverage of 40, 60 and 90."""
    made = make_entities(
        "service",
        *("low", "middle", "high"),
        properties=[{"tier": "one", "coverage": value} for value in (40, 60, 90)],
    )
    return {entity.identifier: entity for entity in made}


@pytest.fixture
def scorecard(entities: dict[str, Entity]) -> Scorecard:
    """Return a scorecard that puts one service at each of its first levels."""
    return save_scorecard(definition=SCORECARD, by=BY, now=NOW)
