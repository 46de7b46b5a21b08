"""Declared relations on the portal's own pages: as relations of blueprints, where one fits.

A dependency within a kind is the relation `depends_on`, one on another well-known kind
`depends_on_<kind>`, and being part of a system `part_of`. Everything else is in the rows alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.descriptors.datadog.relations import RelationType
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import EntityDraft, Leniency, save_blueprints, upsert_entities
from portal.integrations.datadog.definitions.declaring import Edge, Name, edges_about, named
from portal.integrations.datadog.definitions.kinds import SERVICE, SYSTEM, extended, is_ours
from portal.permissions import Actor

# Those that may be told apart by a relation of their own; kinds that clients make up have no end.
WELL_KNOWN = frozenset([SERVICE, SYSTEM, "datastore", "queue", "api"])
_TYPES = (RelationType.DEPENDS_ON.value, RelationType.PARTS_OF.value)
_LENIENT = Leniency(may_lack_required=True)


def relation_for(edge: Edge) -> str | None:
    """Return the relation of a blueprint that a declared one is; None where there is none.

    >>> relation_for(Edge("RelationTypeDependsOn", "service", "cart", "queue", "orders"))
    'depends_on_queue'
    """
    if edge.type == RelationType.PARTS_OF:
        return "part_of" if edge.to_kind == SYSTEM else None
    if edge.type != RelationType.DEPENDS_ON:
        return None
    if edge.from_kind == edge.to_kind:
        return "depends_on"
    return f"depends_on_{edge.to_kind}" if edge.to_kind in WELL_KNOWN else None


def link(names: Collection[Name], *, before: Iterable[Edge], by: Actor, now: datetime) -> None:
    """Bring the relations of blueprints in line with what is declared about these entities.

    `before` is what was declared until now: only that goes. What people related stays.
    """
    after = edges_about(names, _TYPES)
    gone = {edge for edge in before if relation_for(edge)} - after
    present = {edge for edge in after if relation_for(edge)}
    if not gone | present:
        return
    specs = _ensure_relations(present, by=by, now=now)
    entities = _entities(present | gone)
    current = _current(entities)
    wishes: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for edge in sorted(present | gone):
        relation = relation_for(edge)
        if edge.source not in entities or not _fits(specs.get(edge.from_kind), relation, edge):
            continue
        if edge in present and edge.target not in entities:
            continue
        have = current[entities[edge.source], relation]
        if (edge in present) is (edge.to_identifier in have):
            # So already: nothing is to be written about it.
            continue
        targets = wishes[edge.from_kind][edge.from_identifier].setdefault(relation, set(have))
        (targets.add if edge in present else targets.discard)(edge.to_identifier)
    _write(wishes, by=by, now=now)


def _ensure_relations(
    edges: Collection[Edge], *, by: Actor, now: datetime
) -> Mapping[str, BlueprintSpec]:
    """Give blueprints of ours the relations that they lack; return what all blueprints say."""
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for edge in edges:
        wanted[edge.from_kind][relation_for(edge) or ""] = edge.to_kind
    specs = registry.graph().specs
    documents = []
    rows = Blueprint.objects.filter(identifier__in=wanted).select_related("kind_note")
    for blueprint in rows.order_by("id"):
        spec = specs[blueprint.identifier]
        missing = {
            name: _definition(name, target)
            for name, target in sorted(wanted[blueprint.identifier].items())
            if name not in spec.relations and target in specs
        }
        if missing and is_ours(blueprint):
            documents.append(extended(registry.document_of(blueprint), relations=missing))
    if not documents:
        return specs
    save_blueprints(definitions=documents, by=by, now=now)
    return registry.graph().specs


def _definition(name: str, target: str) -> dict[str, Any]:
    title = "Part of" if name == "part_of" else "Depends on"
    if name not in ("part_of", "depends_on"):
        title = f"{title} ({target})"
    return {"title": title, "target": target, "many": True, "required": False}


def _fits(spec: BlueprintSpec | None, name: str | None, edge: Edge) -> bool:
    """Say whether a blueprint has the relation, and means by it what is declared."""
    relation = spec.relations.get(name or "") if spec else None
    if relation is None or relation.inferred is not None:
        return False
    return relation.is_many and relation.target == edge.to_kind


def _entities(edges: Iterable[Edge]) -> dict[Name, int]:
    names = {name for edge in edges for name in (edge.source, edge.target)}
    rows = Entity.objects.filter(named(names, "blueprint__identifier", "identifier"))
    return {
        (blueprint, identifier): id_
        for blueprint, identifier, id_ in rows.values_list(
            "blueprint__identifier", "identifier", "id"
        )
    }


def _current(entities: Mapping[Name, int]) -> dict[tuple[int, str], set[str]]:
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    rows = EntityRelation.objects.from_sources(entities.values())
    for source, relation, identifier in rows.values_list(
        "source_id", "relation", "target__identifier"
    ):
        found[source, relation].add(identifier)
    return found


def _write(
    wishes: Mapping[str, Mapping[str, Mapping[str, set[str]]]], *, by: Actor, now: datetime
) -> None:
    rows = Blueprint.objects.filter(identifier__in=wishes).order_by("identifier")
    for blueprint in rows:
        upsert_entities(
            blueprint=blueprint,
            drafts=[
                EntityDraft(
                    identifier,
                    relations={name: sorted(targets) for name, targets in relations.items()},
                )
                for identifier, relations in wishes[blueprint.identifier].items()
            ],
            leniency=_LENIENT,
            by=by,
            now=now,
        )
