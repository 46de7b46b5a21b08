"""Writing and showing entities as this dialect does, over the operations of the catalog."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from catalog import registry
from catalog.bulk import chunks
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import UNSET, EntityDraft, Leniency, Outcome, upsert_entities
from portal.integrations.port.entities_codec import Presenter, Sent, Shape, read_entity
from portal.integrations.port.entity_scorecards import scorecards_of
from portal.integrations.port.references import Resolved, resolve
from portal.permissions import Actor, Rights

# What clients send that a blueprint does not define, and what they read and send back.
_LENIENT = Leniency(may_have_unknown=True, may_repeat_computed=True)
_BARE = Leniency(may_have_unknown=True, may_repeat_computed=True, may_lack_required=True)
_PLACE = re.compile(r"entities\[(\d+)\]")


@dataclass(frozen=True)
class Writing:
    """How a request wants its entities written, and who asks."""

    by: Actor
    now: datetime
    datasource: str = ""
    merge: bool = False
    create_missing: bool = False
    create_only: bool = False
    update_only: bool = False
    dry_run: bool = False


@dataclass
class Results:
    """What became of the entities of a request, by their index in it.

    `bare` are entities made because others pointed at them.
    """

    entities: dict[int, Entity] = field(default_factory=dict)
    created: set[int] = field(default_factory=set)
    unchanged: set[int] = field(default_factory=set)
    bare: list[Entity] = field(default_factory=list)
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    identifiers: dict[int, str] = field(default_factory=dict)


def write_one(
    blueprint: Blueprint, sent: Sent, writing: Writing, *, new_identifier: Any = UNSET
) -> tuple[Entity, bool]:
    """Write one entity; return it and whether it is new. Raises `Invalid`.

    `new_identifier` is what an entity that exists is to be called from now on.
    """
    resolved = resolve(
        {0: sent}, blueprint=blueprint.identifier, now=writing.now, rights=writing.by.rights
    )[0]
    if resolved.faults:
        raise Invalid(resolved.faults)
    # Some clients write entities that wait for others once more with nothing but relations.
    leniency = _LENIENT if "properties" in sent.parts else _BARE
    draft = replace(_draft(resolved), new_identifier=new_identifier)
    try:
        outcome = _upsert(blueprint, [draft], writing, leniency=leniency, is_partial=False)
    except Invalid as error:
        raise Invalid(fault.out_of("entities[0]") for fault in error.faults) from None
    entity = outcome.by_index[0]
    return entity, entity.pk in outcome.new_ids


def write_many(blueprint: Blueprint, bodies: Sequence[Any], writing: Writing) -> Results:
    """Write the entities that can be written; what is wrong with the others is in the results."""
    results = Results()
    sents: dict[int, Sent] = {}
    for index, body in enumerate(bodies):
        try:
            sents[index] = read_entity(body, blueprint=blueprint.identifier)
        except Invalid as error:
            results.faults[index] = error.faults
    drafts: dict[int, EntityDraft] = {}
    meant = resolve(
        sents, blueprint=blueprint.identifier, now=writing.now, rights=writing.by.rights
    )
    for index, resolved in meant.items():
        if resolved.faults:
            results.faults[index] = resolved.faults
        else:
            drafts[index] = _draft(resolved)
        if resolved.identifier is not None:
            results.identifiers[index] = resolved.identifier
    places = list(drafts)
    outcome = _upsert(blueprint, list(drafts.values()), writing, leniency=_LENIENT, is_partial=True)
    _collect(results, outcome, places)
    return results


def _collect(results: Results, outcome: Outcome, places: Sequence[int]) -> None:
    """Note in the results what became of the drafts, which stood at these places."""
    results.bare.extend(outcome.bare)
    seen: set[int] = set()
    for index, entity in outcome.by_index.items():
        place = places[index]
        results.entities[place] = entity
        results.identifiers[place] = entity.identifier
        if entity.pk in outcome.new_ids and entity.pk not in seen:
            results.created.add(place)
        if entity.pk in outcome.unchanged_ids:
            results.unchanged.add(place)
        seen.add(entity.pk)
    for fault in outcome.faults:
        prefix, index = _PLACE.match(fault.path).group(0, 1)
        results.faults.setdefault(places[int(index)], []).append(fault.out_of(prefix))


def _draft(resolved: Resolved) -> EntityDraft:
    identifier = resolved.identifier
    if identifier is None:
        identifier = f"e_{secrets.token_hex(8)}"
    return resolved.sent.draft(identifier)


def _upsert(
    blueprint: Blueprint,
    drafts: Sequence[EntityDraft],
    writing: Writing,
    *,
    leniency: Leniency,
    is_partial: bool,
) -> Outcome:
    return upsert_entities(
        blueprint=blueprint,
        drafts=drafts,
        merge=writing.merge,
        by=writing.by,
        now=writing.now,
        datasource=writing.datasource,
        is_partial=is_partial,
        leniency=leniency,
        create_missing=writing.create_missing,
        create_only=writing.create_only,
        update_only=writing.update_only,
        may_repeat=True,
        dry_run=writing.dry_run,
    )


def show(
    entities: Sequence[Entity], shape: Shape, *, rights: Rights, has_titles: bool = False
) -> list[dict[str, Any]]:
    """Return entities as clients see them, in order, with what scorecards found about them.

    Relations to what `rights` may not read are left out.
    The number of queries does not grow with the number of entities.
    """
    specs = registry.graph().specs
    # A draft that was only tried has nothing that was found about it.
    stored = [entity for entity in entities if entity.pk is not None]
    found = scorecards_of(stored) if shape.shows("scorecards") else {}
    titles = _titles(stored) if has_titles else {}
    presenters = {
        name: Presenter(
            specs[name],
            shape,
            titles.get(name, {}) if has_titles else None,
            hidden=frozenset(rights.hidden.values()),
        )
        for name in {entity.facts["$blueprint"] for entity in entities}
    }
    return [
        presenters[entity.facts["$blueprint"]].present(entity.facts, found.get(entity.pk))
        for entity in entities
    ]


def _titles(entities: Iterable[Entity]) -> Mapping[str, Mapping[tuple[str, str], str]]:
    """Return the titles of what entities point at: blueprint to (relation, identifier) to title."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    blueprints = {entity.pk: entity.facts["$blueprint"] for entity in entities}
    for chunk in chunks(blueprints):
        rows = EntityRelation.objects.filter(source_id__in=chunk)
        for source, relation, identifier, title in rows.values_list(
            "source_id", "relation", "target__identifier", "target__title"
        ):
            found.setdefault(blueprints[source], {})[relation, identifier] = title
    return found
