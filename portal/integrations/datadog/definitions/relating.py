"""Reading relations: those that are declared, and ownership, which is the catalog's own.

Both directions of each. Ownership is read where it is kept, so that whoever moves a team moves it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from catalog.descriptors.datadog.relations import RelationType
from catalog.descriptors.references import TEAM_KIND
from catalog.models import OWNERSHIP, Entity, EntityRelation
from portal.integrations.datadog.definitions.declaring import Edge, Name, named
from portal.integrations.datadog.definitions.kinds import kind_of
from portal.integrations.models import DeclaredRelation
from portal.permissions import Rights
from scorecards.reach import described_blueprints

_OWNING = (RelationType.OWNED_BY, RelationType.OWNS)
# All that is read of the rows that others point at: facts and blueprints are large.
_OF_DECLARED = (
    *Edge._fields,
    "created_at",
    "updated_at",
    "definer__identifier",
    "definer__blueprint__identifier",
)
_OF_OWNING = (
    "source__identifier",
    "source__created_at",
    "source__updated_at",
    "source__blueprint__identifier",
    "target__identifier",
)


@dataclass(frozen=True)
class Related:
    """One direction of a relation, with who says so and since when."""

    edge: Edge
    definer: Name
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True)
class Search:
    """Which relations are asked for, of those between what `rights` may read."""

    rights: Rights
    type: RelationType | None = None
    source: Name | None = None
    target: Name | None = None


def relations(search: Search, rows: slice) -> list[Related]:
    """Return a part of the relations asked for: the declared ones, then ownership."""
    found: list[Related] = []
    start, wanted = rows.start, rows.stop - rows.start
    for part in _parts(search):
        if len(found) == wanted:
            break
        taken = part.read(start, start + wanted - len(found))
        # How many were passed over has to be counted only where the part came to its end.
        start = 0 if taken else max(start - part.rows.count(), 0)
        found += taken
    return found


@dataclass(frozen=True)
class _Part:
    """Rows of one table that stand for relations."""

    rows: QuerySet
    type: RelationType | None = None

    def read(self, start: int, stop: int) -> list[Related]:
        if self.type is None:
            return [_declared(row) for row in self.rows[start:stop]]
        return [_owning(row, self.type) for row in self.rows[start:stop]]


def _parts(search: Search) -> Iterator[_Part]:
    yield _Part(_declared_rows(search))
    for type_ in _OWNING:
        if search.type in (None, type_):
            yield _Part(_ownership_rows(search, type_), type_)


def _declared_rows(search: Search) -> QuerySet[DeclaredRelation]:
    rows = _readable_declared(search.rights)
    if search.type is not None:
        rows = rows.filter(type=search.type.value)
    if search.source is not None:
        rows = rows.filter(from_kind=search.source[0], from_identifier=search.source[1])
    if search.target is not None:
        rows = rows.filter(to_kind=search.target[0], to_identifier=search.target[1])
    # Two definitions may declare the same, each from its end: it is one relation.
    first = rows.order_by().values(*Edge._fields).annotate(first=Min("id")).values("first")
    chosen = DeclaredRelation.objects.filter(id__in=first)
    return _with_definers(chosen)


def _ownership_rows(search: Search, type_: RelationType) -> QuerySet[EntityRelation]:
    owned, team = search.source, search.target
    if type_ is RelationType.OWNS:
        owned, team = team, owned
    rows = EntityRelation.objects.filter(
        relation=OWNERSHIP, source__blueprint__in=described_blueprints().values("pk")
    )
    rows = _readable_ownership(rows, search.rights)
    if owned is not None:
        kind, identifier = owned
        rows = rows.filter(source__blueprint__identifier=kind, source__identifier=identifier)
    if team is not None:
        is_team = team[0] == TEAM_KIND
        rows = rows.filter(target__identifier=team[1]) if is_team else rows.none()
    return _with_owners(rows)


def _readable_declared(rights: Rights) -> QuerySet[DeclaredRelation]:
    rows = DeclaredRelation.objects.all()
    if not rights.hidden:
        return rows
    kinds = [kind_of(name) for name in rights.hidden.values()]
    rows = rights.readable(rows, via="definer__blueprint")
    return rows.exclude(from_kind__in=kinds).exclude(to_kind__in=kinds)


def _readable_ownership(rows: QuerySet, rights: Rights) -> QuerySet[EntityRelation]:
    return rights.readable(rights.readable(rows, via="source__blueprint"), via="target__blueprint")


def _with_definers(rows: QuerySet[DeclaredRelation]) -> QuerySet[DeclaredRelation]:
    return rows.select_related("definer__blueprint").only(*_OF_DECLARED).order_by("id")


def _with_owners(rows: QuerySet[EntityRelation]) -> QuerySet[EntityRelation]:
    return rows.select_related("source__blueprint", "target").only(*_OF_OWNING).order_by("id")


def _declared(row: DeclaredRelation) -> Related:
    edge = Edge(row.type, row.from_kind, row.from_identifier, row.to_kind, row.to_identifier)
    definer = row.definer.blueprint.identifier, row.definer.identifier
    return Related(edge, definer, row.created_at, row.updated_at)


def _owning(row: EntityRelation, type_: RelationType) -> Related:
    owned = row.source.blueprint.identifier, row.source.identifier
    edge = Edge(RelationType.OWNED_BY.value, *owned, TEAM_KIND, row.target.identifier)
    if type_ is RelationType.OWNS:
        edge = Edge(type_.value, *edge.target, *edge.source)
    return Related(edge, owned, row.source.created_at, row.source.updated_at)


def relations_from(entities: Sequence[Entity], *, rights: Rights) -> dict[int, list[Related]]:
    """Return the relations from entities of kinds to what `rights` may read, by entity."""
    ids = {(entity.blueprint.identifier, entity.identifier): entity.pk for entity in entities}
    rows = _readable_declared(rights).filter(named(ids, "from_kind", "from_identifier"))
    owning = EntityRelation.objects.filter(relation=OWNERSHIP, source_id__in=list(ids.values()))
    owning = _readable_ownership(owning, rights)
    found = [_declared(row) for row in _with_definers(rows)]
    found += [_owning(row, RelationType.OWNED_BY) for row in _with_owners(owning)]
    grouped: dict[int, list[Related]] = {id_: [] for id_ in ids.values()}
    for item in _without_repetition(found):
        grouped[ids[item.edge.source]].append(item)
    return grouped


def _without_repetition(found: Iterable[Related]) -> list[Related]:
    first: dict[Edge, Related] = {}
    for item in found:
        first.setdefault(item.edge, item)
    return list(first.values())


def having_relation(type_: RelationType) -> Q:
    """Return the condition that a relation of a type starts at an entity of a kind."""
    rows = DeclaredRelation.objects.filter(
        type=type_.value,
        from_kind=OuterRef("blueprint__identifier"),
        from_identifier=OuterRef("identifier"),
    )
    condition = Q(Exists(rows))
    if type_ is RelationType.OWNED_BY:
        condition |= Q(pk__in=EntityRelation.objects.filter(relation=OWNERSHIP).values("source"))
    return condition
