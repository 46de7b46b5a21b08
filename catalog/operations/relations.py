"""Resolving and writing relation rows for a batch of entities of one blueprint."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog.blueprints import BlueprintSpec
from catalog.bulk import chunks
from catalog.computed.graph import OWNERSHIP, TEAM
from catalog.computed.work import Edge
from catalog.errors import Fault
from catalog.identifiers import identifier_fault
from catalog.models import Entity, EntityRelation
from catalog.system import SYSTEM

# relation name -> identifiers of the targets
Wishes = dict[str, list[str]]


@dataclass(frozen=True)
class Targets:
    """The ids of relation targets: ``(blueprint, identifier) -> entity id``."""

    ids: Mapping[tuple[str, str], int]

    def find(self, blueprint: str, identifier: str) -> int | None:
        """Return the id of a target, or None where there is no such entity."""
        return self.ids.get((blueprint, identifier))


def read_wishes(
    relations: Mapping[str, Any],
    team: Any,
    *,
    spec: BlueprintSpec,
    closed: Collection[str] = (),
    faults: list[Fault],
) -> Wishes:
    """Return what a draft's `relations` and `team` ask for; what is wrong goes to `faults`.

    Relations to `closed` blueprints are not there.
    """
    wishes: Wishes = {}
    open_ = {name for name, relation in spec.relations.items() if relation.target not in closed}
    for name, value in relations.items():
        if name not in open_:
            known = ", ".join(sorted(open_)) or "none"
            message = f"there is no such relation; there are: {known}"
            faults.append(Fault(f"relations.{name}", message, is_missing=True))
            continue
        wishes[name] = _identifiers(value, f"relations.{name}", faults)
        if len(wishes[name]) > 1 and not spec.relations[name].is_many:
            faults.append(Fault(f"relations.{name}", "this relation takes one entity, not several"))
    if team is not None:
        wishes[OWNERSHIP] = _team(team, spec, faults)
    return wishes


def _team(team: Any, spec: BlueprintSpec, faults: list[Fault]) -> list[str]:
    if spec.ownership is None:
        faults.append(Fault("team", f"'{spec.identifier}' has no ownership; leave team out"))
    elif spec.ownership.is_inherited:
        path = ".".join(spec.ownership.path)
        faults.append(Fault("team", f"ownership is inherited through {path}; change it there"))
    return _identifiers(team, "team", faults)


def _identifiers(value: Any, path: str, faults: list[Fault]) -> list[str]:
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and item for item in values):
        faults.append(Fault(path, "give an identifier, a list of identifiers, or null"))
        return []
    return list(dict.fromkeys(values))


def target_blueprint(name: str, spec: BlueprintSpec) -> str:
    """Return the blueprint that the relation named `name` points at."""
    return TEAM if name == OWNERSHIP else spec.relations[name].target


def find_targets(wishes: Iterable[Wishes], spec: BlueprintSpec) -> Targets:
    """Look up every target that the batch names, with a query per target blueprint."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for wish in wishes:
        for name, identifiers in wish.items():
            wanted[target_blueprint(name, spec)].update(identifiers)
    return Targets(
        {
            (blueprint, identifier): id_
            for blueprint, identifiers in wanted.items()
            for chunk in chunks(sorted(identifiers))
            for identifier, id_ in Entity.objects.of(blueprint)
            .named(chunk)
            .values_list("identifier", "id")
        }
    )


class Missing(NamedTuple):
    """A target that there is not; `path` is where a draft names it."""

    path: str
    blueprint: str
    identifier: str


def missing_targets(
    wish: Wishes, *, spec: BlueprintSpec, targets: Targets, batch: frozenset[str]
) -> Iterator[Missing]:
    """Yield the targets that are neither stored nor part of the same batch."""
    for name, identifiers in wish.items():
        blueprint = target_blueprint(name, spec)
        for identifier in identifiers:
            is_coming = blueprint == spec.identifier and identifier in batch
            if not is_coming and targets.find(blueprint, identifier) is None:
                path = "team" if name == OWNERSHIP else f"relations.{name}"
                yield Missing(path, blueprint, identifier)


def target_faults(target: Missing, *, may_be_made: bool) -> Iterator[Fault]:
    """Yield why a draft cannot point at a target that there is not.

    What may be made needs an identifier that can be one. Teams and people are never made so: who
    is one decides over access.
    """
    path, blueprint, identifier = target
    if not may_be_made or blueprint in SYSTEM:
        message = f"there is no {blueprint} '{identifier}'; create it first"
        yield Fault(path, message, is_missing=True)
        return
    for fault in identifier_fault(identifier):
        yield Fault(path, f"there is no such {blueprint} to create: it {fault.message}")


def current(entity_ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Return the related identifiers of each entity: ``id -> relation -> [identifier]``."""
    related: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for chunk in chunks(entity_ids):
        rows = EntityRelation.objects.from_sources(chunk)
        for source_id, name, identifier in rows.values_list(
            "source_id", "relation", "target__identifier"
        ):
            related[source_id][name].append(identifier)
    return related


def write(wanted: Mapping[int, Wishes], *, spec: BlueprintSpec, targets: Targets) -> list[Edge]:
    """Make the rows of the relations named what is wanted; return the rows that came or went."""
    stored: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for chunk in chunks(wanted):
        rows = EntityRelation.objects.from_sources(chunk)
        for id_, source_id, name, target_id in rows.values_list(
            "id", "source_id", "relation", "target_id"
        ):
            stored[source_id, name][target_id] = id_
    gone: list[int] = []
    new: list[EntityRelation] = []
    edges: list[Edge] = []
    for source_id, wishes in wanted.items():
        for name, identifiers in wishes.items():
            blueprint = target_blueprint(name, spec)
            asked = [targets.ids[blueprint, identifier] for identifier in identifiers]
            have = stored[source_id, name]
            for target_id in have.keys() - set(asked):
                gone.append(have[target_id])
                edges.append(Edge(spec.identifier, name, source_id, target_id))
            for target_id in asked:
                if target_id not in have:
                    new.append(
                        EntityRelation(source_id=source_id, relation=name, target_id=target_id)
                    )
                    edges.append(Edge(spec.identifier, name, source_id, target_id))
    for ids in chunks(gone):
        EntityRelation.objects.filter(id__in=ids).delete()
    EntityRelation.objects.bulk_create(new, batch_size=2_000)
    return edges
