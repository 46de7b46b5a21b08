"""The filter of a table that keeps what a number is made of, and the way to it.

The parameter `behind.<blueprint>.<property>` names an aggregation, its value the entity that has
it. No property has a dot in its name, so that the last one ends the blueprint's.
"""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django_filters import CharFilter

from catalog import registry
from catalog.blueprints import Aggregation
from catalog.computed.behind import keep_behind
from catalog.computed.graph import CatalogGraph, Derived
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.formats import title_and_unit
from portal.dashboards.querystring import MAX_LENGTH, QueryString
from portal.permissions import Sight

PREFIX = "behind."
# Each walks along relations and asks a query of its own.
MOST = 5


class OwnerField(forms.CharField):
    """The identifier of an entity of one blueprint."""

    def __init__(self, *, blueprint: str, **extra: Any) -> None:
        self.blueprint = blueprint
        super().__init__(**extra)

    def clean(self, value: Any) -> Entity | None:
        """Return the entity, None where none is named."""
        text = super().clean(value)
        if not text:
            return None
        found = Entity.objects.of(self.blueprint).named([text])
        owner = found.only("identifier", "title").first()
        if owner is None:
            raise forms.ValidationError("there is no such entity")
        return owner


class BehindFilter(CharFilter):
    """Keep what the aggregation of one entity counts. Not offered as a field: pages link to it."""

    field_class = OwnerField

    def __init__(self, derived: Derived, *, title: str) -> None:
        self.derived, self.title = derived, title
        super().__init__(label="Behind", max_length=MAX_LENGTH, blueprint=derived.blueprint)

    def filter(self, qs: EntityQuerySet, value: Entity | None) -> EntityQuerySet:
        """Ask the database, as of now."""
        if value is None:
            return qs
        return keep_behind(qs, self.derived, owner_id=value.pk, now=timezone.now())

    def in_words(self, owner: Entity) -> str:
        """Say what is filtered by: "Open incidents of NetBox"."""
        return f"{self.title} of {owner}"


def behind_filters(target: str, query: QueryString, *, sight: Sight) -> dict[str, BehindFilter]:
    """Return the filters of this kind that an address names, as far as there is such a number.

    Nothing is told about what is not in `sight`, not even that there is such a thing.
    """
    names = [name for name, _ in query.pairs if name.startswith(PREFIX)]
    if not names:
        return {}
    graph = registry.graph()
    named = {name: _named(name, graph) for name in names}
    found = {
        name: BehindFilter(derived, title=_title(derived, graph))
        for name, derived in named.items()
        if derived and derived.end == target and sight.sees(derived.blueprint)
    }
    return dict(list(found.items())[:MOST])


def _named(name: str, graph: CatalogGraph) -> Derived | None:
    blueprint, _, key = name.removeprefix(PREFIX).rpartition(".")
    derived = graph.derived.get(blueprint, {}).get(key)
    return derived if derived and isinstance(derived.source, Aggregation) else None


def _title(derived: Derived, graph: CatalogGraph) -> str:
    return title_and_unit(graph.specs[derived.blueprint].fact_keys[derived.key])[0]


def table_address(target: str, prop: str, owner: Entity) -> str:
    """Return the address of the table of what an aggregation of an entity counts."""
    name = f"{PREFIX}{owner.blueprint.identifier}.{prop}"
    query = QueryString().having(name, owner.identifier)
    return f"{reverse('catalog_table', args=[target])}{query}"
