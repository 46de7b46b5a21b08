"""Who owns what, for the pages of people and teams."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from catalog.filtersets import FactHolds
from catalog.models import OWNERSHIP, TEAM, USER, Blueprint, Entity, EntityRelation
from catalog.querysets import EntityQuerySet, RelationQuerySet
from portal.dashboards.columns import Reference


def teams_of(user_identifier: str) -> list[str]:
    """Return the teams that a person is in: the owners of their `_user` entity."""
    facts = Entity.objects.of(USER).named([user_identifier]).values_list("facts", flat=True).first()
    return (facts or {}).get(OWNERSHIP) or []


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
