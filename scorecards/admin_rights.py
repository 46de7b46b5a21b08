"""Pages about scorecards that moderators share with admins: they find what they moderate."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin_operations import CatalogAdmin, OperationAdmin
from portal.permissions import rights_of
from scorecards.models import Scorecard


class ModeratedAdmin(CatalogAdmin):
    """Pages for admins and for moderators, who find there what they moderate."""

    # The filters of the lists that also name what somebody else moderates.
    telling_filters: tuple[Any, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the pages to admins and moderators."""
        return _moderates_something(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let them look; other rows than theirs they do not find."""
        return _moderates_something(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that are theirs to see."""
        rows, rights = super().get_queryset(request), rights_of(request.user)
        return rows if rights.is_admin else self.moderated_rows(rows, rights.moderated)

    def moderated_rows(self, rows: QuerySet[Any], blueprints: frozenset[str]) -> QuerySet[Any]:
        """Keep the rows that are about nothing but these blueprints."""
        raise NotImplementedError

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters, for moderators without those that tell of others."""
        found = super().get_list_filter(request)
        if rights_of(request.user).is_admin:
            return found
        return [item for item in found if item not in self.telling_filters]


class ScorecardRightsAdmin(ModeratedAdmin, OperationAdmin):
    """The pages of scorecards, which moderators of all that one grades may edit."""

    telling_filters = ("blueprints",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let admins and moderators add."""
        return _moderates_something(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those change who moderate all that is graded."""
        return _may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those delete who moderate all that is graded."""
        return _may_edit(request, obj)

    def moderated_rows(
        self, rows: QuerySet[Scorecard], blueprints: frozenset[str]
    ) -> QuerySet[Scorecard]:
        """Keep the scorecards that grade nothing but these."""
        return rows.within(blueprints)


def _moderates_something(request: HttpRequest) -> bool:
    rights = rights_of(request.user)
    return rights.moderates_any


def _may_edit(request: HttpRequest, scorecard: Scorecard | None) -> bool:
    rights = rights_of(request.user)
    if rights.is_admin or scorecard is None or scorecard.pk is None:
        return rights.moderates_any
    return rights.may_edit_scorecard([row.identifier for row in scorecard.blueprints.all()])
