"""Who owns what, for the pages of people and teams."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from catalog.filtersets import FactHolds
from catalog.models import OWNERSHIP, TEAM, USER, Blueprint, Entity, EntityRelation
from catalog.querysets import EntityQuerySet, RelationQuerySet
from portal.dashboards.columns import Reference

MOST_CHILDREN = 24


def graded_entities_of(teams: Collection[str]) -> EntityQuerySet:
    """Return what these teams own and some scorecard grades: the services, not their events.

    Two queries: one for the blueprints, so that ownership that is inherited, and has no rows to
    look up, is searched for only where there is any.
    """
    blueprints = Blueprint.objects.filter(scorecards__status="published").exclude(identifier=TEAM)
    kinds = dict(blueprints.values_list("id", "ownership__type"))
    inherited = [pk for pk, kind in kinds.items() if kind == "Inherited"]
    owned = Q(pk__in=ownership_rows(teams).values("source_id"))
    if inherited:
        owned |= Q(blueprint__in=inherited) & _named_in_facts(teams)
    return Entity.objects.filter(owned, blueprint__in=list(kinds))


def evaluations_owned(team: str, blueprints: Iterable[Blueprint]) -> Q:
    """Return the condition that a team owns what a row is about, of one of these blueprints.

    For rows with an `entity`: evaluations and changes. Ownership that is inherited is searched for
    only where there is any.
    """
    owned = Q(entity__in=ownership_rows([team]).values("source_id"))
    inherited = [row.pk for row in blueprints if (row.ownership or {}).get("type") == "Inherited"]
    if inherited:
        named = Q(FactHolds(OWNERSHIP, team, facts="entity__facts"))
        owned |= Q(entity__blueprint__in=inherited) & named
    return owned


def ownership_rows(teams: Iterable[str]) -> RelationQuerySet:
    """Return the relation rows by which these teams own entities, directly."""
    return EntityRelation.objects.filter(
        relation=OWNERSHIP,
        target__blueprint__identifier=TEAM,
        target__identifier__in=list(teams),
    )


def _named_in_facts(teams: Iterable[str]) -> Q:
    named = Q(pk__in=[])
    for team in teams:
        named |= Q(FactHolds(OWNERSHIP, team))
    return named


def members_of(team: str) -> EntityQuerySet:
    """Return the people in a team."""
    return Entity.objects.of(USER).filter(pk__in=ownership_rows([team]).values("source_id"))


def team_references(identifiers: Collection[str]) -> list[Reference]:
    """Return teams by name, for links; one that is gone keeps its identifier."""
    titles = dict(Entity.objects.of(TEAM).named(identifiers).values_list("identifier", "title"))
    return [Reference(TEAM, name, titles.get(name) or name) for name in identifiers]


@dataclass(frozen=True)
class Kin:
    """Where a team stands among teams: what it is part of, and what is part of it."""

    parents: list[Reference]
    children: list[Reference]
    child_count: int = 0

    @property
    def more(self) -> int:
        """Return how many of the children are not listed."""
        return self.child_count - len(self.children)


def kin_of(team: Entity) -> Kin:
    """Return the teams above and below a team, its blueprint loaded: two queries or none.

    Above are the teams that it points at, by any relation from teams to teams.
    """
    relations = team_relations(team.blueprint)
    if not relations:
        return Kin([], [])
    above = EntityRelation.objects.filter(source=team, relation__in=relations)
    below = EntityRelation.objects.filter(
        target=team, relation__in=relations, source__blueprint=team.blueprint
    )
    named = "source__identifier", "source__title"
    children = list(below.order_by("source__title", "source_id").values_list(*named).distinct())
    parents = above.order_by("id").values_list("target__identifier", "target__title")
    return Kin(_named(parents), _named(children[:MOST_CHILDREN]), len(children))


def team_relations(blueprint: Blueprint) -> list[str]:
    """Return the relations that lead from teams to teams."""
    return [
        name
        for name, definition in (blueprint.relations or {}).items()
        if definition.get("target") == TEAM
    ]


def _named(names: Iterable[tuple[str, str]]) -> list[Reference]:
    return [Reference(TEAM, name, title or name) for name, title in names]
