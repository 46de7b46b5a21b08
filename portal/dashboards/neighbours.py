"""What an entity is related to, in both directions, by relation. Bounded, whatever there is."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from catalog.models import OWNERSHIP, Blueprint, Entity, EntityRelation
from portal.dashboards.columns import Reference
from portal.dashboards.formats import many
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight

MOST_NAMES = 10
# Targets are found in their table by name, so that the address holds all of them.
MOST_NAMED_IN_ADDRESS = 40


@dataclass(frozen=True)
class Neighbours:
    """Entities on the other end of a relation: how many, and the newest by name.

    `address` is that of the table of all of them, empty where no filter keeps them. `via` names
    the relation where the kind of entity does not say it ("service" of a deployment goes without
    saying, "caused by" does not).
    """

    relation: str
    title: str
    blueprint: Blueprint
    count: int
    entities: list[Reference]
    address: str = ""
    via: str = ""

    @property
    def more(self) -> int:
        """Return how many are not listed."""
        return self.count - len(self.entities)


@dataclass(frozen=True)
class Related:
    """What an entity points at, and what points at it."""

    outgoing: list[Neighbours]
    incoming: list[Neighbours]

    @property
    def is_empty(self) -> bool:
        """Say whether it stands alone."""
        return not self.outgoing and not self.incoming


def related_of(
    entity: Entity, *, sight: Sight, targets: int = MOST_NAMES, sources: int = MOST_NAMES
) -> Related:
    """Return the neighbours of an entity, so many `targets` and `sources` of a kind by name.

    Three queries, and, where names are asked for, one more for each relation and kind: a service
    may have a hundred thousand deployments. Nothing is told of what is not in `sight`.
    """
    rows = EntityRelation.objects.order_by()
    out = _counts(rows.filter(source=entity).exclude(relation=OWNERSHIP), end="target")
    into = _counts(rows.filter(target=entity), end="source")
    blueprints = Blueprint.objects.in_bulk({pk for pk, _, _ in (*out, *into)})
    kinds = {pk: found for pk, found in blueprints.items() if sight.sees(found.identifier)}
    return Related(
        outgoing=[
            _outgoing(entity, kinds[pk], relation=relation, count=count, names=targets)
            for pk, relation, count in out
            if pk in kinds
        ],
        incoming=[
            _incoming(entity, kinds[pk], relation=relation, count=count, names=sources)
            for pk, relation, count in into
            if pk in kinds
        ],
    )


def _counts(rows: QuerySet, *, end: str) -> list[tuple[int, str, int]]:
    kind = f"{end}__blueprint"
    counted = rows.values_list(f"{kind}_id", "relation").annotate(count=Count("id"))
    return list(counted.order_by(f"{kind}__title", f"{kind}_id", "relation"))


def _outgoing(
    entity: Entity, blueprint: Blueprint, *, relation: str, count: int, names: int
) -> Neighbours:
    rows = EntityRelation.objects.filter(
        source=entity, relation=relation, target__blueprint=blueprint
    ).order_by("id")
    found: Sequence[tuple[str, str]] = []
    if names:
        columns = rows.values_list("target__identifier", "target__title")
        found = columns[: max(names, MOST_NAMED_IN_ADDRESS)]
    is_whole = 1 < count == len(found)
    title = relation_title(entity.blueprint, relation)
    return Neighbours(
        relation=relation,
        title=title,
        blueprint=blueprint,
        count=count,
        entities=_references(blueprint, found[:names]),
        address=_table_of_names(blueprint, [name for name, _ in found]) if is_whole else "",
        via="" if title == blueprint.title else blueprint.title,
    )


def _incoming(
    entity: Entity, blueprint: Blueprint, *, relation: str, count: int, names: int
) -> Neighbours:
    rows = EntityRelation.objects.filter(
        target=entity, relation=relation, source__blueprint=blueprint
    ).order_by("-source_id")
    found = rows.values_list("source__identifier", "source__title")[:names] if names else []
    title = gettext("Owner") if relation == OWNERSHIP else relation_title(blueprint, relation)
    return Neighbours(
        relation=relation,
        title=many(blueprint.title),
        blueprint=blueprint,
        count=count,
        entities=_references(blueprint, found),
        address=table_of_sources(blueprint, relation, entity.identifier),
        via="" if title.lower() == entity.blueprint.title.lower() else title,
    )


def relation_title(blueprint: Blueprint, relation: str) -> str:
    """Return what a relation of a blueprint is called."""
    if relation == OWNERSHIP:
        return gettext("Owned by")
    return (blueprint.relations.get(relation) or {}).get("title") or relation


def table_of_sources(blueprint: Blueprint, relation: str, target: str) -> str:
    """Return the address of the table of what points at an entity by a relation."""
    parameter = "team" if relation == OWNERSHIP else f"relation.{relation}"
    query = QueryString().having(parameter, target)
    return f"{reverse('catalog_table', args=[blueprint.identifier])}{query}"


def _table_of_names(blueprint: Blueprint, identifiers: Sequence[str]) -> str:
    wanted = {"property": "$identifier", "operator": "in", "value": list(identifiers)}
    text = json.dumps({"combinator": "and", "conditions": [wanted]}, ensure_ascii=False)
    query = QueryString().having("query", text)
    return f"{reverse('catalog_table', args=[blueprint.identifier])}{query}"


def _references(blueprint: Blueprint, names: Iterable[tuple[str, str]]) -> list[Reference]:
    return [
        Reference(blueprint.identifier, identifier, title or identifier)
        for identifier, title in names
    ]
