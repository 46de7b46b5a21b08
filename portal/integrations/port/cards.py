"""The scorecards of blueprints, looked up and shown as clients of this dialect know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from catalog.errors import NotFound
from catalog.facts import timestamp
from catalog.models import Blueprint, Change
from portal.integrations.models import ScorecardNote
from portal.integrations.port import scorecard_codec as codec
from portal.integrations.port.scorecard_names import given_names, names_of
from portal.permissions import Rights
from scorecards import operations
from scorecards.models import Scorecard
from scorecards.querysets import ScorecardQuerySet


@dataclass(frozen=True)
class Card:
    """A scorecard on one of the blueprints that it grades. Parts and stamps are loaded."""

    scorecard: Scorecard
    blueprint: Blueprint
    identifier: str
    written: Mapping[str, Any]


def cards_on(blueprint: Blueprint) -> list[Card]:
    """Return the scorecards of a blueprint, drafts too, in the order in which they were made."""
    return _cards(Scorecard.objects.filter(blueprints=blueprint), blueprint=blueprint)


def all_cards(rights: Rights | None = None) -> list[Card]:
    """Return the scorecards of all blueprints; one that grades several is there for each.

    With `rights`, for each that these may read.
    """
    hidden = rights.hidden if rights is not None else {}
    return [card for card in _cards(Scorecard.objects.all()) if card.blueprint.pk not in hidden]


def card_on(blueprint: Blueprint, identifier: str) -> Card:
    """Return the scorecard with this name on a blueprint; raises `NotFound`."""
    scorecard = scorecards_by_name(blueprint).get(identifier)
    if scorecard is None:
        raise not_there(blueprint, identifier)
    return card_of(scorecard, blueprint)


def card_of(scorecard: Scorecard, blueprint: Blueprint) -> Card:
    """Return a scorecard on a blueprint; raises `NotFound` where it does not grade it any more."""
    cards = _cards(Scorecard.objects.filter(pk=scorecard.pk), blueprint=blueprint)
    if not cards:
        raise not_there(blueprint, scorecard.identifier)
    return cards[0]


def presented(card: Card) -> dict[str, Any]:
    """Return what answers say of a scorecard."""
    row = card.scorecard
    return {
        **document_of(card),
        "id": str(row.pk),
        "blueprint": card.blueprint.identifier,
        "createdAt": timestamp(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": timestamp(row.updated_at),
        "updatedBy": row.updated_by,
    }


def document_of(card: Card) -> dict[str, Any]:
    """Return what clients write of a scorecard, with its rules in their order."""
    rules = sorted(card.scorecard.rules.all(), key=lambda rule: (rule.position, rule.pk))
    native = {
        **operations.document_of(card.scorecard),
        "rules": [operations.rule_document_of(rule) for rule in rules],
    }
    return codec.to_wire(native, identifier=card.identifier, written=card.written)


def scorecards_by_name(blueprint: Blueprint) -> dict[str, Scorecard]:
    """Return the scorecards of a blueprint by what they are called on it, without their parts."""
    rows = {row.pk: row for row in Scorecard.objects.filter(blueprints=blueprint).order_by("id")}
    names = names_of(
        [(blueprint.pk, key) for key in rows],
        identifiers={key: row.identifier for key, row in rows.items()},
        given=given_names([blueprint.pk]),
    )
    return {name: rows[key] for (_, key), name in names.items()}


def not_there(blueprint: Blueprint, identifier: str) -> NotFound:
    """Return what to raise where a name leads to no scorecard."""
    return NotFound(f"There is no scorecard '{identifier}' on '{blueprint.identifier}'.")


def _cards(scorecards: ScorecardQuerySet, *, blueprint: Blueprint | None = None) -> list[Card]:
    """Return the scorecards with their parts, on one of their blueprints or on each of them."""
    rows = list(_stamped(scorecards).with_parts().order_by("id"))
    pairs = [
        (own, row)
        for row in rows
        for own in sorted(row.blueprints.all(), key=lambda own: own.identifier)
        if blueprint is None or own == blueprint
    ]
    notes = {
        (note.blueprint_id, note.scorecard_id): note
        for note in ScorecardNote.objects.in_force().filter(
            blueprint__in={own.pk for own, _ in pairs}
        )
    }
    names = names_of(
        [(own.pk, row.pk) for own, row in pairs],
        identifiers={row.pk: row.identifier for row in rows},
        given={pair: note.identifier for pair, note in notes.items()},
    )
    return [
        Card(
            scorecard=row,
            blueprint=own,
            identifier=names[own.pk, row.pk],
            written=notes[own.pk, row.pk].written if (own.pk, row.pk) in notes else {},
        )
        for own, row in pairs
    ]


def _stamped(scorecards: ScorecardQuerySet) -> ScorecardQuerySet:
    """Load who made each scorecard and who edited it last, out of the history."""
    changes = Change.objects.filter(
        kind="scorecard", blueprint="", identifier=OuterRef("identifier")
    ).order_by("-id")
    made = changes.filter(action=Change.Action.CREATED)
    return scorecards.annotate(created_by=_actor_of(made), updated_by=_actor_of(changes))


def _actor_of(changes: "models.QuerySet[Change]") -> Coalesce:
    return Coalesce(Subquery(changes.values("actor")[:1]), Value(""))
