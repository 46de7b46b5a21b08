"""The relations that definitions declare, as rows: the truth of this dialect about relations."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from catalog.bulk import chunks, update_rows
from catalog.descriptors.datadog.relations import Declared
from catalog.models import Entity
from portal.integrations.datadog.definitions.kinds import kind_of
from portal.integrations.models import DeclaredRelation

# The kind and the identifier of an entity, whether there is one or not.
Name = tuple[str, str]


class Edge(NamedTuple):
    """One direction of a relation, as it stands in a row."""

    type: str
    from_kind: str
    from_identifier: str
    to_kind: str
    to_identifier: str

    @property
    def source(self) -> Name:
        """Return the name of the entity that it starts at."""
        return self.from_kind, self.from_identifier

    @property
    def target(self) -> Name:
        """Return the name of the entity that it leads to."""
        return self.to_kind, self.to_identifier


def edge_of(item: Declared) -> Edge:
    """Return a declared relation as it stands in a row."""
    return Edge(
        item.type.value,
        item.source.kind,
        item.source.identifier,
        item.target.kind,
        item.target.identifier,
    )


def declare(wanted: Mapping[Entity, Collection[Edge]], *, now: datetime) -> set[Edge]:
    """Make the relations that entities declare what is wanted; return those declared before."""
    rows = DeclaredRelation.objects.filter(definer__in=list(wanted))
    stored: dict[tuple[int, Edge], int] = {
        (row.definer_id, _edge(row)): row.pk for row in rows.order_by("id")
    }
    asked = {(entity.pk, edge) for entity, edges in wanted.items() for edge in edges}
    DeclaredRelation.objects.filter(
        id__in=[id_ for key, id_ in stored.items() if key not in asked]
    ).delete()
    DeclaredRelation.objects.bulk_create(
        DeclaredRelation(definer_id=definer, created_at=now, updated_at=now, **edge._asdict())
        for definer, edge in sorted(asked - stored.keys())
    )
    return {edge for _, edge in stored}


def edges_about(names: Iterable[Name], types: Collection[str]) -> set[Edge]:
    """Return the relations of these types, whoever declares them, that start or end at a name."""
    condition = named(names, "from_kind", "from_identifier")
    condition |= named(names, "to_kind", "to_identifier")
    rows = DeclaredRelation.objects.filter(condition, type__in=types)
    return {_edge(row) for row in rows}


def named(names: Iterable[Name], kind: str, identifier: str) -> Q:
    """Return the condition that two columns hold one of these names."""
    grouped: dict[str, set[str]] = defaultdict(set)
    for kind_, name in names:
        grouped[kind_].add(name)
    condition = Q(pk__in=[])
    for kind_, identifiers in sorted(grouped.items()):
        condition |= Q(**{kind: kind_, f"{identifier}__in": sorted(identifiers)})
    return condition


def _edge(row: DeclaredRelation) -> Edge:
    return Edge(row.type, row.from_kind, row.from_identifier, row.to_kind, row.to_identifier)


def follow_entities(*, blueprint: str, names: Mapping[str, str]) -> None:
    """Let declared relations know entities by their new identifiers."""
    kind = kind_of(blueprint)
    for chunk in chunks(names):
        for side in ("from", "to"):
            field = f"{side}_identifier"
            rows = list(
                DeclaredRelation.objects.filter(**{f"{side}_kind": kind, f"{field}__in": chunk})
            )
            for row in rows:
                setattr(row, field, names[getattr(row, field)])
            update_rows(rows, fields=[field])


def follow_blueprint(*, old: str, new: str) -> None:
    """Let declared relations know a kind by its new name."""
    for side in ("from", "to"):
        DeclaredRelation.objects.filter(**{f"{side}_kind": old}).update(**{f"{side}_kind": new})
