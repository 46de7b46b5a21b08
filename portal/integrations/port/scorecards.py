"""Writing the scorecards of a blueprint, named as clients of this dialect name them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Fault, Invalid
from catalog.models import Blueprint
from portal.integrations.models import ScorecardNote
from portal.integrations.port import scorecard_codec as codec
from portal.integrations.port.cards import Card, card_of, cards_on, not_there, scorecards_by_name
from portal.integrations.port.scorecard_names import own_identifier
from portal.permissions import Actor
from scorecards import operations
from scorecards.models import Scorecard


@transaction.atomic
def create_scorecard(
    *, blueprint: Blueprint, body: Mapping[str, Any], by: Actor, now: datetime
) -> Card:
    """Create a scorecard that grades a blueprint; raises `Conflict` where there is one so named."""
    document = codec.read(body, blueprint=blueprint.identifier)
    _check_free(blueprint, document["identifier"], among=_names_on(blueprint))
    return _save(blueprint, document, scorecard=None, by=by, now=now)


@transaction.atomic
def replace_scorecard(
    *, blueprint: Blueprint, identifier: str, body: Mapping[str, Any], by: Actor, now: datetime
) -> Card:
    """Replace a scorecard, and rename it where the body names it otherwise."""
    document = codec.read(body, blueprint=blueprint.identifier)
    names = _names_on(blueprint)
    scorecard = names.pop(identifier, None)
    if scorecard is None:
        raise not_there(blueprint, identifier)
    _check_free(blueprint, document["identifier"], among=names)
    return _save(blueprint, document, scorecard=scorecard, by=by, now=now)


@transaction.atomic
def replace_scorecards(
    *, blueprint: Blueprint, bodies: Sequence[Any], by: Actor, now: datetime
) -> list[Card]:
    """Make these the scorecards of a blueprint: those of others that it has are taken away.

    One that it has is known by `id`, else by identifier. Raises `Invalid`, saving nothing.
    """
    documents = _read_all(bodies, blueprint)
    names = _names_on(blueprint)
    targets = _targets(bodies, names)
    for scorecard in names.values():
        # What follows the catalog is not for the clients of one blueprint to take away.
        if scorecard not in targets and not scorecard.follows_catalog:
            operations.stop_grading(scorecard=scorecard, blueprint=blueprint, by=by, now=now)
    for index, (document, target) in enumerate(zip(documents, targets, strict=True)):
        try:
            _save(blueprint, document, scorecard=target, by=by, now=now)
        except Invalid as error:
            raise Invalid(fault.under(f"[{index}]") for fault in error.faults) from None
    return cards_on(blueprint)


@transaction.atomic
def save_document(
    *,
    scorecard: Scorecard,
    blueprint: Blueprint,
    document: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> Card:
    """Save a scorecard on a blueprint that need not be one that it grades: then it moves there."""
    checked = codec.read(document, blueprint=blueprint.identifier)
    others = [name for name, row in _names_on(blueprint).items() if row != scorecard]
    _check_free(blueprint, checked["identifier"], among=others)
    return _save(blueprint, checked, scorecard=scorecard, by=by, now=now)


@transaction.atomic
def delete_scorecard(*, blueprint: Blueprint, identifier: str, by: Actor, now: datetime) -> None:
    """Delete a scorecard; one that grades other blueprints too only leaves this one."""
    scorecard = _names_on(blueprint).get(identifier)
    if scorecard is None:
        raise not_there(blueprint, identifier)
    ScorecardNote.objects.filter(blueprint=blueprint, scorecard=scorecard).delete()
    operations.stop_grading(scorecard=scorecard, blueprint=blueprint, by=by, now=now)


def _read_all(bodies: Sequence[Any], blueprint: Blueprint) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for index, body in enumerate(bodies):
        if not isinstance(body, dict):
            faults.append(Fault(f"[{index}]", "send a JSON object"))
            continue
        try:
            document = codec.read(body, blueprint=blueprint.identifier)
        except Invalid as error:
            faults.extend(fault.under(f"[{index}]") for fault in error.faults)
            continue
        if any(document["identifier"] == other["identifier"] for other in documents):
            message = f"'{document['identifier']}' stands twice; send it once"
            faults.append(Fault(f"[{index}].identifier", message))
        documents.append(document)
    if faults:
        raise Invalid(faults)
    return documents


def _targets(
    bodies: Sequence[Mapping[str, Any]], names: Mapping[str, Scorecard]
) -> list[Scorecard | None]:
    """Return the scorecard that each of the documents replaces, None where it makes one."""
    by_id = {str(row.pk): row for row in names.values()}
    found = [
        by_id.get(str(body.get("id"))) or names.get(str(body["identifier"])) for body in bodies
    ]
    for index, row in enumerate(found):
        if row is not None and row in found[:index]:
            message = f"is the scorecard of [{found.index(row)}] already; send it once"
            raise Invalid.at(f"[{index}].id", message)
    return found


def _save(
    blueprint: Blueprint,
    document: Mapping[str, Any],
    *,
    scorecard: Scorecard | None,
    by: Actor,
    now: datetime,
) -> Card:
    name = document["identifier"]
    saved = operations.save_scorecard(
        definition=codec.to_native(
            document,
            identifier=scorecard.identifier
            if scorecard
            else own_identifier(name, blueprint=blueprint.identifier),
            blueprint=blueprint.identifier,
            before=operations.locked_document(scorecard) if scorecard else None,
        ),
        by=by,
        now=now,
    )
    # Of a scorecard that was called so when it still graded this blueprint, or that is about to be
    # named anew.
    old = ScorecardNote.objects.filter(blueprint=blueprint, identifier=name)
    old.exclude(scorecard=saved).delete()
    ScorecardNote.objects.update_or_create(
        blueprint=blueprint,
        scorecard=saved,
        defaults={"identifier": name, "written": dict(document)},
    )
    return card_of(saved, blueprint)


def _names_on(blueprint: Blueprint) -> dict[str, Scorecard]:
    """Return the scorecards of a blueprint by name, when no other writer of this door is at it."""
    list(Blueprint.objects.select_for_update(no_key=True).filter(pk=blueprint.pk).values_list("id"))
    return scorecards_by_name(blueprint)


def _check_free(blueprint: Blueprint, name: str, *, among: Iterable[str]) -> None:
    if name in among:
        raise Conflict(f"There is a scorecard '{name}' on '{blueprint.identifier}' already.")
