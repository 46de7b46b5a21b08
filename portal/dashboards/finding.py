"""Entities by their addresses, and the addresses of entities."""

from django.http import Http404
from django.urls import reverse

from catalog.models import TEAM, Entity


def entity_at(blueprint: str, identifier: str) -> Entity:
    """Return the entity that an address names, its blueprint loaded; raises `Http404`."""
    entities = Entity.objects.of(blueprint).named([identifier]).select_related("blueprint")
    found = entities.first()
    if found is None:
        raise Http404(f"no {identifier} in {blueprint}")
    return found


def address_of(blueprint: str, identifier: str) -> str:
    """Return the address of an entity: teams have a page of their own."""
    if blueprint == TEAM:
        return reverse("team", args=[identifier])
    return reverse("entity", args=[blueprint, identifier])
