"""Writing what catalog files define: entities, their teams, systems, kinds and relations."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.descriptors.datadog.definitions import Definition, at
from catalog.descriptors.datadog.evidence import properties_of
from catalog.descriptors.datadog.inheritance import bases, inherited
from catalog.descriptors.datadog.relations import Declared, RelationType, declared
from catalog.descriptors.datadog.versions import application_of
from catalog.descriptors.references import Reference
from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault
from catalog.models import TEAM, Blueprint, Entity
from catalog.operations import UNSET, EntityDraft, Leniency, upsert_entities
from portal.integrations.datadog.definitions.declaring import declare, edge_of
from portal.integrations.datadog.definitions.kinds import SYSTEM, ensure_kinds, keeping_of
from portal.integrations.datadog.definitions.linking import link
from portal.integrations.datadog.definitions.reading import describe, entities_called
from portal.integrations.models import EntityDefinition
from portal.permissions import Actor

_LENIENT = Leniency(may_lack_required=True)
_PLACE = re.compile(r"entities\[(\d+)\]")
# Where parts of a draft stand in a definition.
_PATHS = {"identifier": "metadata.name", "team": "metadata.owner", "title": "metadata.displayName"}


@dataclass(frozen=True)
class _Wanted:
    """One definition of a file: where it stood, what it takes over and what it declares."""

    index: int
    definition: Definition
    taken: Mapping[str, Any]
    relations: frozenset[Declared]

    @property
    def whole(self) -> dict[str, Any]:
        whole = self.definition.whole
        return {**whole, "metadata": {**self.taken, **whole["metadata"]}}

    @property
    def team(self) -> Reference | None:
        owner = self.whole["metadata"].get("owner")
        return Reference.team(owner) if owner else None


@transaction.atomic
def upsert_definitions(
    *, definitions: Sequence[Definition], by: Actor, now: datetime
) -> list[Entity]:
    """Write the entities that definitions define; all of them or none. Raises `Invalid`.

    What a definition does not mention is gone, of all that definitions can say; the rest of the
    entity stays. Kinds, teams and systems come with it where there are none. Places in one of
    several definitions begin with ``documents[<index>]``.
    """
    locate = at if len(definitions) > 1 else _as_it_is
    wanted = _wanted(definitions, locate)
    kinds = {item.definition.reference.kind for item in wanted}
    systems = _systems(wanted)
    if systems:
        kinds.add(SYSTEM)
    blueprints = ensure_kinds(kinds=kinds, by=by, now=now)
    specs = registry.graph().specs
    _make_missing(Blueprint.objects.get(identifier=TEAM), _teams(wanted), by=by, now=now)
    entities: dict[int, Entity] = {}
    for kind, together in sorted(_by_kind(wanted).items()):
        drafts = [_draft(item, specs[kind]) for item in together]
        for index, entity in _written(blueprints[kind], drafts, together, locate, by=by, now=now):
            entities[index] = entity
    if systems:
        _make_missing(blueprints[SYSTEM], systems, by=by, now=now)
    _keep(wanted, entities, now=now)
    relations = {
        entities[item.index]: {edge_of(one) for one in _relations(item, specs)} for item in wanted
    }
    before = declare(relations, now=now)
    names = [(item.definition.reference.kind, entities[item.index].identifier) for item in wanted]
    names += [(SYSTEM, name) for name in systems]
    link(names, before=before, by=by, now=now)
    return [entities[index] for index in sorted(entities)]


def _as_it_is(index: int, fault: Fault) -> Fault:
    return fault


def _wanted(
    definitions: Sequence[Definition], locate: Callable[[int, Fault], Fault]
) -> list[_Wanted]:
    relations: list[frozenset[Declared]] = []
    faults: list[Fault] = []
    for index, definition in enumerate(definitions):
        try:
            relations.append(frozenset(declared(definition)))
        except Invalid as error:
            faults += (locate(index, definition.as_sent(fault)) for fault in error.faults)
    if faults:
        raise Invalid(faults)
    taken = inherited(definitions, _stored_metadata(definitions))
    wanted = [
        _Wanted(index, definition, taken[index], relations[index])
        for index, definition in enumerate(definitions)
    ]
    faults = [
        locate(item.index, item.definition.as_sent(fault.at("metadata.owner")))
        for item in wanted
        if item.team is not None
        for fault in identifier_fault(item.team.identifier)
    ]
    if faults:
        raise Invalid(faults)
    return wanted


def _stored_metadata(
    definitions: Sequence[Definition],
) -> Callable[[Reference], Mapping[str, Any] | None]:
    """Return what knows the metadata of the entities that definitions inherit from."""
    names = {(base.kind, base.identifier) for base in bases(definitions).values()}
    found = entities_called(names) if names else {}
    specs = registry.graph().specs if found else {}

    def metadata_of(reference: Reference) -> Mapping[str, Any] | None:
        entity = found.get((reference.kind, reference.identifier))
        return None if entity is None else describe(entity, specs).whole["metadata"]

    return metadata_of


def _systems(wanted: Iterable[_Wanted]) -> dict[str, str]:
    """Return the systems that older definitions name as their application: they come alongside."""
    found: dict[str, str] = {}
    for item in wanted:
        if item.definition.version != "v3":
            name = application_of(item.whole.get("spec", {}).get("componentOf", []))
            if name is not None:
                found[name] = ""
    return found


def _teams(wanted: Iterable[_Wanted]) -> dict[str, str]:
    """Return the teams that own: their identifiers with the names that they go by."""
    found: dict[str, str] = {}
    for item in wanted:
        if item.team is not None:
            owner = item.whole["metadata"]["owner"]
            is_name = owner != item.team.identifier and ":" not in owner
            found[item.team.identifier] = owner if is_name else ""
    return found


def _make_missing(
    blueprint: Blueprint, names: Mapping[str, str], *, by: Actor, now: datetime
) -> None:
    """Make the entities that are not there, with nothing but a title."""
    if not names:
        return
    rows = Entity.objects.filter(blueprint=blueprint).named(names)
    stored = set(rows.values_list("identifier", flat=True))
    drafts = [
        EntityDraft(name, title=title or UNSET)
        for name, title in sorted(names.items())
        if name not in stored
    ]
    if drafts:
        upsert_entities(blueprint=blueprint, drafts=drafts, leniency=_LENIENT, by=by, now=now)


def _by_kind(wanted: Iterable[_Wanted]) -> dict[str, list[_Wanted]]:
    grouped: dict[str, list[_Wanted]] = defaultdict(list)
    for item in wanted:
        grouped[item.definition.reference.kind].append(item)
    return grouped


def _owns_itself(spec: BlueprintSpec) -> bool:
    return spec.ownership is not None and not spec.ownership.is_inherited


def _draft(item: _Wanted, spec: BlueprintSpec) -> EntityDraft:
    whole = item.whole
    known = keeping_of(spec).properties
    team: Any = UNSET
    if _owns_itself(spec):
        team = [item.team.identifier] if item.team else []
    return EntityDraft(
        item.definition.reference.identifier,
        # Null clears it, and then the identifier stands for it.
        title=whole["metadata"].get("displayName"),
        properties={key: value for key, value in properties_of(whole).items() if key in known},
        team=team,
    )


def _written(
    blueprint: Blueprint,
    drafts: Sequence[EntityDraft],
    together: Sequence[_Wanted],
    locate: Callable[[int, Fault], Fault],
    *,
    by: Actor,
    now: datetime,
) -> Iterator[tuple[int, Entity]]:
    """Write the entities of one kind; yield each with the place of its definition."""
    try:
        outcome = upsert_entities(
            blueprint=blueprint, drafts=drafts, leniency=_LENIENT, by=by, now=now
        )
    except Invalid as error:
        raise Invalid(_relocated(error.faults, together, locate)) from None
    for place, entity in outcome.by_index.items():
        yield together[place].index, entity


def _relocated(
    faults: Iterable[Fault],
    together: Sequence[_Wanted],
    locate: Callable[[int, Fault], Fault],
) -> Iterator[Fault]:
    """Yield the faults of drafts as faults of the definitions that they were made of."""
    for fault in faults:
        prefix, place = _PLACE.match(fault.path).group(0, 1)
        item, inner = together[int(place)], fault.out_of(prefix)
        inner = inner.at(_PATHS.get(inner.path, inner.path))
        yield locate(item.index, item.definition.as_sent(inner))


def _relations(item: _Wanted, specs: Mapping[str, BlueprintSpec]) -> set[Declared]:
    """Return what is to be kept as declared: owners only where the entity cannot have one."""
    found = set(item.relations)
    own = item.definition.reference
    if item.team is not None and not _owns_itself(specs[own.kind]):
        one = Declared(RelationType.OWNED_BY, own, item.team)
        found |= {one, one.inverse}
    return found


def _keep(wanted: Iterable[_Wanted], entities: Mapping[int, Entity], *, now: datetime) -> None:
    rows = [
        EntityDefinition(
            entity=entities[item.index],
            schema_version=item.definition.version,
            namespace=item.definition.reference.namespace,
            document=item.definition.document,
            inherited=dict(item.taken),
            text=item.definition.text,
            created_at=now,
            updated_at=now,
        )
        for item in wanted
    ]
    EntityDefinition.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["entity"],
        update_fields=[
            "schema_version", "namespace", "document", "inherited", "text", "updated_at",
        ],
    )  # fmt: skip
