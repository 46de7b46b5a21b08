"""Entities and blueprints by their addresses, as somebody sees them, and the addresses of entities.

What somebody does not see is not there: the answer is the same as for what nobody ever made.
"""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import TEAM, Blueprint, Entity
from portal.permissions import Sight
from scorecards.models import Scorecard


def entity_at(blueprint: str, identifier: str, sight: Sight) -> Entity:
    """Return the entity that an address names, its blueprint loaded; raises `Http404`."""
    entities = Entity.objects.of(blueprint).named([identifier]).select_related("blueprint")
    found = entities.first() if sight.sees(blueprint) else None
    if found is None:
        raise Http404(f"no {identifier} in {blueprint}")
    as_seen(found.blueprint, sight)
    return found


def blueprint_at(identifier: str, sight: Sight) -> Blueprint:
    """Return the blueprint that an address names; raises `Http404`."""
    if not sight.sees(identifier):
        raise Http404(f"no {identifier}")
    return as_seen(get_object_or_404(Blueprint, identifier=identifier), sight)


def as_seen(blueprint: Blueprint, sight: Sight) -> Blueprint:
    """Take the relations off a row that lead to what is not seen. It is for reading only."""
    if sight.hidden:
        seen = {
            name: item
            for name, item in blueprint.relations.items()
            if sight.sees(item.get("target", ""))
        }
        blueprint.unseen = frozenset(blueprint.relations.keys() - seen.keys())
        blueprint.relations = seen
    return blueprint


def scorecard_at(identifier: str, sight: Sight) -> Scorecard:
    """Return the published scorecard that an address names, with its parts; raises `Http404`."""
    seen = Scorecard.objects.published().seen_in(sight)
    return get_object_or_404(seen.with_parts(sight), identifier=identifier)


def address_of(blueprint: str, identifier: str) -> str:
    """Return the address of an entity: teams have a page of their own."""
    if blueprint == TEAM:
        return reverse("team", args=[identifier])
    return reverse("entity", args=[blueprint, identifier])
