"""Entities in an archive: what was given, and none of what Tidemark works out from it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from django.db.models import Max

from catalog import facts, registry
from catalog.blueprints import BlueprintSpec
from catalog.bulk import chunks, insert_rows, update_rows
from catalog.errors import Fault
from catalog.facts import same
from catalog.identifiers import identifier_fault
from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from catalog.operations import relations
from catalog.storable import storable_faults
from portal.archive import naming
from portal.archive.lines import (
    CHUNK,
    Context,
    Document,
    Faults,
    Lines,
    Selection,
    Tally,
    moment,
    unknown_keys,
)

_TEXTS = {"title": 1000, "icon": 100, "datasource": 200, "created_by": 200, "updated_by": 200}
_MOMENTS = ("created_at", "updated_at")
_GIVEN = ("title", "icon", "properties", "datasource", *_MOMENTS, "created_by", "updated_by")
_KEYS = ("blueprint", "identifier", "relations", *_GIVEN)


def _written(spec: BlueprintSpec) -> dict[str, str]:
    """Return the relations that people and tools write, with where they lead."""
    found = {key: spec.relations[key].target for key in spec.written_relations}
    if spec.ownership is not None and not spec.ownership.is_inherited:
        found[OWNERSHIP] = TEAM
    return found


@dataclass(frozen=True)
class Entities:
    """The entities of all blueprints, with the relations that were written.

    They come in as rows, with their stamps, and are worked out anew afterwards. What their
    blueprint would refuse today is let in: it may have been edited since they were written.
    """

    name: str = "entities"
    is_history: bool = False

    def documents(self, selection: Selection) -> Iterator[Document]:
        """Yield the entities, blueprint by blueprint."""
        specs = registry.graph().specs
        for blueprint in sorted(filter(selection.has, specs)):
            names = _written(specs[blueprint])
            rows = Entity.objects.of(blueprint).order_by("pk").defer("facts", "computed")
            for chunk in chunks(rows.iterator(CHUNK), CHUNK):
                related = relations.current([entity.pk for entity in chunk])
                for entity in chunk:
                    yield _document(blueprint, entity, related[entity.pk], names)

    def secrets(self) -> list[str]:
        """Return nothing: entities have none."""
        return []

    def store(self, lines: Lines, context: Context) -> Tally:
        """Write the entities, then the relations between them."""
        tally = Tally()
        graph = registry.graph()
        newest = Entity.objects.aggregate(newest=Max("pk"))["newest"] or 0
        blueprints = dict(Blueprint.objects.values_list("identifier", "pk"))
        for chunk in chunks(lines, CHUNK):
            faults = Faults(lines.file)
            for line, document in chunk:
                faults.add(line, _faults(document, graph.specs))
            faults.must_be_none()
            _store(chunk, graph.specs, blueprints, tally)
            context.advance(len(chunk))
        for chunk in chunks(lines, CHUNK):
            moved = _relate(chunk, graph.specs, Faults(lines.file))
            tally.changed += sum(source <= newest for source in moved)
        return tally


def _document(
    blueprint: str, entity: Entity, related: Mapping[str, list[str]], names: Collection[str]
) -> Document:
    moments = {name: getattr(entity, name).astimezone(UTC).isoformat() for name in _MOMENTS}
    return {
        "blueprint": blueprint,
        "identifier": entity.identifier,
        "relations": {name: sorted(related[name]) for name in names if related.get(name)},
        **{name: getattr(entity, name) for name in _GIVEN},
        **moments,
    }


def _faults(document: Document, specs: Mapping[str, BlueprintSpec]) -> Iterator[Fault]:
    if found := unknown_keys(document, _KEYS) or storable_faults(document):
        yield from found
        return
    yield from identifier_fault(document["identifier"])
    for name, limit in _TEXTS.items():
        if not isinstance(document[name], str) or len(document[name]) > limit:
            yield Fault(name, f"is no text of at most {limit} characters")
    for name in _MOMENTS:
        if moment(document[name]) is None:
            yield Fault(name, "is no moment with a time zone, such as 2026-01-31T12:00:00+00:00")
    if not isinstance(document["properties"], dict):
        yield Fault("properties", "is no object")
    spec = specs.get(document["blueprint"]) if isinstance(document["blueprint"], str) else None
    if spec is None:
        yield Fault("blueprint", f"there is no blueprint '{document['blueprint']}'")
        return
    if not isinstance(document["relations"], dict):
        yield Fault("relations", "is no object")
        return
    names = _written(spec)
    for name, targets in document["relations"].items():
        if name not in names:
            yield Fault(f"relations.{name}", "is no relation of the blueprint that can be written")
        elif not isinstance(targets, list) or not all(isinstance(item, str) for item in targets):
            yield Fault(f"relations.{name}", "is no list of identifiers")
        elif len(targets) > 1 and name != OWNERSHIP and not spec.relations[name].is_many:
            yield Fault(f"relations.{name}", "leads to one entity; name only one")


def _store(
    chunk: Sequence[tuple[int, Document]],
    specs: Mapping[str, BlueprintSpec],
    blueprints: Mapping[str, int],
    tally: Tally,
) -> None:
    stored = _stored([document for _, document in chunk])
    new: dict[tuple[str, str], Entity] = {}
    changed = []
    for _, document in chunk:
        name = (document["blueprint"], document["identifier"])
        values = {key: document[key] for key in _GIVEN}
        values |= {key: moment(document[key]) for key in _MOMENTS}
        entity = stored.get(name) or new.get(name)
        if entity is None:
            entity = Entity(blueprint_id=blueprints[name[0]], identifier=name[1], **values)
            entity.facts = facts.build(entity, spec=specs[name[0]], related={})
            new[name] = entity
        elif all(same(getattr(entity, key), value) for key, value in values.items()):
            tally.same += 1
        else:
            for key, value in values.items():
                setattr(entity, key, value)
            changed.append(entity)
    Entity.objects.bulk_create(new.values())
    update_rows(changed, fields=_GIVEN)
    tally.created += len(new)
    tally.changed += len(changed)


def _stored(documents: Sequence[Document]) -> dict[tuple[str, str], Entity]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for document in documents:
        grouped[document["blueprint"]].append(document["identifier"])
    return {
        (blueprint, entity.identifier): entity
        for blueprint, names in grouped.items()
        for entity in Entity.objects.of(blueprint).named(names).defer("facts", "computed")
    }


def _relate(
    chunk: Sequence[tuple[int, Document]], specs: Mapping[str, BlueprintSpec], faults: Faults
) -> set[int]:
    """Make the relation rows those that the lines tell; return the entities of which any moved."""
    targets = {
        blueprint: _written(specs[blueprint])
        for blueprint in {document["blueprint"] for _, document in chunk}
    }
    named = {(document["blueprint"], document["identifier"]) for _, document in chunk}
    named |= {
        (targets[document["blueprint"]][name], identifier)
        for _, document in chunk
        for name, identifiers in document["relations"].items()
        for identifier in identifiers
    }
    ids = naming.found(Entity, named)
    wanted: set[tuple[int, str, int]] = set()
    sources = set()
    for line, document in chunk:
        source = ids[document["blueprint"], document["identifier"]]
        sources.add(source)
        for name, identifiers in document["relations"].items():
            for identifier in identifiers:
                target = targets[document["blueprint"]][name], identifier
                if target in ids:
                    wanted.add((source, name, ids[target]))
                    continue
                message = f"there is no {target[0]} '{identifier}' here; import it first"
                faults.add(line, [Fault(f"relations.{name}", message)])
    faults.must_be_none()
    there = _edges(sources, targets)
    insert_rows(
        EntityRelation, sorted(wanted - there.keys()), fields=("source", "relation", "target")
    )
    gone = [pk for edge, pk in there.items() if edge not in wanted]
    EntityRelation.objects.filter(pk__in=gone).delete()
    return {edge[0] for edge in wanted ^ there.keys()}


def _edges(
    sources: Collection[int], written: Mapping[str, Collection[str]]
) -> dict[tuple[int, str, int], int]:
    """Return the relation rows of these entities that people and tools wrote."""
    rows = EntityRelation.objects.filter(source_id__in=sources).values_list(
        "source__blueprint__identifier", "source_id", "relation", "target_id", "pk"
    )
    return {
        (source, name, target): pk
        for blueprint, source, name, target, pk in rows
        if name in written[blueprint]
    }
