"""What answers say of rules and of the scorecards that they belong to."""

from typing import Any

from catalog.facts import timestamp
from portal.integrations.datadog import ids
from portal.integrations.datadog.rules_codec import HIGHEST, team_named
from portal.integrations.datadog.scopes import write_scope
from portal.integrations.models import RuleNote
from scorecards.models import Rule, Scorecard


def level_of(rule: Rule) -> int:
    """Return the level of a rule; those above the ones that are known here as the highest."""
    return min(rule.level.rank, HIGHEST)


def note_of(rule: Rule) -> RuleNote | None:
    """Return what this dialect keeps of a rule, if anything."""
    return getattr(rule, "note", None)


def scope_of(rule: Rule) -> str | None:
    """Return the scope of a rule, empty where it is about all; None where no scope says the same.

    As it was written, for as long as nobody gave the rule another filter.
    """
    note = note_of(rule)
    if note is not None and note.filter == rule.filter:
        return note.scope
    return write_scope(rule.filter)


def owner_of(rule: Rule) -> str:
    """Return the owner of a rule as it was written, unless the rule has another by now."""
    note, team = note_of(rule), rule.owner.identifier if rule.owner else ""
    if note is not None and (not team or team_named(note.owner) == team):
        return note.owner
    return team


def present_rule(rule: Rule, *, is_custom: bool) -> dict[str, Any]:
    """Return what is said of a rule, whose level, scorecard, owner and note are loaded.

    What it does not have is left out, and not null.
    """
    note, scorecard = note_of(rule), rule.scorecard
    attributes = {
        "name": rule.title,
        "description": rule.description,
        "owner": owner_of(rule),
        "level": level_of(rule),
        "enabled": rule.is_enabled,
        "custom": is_custom,
        "scope_query": scope_of(rule),
        "scorecard_name": scorecard.title,
        "category": scorecard.title,
        "created_at": timestamp(note.created_at if note else scorecard.created_at),
        "modified_at": timestamp(note.updated_at if note else scorecard.updated_at),
    }
    identity = {"id": ids.scorecard_id(scorecard.pk), "type": "scorecard"}
    return {
        "id": ids.rule_id(rule.pk),
        "type": "rule",
        "attributes": {key: value for key, value in attributes.items() if value not in ("", None)},
        "relationships": {"scorecard": {"data": identity}},
    }


def present_scorecard(scorecard: Scorecard) -> dict[str, Any]:
    """Return what is said of a scorecard."""
    attributes = {
        "name": scorecard.title,
        "description": scorecard.description,
        "created_at": timestamp(scorecard.created_at),
        "modified_at": timestamp(scorecard.updated_at),
    }
    return {
        "id": ids.scorecard_id(scorecard.pk),
        "type": "scorecard",
        "attributes": {key: value for key, value in attributes.items() if value != ""},
    }
