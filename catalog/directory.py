"""What rights depend on: the teams of people, what they moderate, the policies of blueprints."""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.models import OWNERSHIP, USER, Blueprint, Entity
from catalog.system import MODERATED
from portal.permissions import Entry


class CatalogDirectory:
    """The catalog, as `portal.permissions` asks it."""

    def entry(self, identifier: str) -> Entry:
        """Return what the `_user` entity of a person says; one query."""
        rows = Entity.objects.of(USER).named([identifier]).values_list("facts", flat=True)
        return entry_of(rows.first() or {})

    def policies(self) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
        """Yield every blueprint with its policy; one query."""
        return Blueprint.objects.order_by("id").values_list("id", "identifier", "permissions")


def entry_of(facts: Mapping[str, Any]) -> Entry:
    """Return what the facts of a `_user` entity say of the person."""
    return Entry(teams=_names(facts.get(OWNERSHIP)), moderated=_names(facts.get(MODERATED)))


def _names(value: Any) -> frozenset[str]:
    """Return the texts of a list: what a property holds was sent by somebody."""
    items = value if isinstance(value, list) else []
    return frozenset(item for item in items if isinstance(item, str))
