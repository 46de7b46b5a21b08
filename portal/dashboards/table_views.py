"""The saved views of a table: which there are for a reader, and which one is open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.utils.functional import cached_property

from catalog.models import Blueprint
from portal.dashboards.models import TableView
from portal.dashboards.querystring import VIEW, Pair, QueryString, clean
from portal.permissions import (
    may_change_view,
    may_delete_view,
    may_save_views,
    may_share_views,
)

# What stands beside each other, and what a menu holds.
MOST_TABS = 5
MOST_LISTED = 200


@dataclass(frozen=True)
class TableViews:
    """The views of a table for one reader, and what they may do. `asked` names one of them."""

    blueprint: Blueprint
    user: Any
    asked: str

    @cached_property
    def current(self) -> TableView | None:
        """Return the view that is open; one that this reader does not see is not there."""
        if not self.asked:
            return None
        return self._visible.filter(identifier=clean(self.asked)).first()

    @cached_property
    def all(self) -> list[TableView]:
        """Return all views, with the one that is open."""
        found = list(self._visible.defer("query")[:MOST_LISTED])
        return found if self.current in (None, *found) else [self.current, *found]

    @property
    def tabs(self) -> list[TableView]:
        """Return the first views, among them the one that is open."""
        first = self.all[:MOST_TABS]
        return first if self.current in (None, *first) else [*first[:-1], self.current]

    @property
    def more(self) -> list[TableView]:
        """Return the other views."""
        return [view for view in self.all if view not in self.tabs]

    @property
    def is_gone(self) -> bool:
        """Say whether the address names a view that is not there."""
        return bool(self.asked) and self.current is None

    @property
    def may_save(self) -> bool:
        """Say whether the reader may save views."""
        return may_save_views(self.user)

    @property
    def may_share(self) -> bool:
        """Say whether the reader may save views for everybody."""
        return may_share_views(self.user)

    @property
    def may_change(self) -> bool:
        """Say whether the reader may change the view that is open."""
        return self.current is not None and may_change_view(self.user, **_standing(self.current))

    @property
    def may_delete(self) -> bool:
        """Say whether the reader may delete the view that is open."""
        return self.current is not None and may_delete_view(self.user, **_standing(self.current))

    def query(self, given: Iterable[Pair]) -> QueryString:
        """Return what is in force: what the view says, but for what the address says itself."""
        if self.current is None:
            return QueryString.of((key, value) for key, value in given if key != VIEW)
        base = QueryString.of(parse_qsl(self.current.query))
        return QueryString.within(self.current.identifier, base, given)

    @property
    def _visible(self) -> Any:
        user_id = self.user.pk if may_save_views(self.user) else None
        return TableView.objects.of(self.blueprint.pk).visible_to(user_id)


def _standing(view: TableView) -> Mapping[str, Any]:
    return {"owner_id": view.owner_id, "is_shared": view.is_shared}


def link_of(view: TableView) -> str:
    """Return the address of a view, from that of its table."""
    return str(QueryString(((VIEW, view.identifier),)))
