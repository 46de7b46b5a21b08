"""Builders: the smallest thing that works, with keyword overrides for what a test is about."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from catalog import operations
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from portal.models import ApiToken, User
from portal.permissions import Actor
from scorecards import operations as scorecard_operations
from scorecards.models import Campaign, Evaluation, Scorecard
from scorecards.operations import OutcomeReport, Receipt

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TESTER = Actor(label="tester", source="test")

_numbers = count(1)


def blueprint_document(identifier: str = "service", **overrides: Any) -> dict[str, Any]:
    """Return a blueprint document: a tier, a language, direct ownership."""
    document: dict[str, Any] = {
        "identifier": identifier,
        "title": identifier.replace("_", " ").title(),
        "schema": {
            "properties": {
                "tier": {"type": "number", "title": "Tier"},
                "language": {"type": "string", "title": "Language"},
            },
            "required": [],
        },
        "ownership": {"type": "Direct"},
    }
    return {**document, **overrides}


def make_blueprint(
    identifier: str = "service", *, now: datetime = NOW, **overrides: Any
) -> Blueprint:
    """Save and return a blueprint."""
    return operations.save_blueprint(
        definition=blueprint_document(identifier, **overrides), by=TESTER, now=now
    )


def make_entity(
    identifier: str = "",
    *,
    blueprint: str = "service",
    now: datetime = NOW,
    merge: bool = True,
    **parts: Any,
) -> Entity:
    """Create or change an entity through the operation; `parts` are those of `EntityDraft`."""
    return operations.upsert_entity(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        draft=EntityDraft(identifier=identifier or f"entity-{next(_numbers)}", **parts),
        merge=merge,
        by=TESTER,
        now=now,
    )


def make_team(identifier: str = "core", **parts: Any) -> Entity:
    """Create a team."""
    return make_entity(identifier, blueprint="_team", **parts)


def rule_document(identifier: str = "tiered", **overrides: Any) -> dict[str, Any]:
    """Return a rule document: the tier is at most 2, for Bronze."""
    document: dict[str, Any] = {
        "identifier": identifier,
        "title": identifier.replace("_", " ").capitalize(),
        "level": "Bronze",
        "query": condition("tier", "<=", 2),
    }
    return {**document, **overrides}


def condition(prop: str, operator: str, *value: Any) -> dict[str, Any]:
    """Return a query with a single condition."""
    leaf = {"property": prop, "operator": operator}
    if value:
        leaf["value"] = value[0]
    return {"combinator": "and", "conditions": [leaf]}


def scorecard_document(identifier: str = "quality", **overrides: Any) -> dict[str, Any]:
    """Return a scorecard document: three rules, one a level."""
    document: dict[str, Any] = {
        "identifier": identifier,
        "title": identifier.replace("_", " ").title(),
        "blueprints": ["service"],
        "rules": [
            rule_document("tiered"),
            rule_document("spoken", level="Silver", query=condition("language", "isNotEmpty")),
            rule_document("top", level="Gold", query=condition("tier", "=", 1)),
        ],
    }
    return {**document, **overrides}


def make_scorecard(
    identifier: str = "quality", *, now: datetime = NOW, **overrides: Any
) -> Scorecard:
    """Save and return a scorecard."""
    return scorecard_operations.save_scorecard(
        definition=scorecard_document(identifier, **overrides), by=TESTER, now=now
    )


def campaign_document(identifier: str = "push", **overrides: Any) -> dict[str, Any]:
    """Return a campaign document: two rules of `quality`, begun a month ago, due in ten days."""
    document: dict[str, Any] = {
        "identifier": identifier,
        "title": "Push",
        "description": "",
        "guidance": "",
        "owner": None,
        "rules": ["quality/spoken", "quality/tiered"],
        "filter": None,
        "starts_at": "2026-05-01T12:00:00+00:00",
        "due_at": "2026-06-11T12:00:00+00:00",
    }
    return {**document, **overrides}


def make_campaign(identifier: str = "push", *, now: datetime = NOW, **overrides: Any) -> Campaign:
    """Save and return a campaign, with its parts."""
    return scorecard_operations.save_campaign(
        definition=campaign_document(identifier, **overrides), by=TESTER, now=now
    )


def level_of(entity: Entity, scorecard: str = "quality") -> str | None:
    """Return the title of the level that an entity holds, None where it is not graded."""
    row = Evaluation.objects.filter(entity=entity, scorecard__identifier=scorecard).first()
    return row.level.title if row else None


def make_user(username: str = "maya", **overrides: Any) -> User:
    """Create a user; `is_staff=True` makes one who may edit."""
    values = {"email": f"{username}@example.com", "password": "pass-word-1", **overrides}
    return User.objects.create_user(username=username, **values)


def make_token(user: User, *, scope: str = "write") -> str:
    """Return a new API token of a user."""
    return ApiToken.objects.create(user=user, scope=scope)[1]


def report(
    entity: str,
    rule: str,
    state: str,
    *,
    scorecard: str = "quality",
    blueprint: str = "service",
    remark: str = "",
    now: datetime = NOW,
) -> Receipt:
    """Report what a tool found about an entity, for a rule without a query."""
    return scorecard_operations.report_outcomes(
        scorecard=Scorecard.objects.get(identifier=scorecard),
        reports=[OutcomeReport(rule, blueprint, entity, state, remark)],
        by=TESTER,
        now=now,
    )
