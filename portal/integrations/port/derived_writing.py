"""Scorecards and their rules, written as the entities that they are to clients as well."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Fault, Invalid, NotFound
from catalog.models import Blueprint
from portal.integrations.port.cards import Card, card_of, document_of
from portal.integrations.port.derived import find_derived
from portal.integrations.port.derived_blueprints import SCORECARD
from portal.integrations.port.derived_definitions import Definitions, RuleOf
from portal.integrations.port.derived_names import joined, split
from portal.integrations.port.derived_sent import Sent, check_writable, read
from portal.integrations.port.scorecards import create_scorecard, save_document
from portal.permissions import Actor
from scorecards import operations


@transaction.atomic
def write_derived(
    blueprint: str,
    body: Mapping[str, Any],
    *,
    merge: bool,
    upsert: bool,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Create a scorecard or a rule, or, with `upsert`, replace it; return the entity that it is.

    What is not sent stays as it was with `merge`; without, titles, filters and descriptions are
    cleared, but not levels and rules: clients do not read the rules among the properties of a
    scorecard. Raises `Invalid`, `NotFound` for relations that there are not, and `Conflict`.
    """
    sent = read(blueprint, body, merge=merge, upsert=upsert)
    if blueprint == SCORECARD:
        name = _write_scorecard(sent, by=by, now=now)
    else:
        name = _write_rule(sent, by=by, now=now)
    found = find_derived(blueprint, name, now=now, rights=by.rights)
    if found is None:
        raise NotFound(f"There is no {blueprint} '{name}' any more.")
    return found


@transaction.atomic
def delete_derived(blueprint: str, identifier: str, *, by: Actor, now: datetime) -> None:
    """Delete a scorecard or a rule; raises `NotFound`, and `Invalid` for results."""
    check_writable(blueprint)
    definitions = Definitions(by.rights)
    if blueprint == SCORECARD:
        card = definitions.scorecard_named(identifier)
        if card is not None:
            operations.delete_scorecard(scorecard=card.scorecard, by=by, now=now)
            return
    elif rule := definitions.rule_named(identifier):
        operations.delete_rule(rule=rule.rule, by=by, now=now)
        return
    raise NotFound(f"There is no {blueprint} '{identifier}'.")


def _write_scorecard(sent: Sent, *, by: Actor, now: datetime) -> str:
    card = Definitions(by.rights).scorecard_named(sent.identifier)
    if card is not None:
        sent.check_upsert()
        card = _locked(card)
    blueprint = _graded(sent.properties.get("blueprint"), card)
    document = _scorecard_document(sent, card)
    try:
        if card is None:
            saved = create_scorecard(blueprint=blueprint, body=document, by=by, now=now)
        else:
            saved = save_document(
                scorecard=card.scorecard, blueprint=blueprint, document=document, by=by, now=now
            )
    except Invalid as error:
        raise Invalid(map(_in_scorecard, error.faults)) from None
    return saved.scorecard.identifier


def _scorecard_document(sent: Sent, card: Card | None) -> dict[str, Any]:
    before = document_of(card) if card else {"identifier": sent.identifier, "rules": []}
    if not sent.merge:
        before.pop("filter", None)
        before["title"] = sent.identifier
    document = {**before, **sent.properties, "title": sent.title or before.get("title")}
    document.pop("blueprint", None)
    document["rules"] = document["rules"] if document["rules"] is not None else []
    return {**document, "title": document["title"] or sent.identifier}


def _write_rule(sent: Sent, *, by: Actor, now: datetime) -> str:
    definitions = Definitions(by.rights)
    row = definitions.rule_named(sent.identifier)
    if row is not None:
        sent.check_upsert()
        _check_stays(sent, row, definitions)
    card = _locked(row.card if row else _scorecard_of(sent, definitions))
    name = row.rule.identifier if row else _own_name(sent.identifier, card)
    document = document_of(card)
    rules = document["rules"]
    names = [rule["identifier"] for rule in rules]
    index = names.index(name) if name in names else len(rules)
    before = rules[index] if name in names else {}
    rules[index : index + 1] = [_rule_document(sent, name, before)]
    try:
        save_document(
            scorecard=card.scorecard, blueprint=card.blueprint, document=document, by=by, now=now
        )
    except Invalid as error:
        raise Invalid(_in_rule(fault, index) for fault in error.faults) from None
    return joined(card.scorecard.identifier, name)


def _rule_document(sent: Sent, name: str, before: Mapping[str, Any]) -> dict[str, Any]:
    kept = before if sent.merge else {}
    given = sent.properties
    rule = {
        "identifier": name,
        "title": sent.title or kept.get("title") or name,
        "level": given.get("level", kept.get("level")),
        "query": given.get("query", kept.get("query")),
        "description": given.get("rule_description", kept.get("description")),
    }
    faults = [
        Fault(f"properties.{key}", f"give the {key} of the rule")
        for key in ("level", "query")
        if rule[key] is None
    ]
    if faults:
        raise Invalid(faults)
    return {key: value for key, value in rule.items() if value is not None}


def _check_stays(sent: Sent, row: RuleOf, definitions: Definitions) -> None:
    wanted = sent.relations.get("scorecard")
    if wanted is None or definitions.scorecard_named(str(wanted)) == row.card:
        return
    other = joined(str(wanted), row.rule.identifier)
    message = f"this rule belongs to '{row.card.scorecard.identifier}'; another is '{other}'"
    raise Invalid.at("relations.scorecard", message)


def _scorecard_of(sent: Sent, definitions: Definitions) -> Card:
    wanted = sent.relations.get("scorecard")
    card = definitions.scorecard_named(wanted) if isinstance(wanted, str) else None
    if card is None:
        there_are = ", ".join(
            sorted(row.scorecard.identifier for row in definitions.cards.values())
        )
        raise Invalid.at(
            "relations.scorecard",
            f"name the scorecard of the rule; there are: {there_are or 'none'}",
        )
    return card


def _own_name(identifier: str, card: Card) -> str:
    """Return what a new rule is called in its scorecard, whose name may stand before it."""
    parts = split(identifier) or ()
    is_whole = len(parts) == len(("scorecard", "rule")) and parts[0] == card.scorecard.identifier
    return parts[1] if is_whole else identifier


def _locked(card: Card) -> Card:
    """Return the scorecard as it is when no other edit of it is under way."""
    operations.locked_document(card.scorecard)
    return card_of(card.scorecard, card.blueprint)


def _graded(wanted: Any, card: Card | None) -> Blueprint:
    if wanted is None and card is not None:
        return card.blueprint
    row = Blueprint.objects.filter(identifier=wanted).first() if isinstance(wanted, str) else None
    if row is None:
        raise Invalid.at("properties.blueprint", "name the blueprint that is graded")
    return row


def _in_scorecard(fault: Fault) -> Fault:
    is_property = fault.path.startswith(("levels", "filter", "rules"))
    return fault.under("properties") if is_property else fault


def _in_rule(fault: Fault, index: int) -> Fault:
    """Return a fault in the scorecard as one in the rule, where it is about that."""
    inner = fault.path.removeprefix(f"rules[{index}]").removeprefix(".")
    if inner.startswith("description"):
        return Fault(f"properties.rule_{inner}", fault.message)
    is_property = inner.startswith(("level", "query")) and inner != fault.path
    return Fault(f"properties.{inner}" if is_property else inner, fault.message)
