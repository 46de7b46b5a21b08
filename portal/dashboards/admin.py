"""The admin's list of saved views: they are made on the tables, and tidied up here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.admin_operations import OperationAdmin
from portal.dashboards.models import TableView
from portal.dashboards.operations import delete_view
from portal.permissions import may_edit_catalog


@admin.register(TableView)
class TableViewAdmin(OperationAdmin):
    """Shared views; what people keep for themselves is nobody else's to see."""

    kind = "view"
    list_display = ("title", "blueprint", "owner", "updated_at")
    list_select_related = ("blueprint", "owner")
    search_fields = ("title", "identifier")
    ordering = ("blueprint__title", "title", "id")
    fields = ("title", "blueprint", "identifier", "owner", "query", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableView]:
        """Return what is shared."""
        return super().get_queryset(request).filter(is_shared=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a view is saved where it is looked at."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse likewise."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors delete."""
        return may_edit_catalog(request.user)

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the history of a view: its identifier is one of its table's."""
        found = super().history_query(obj)
        return {**found, "blueprint": obj.blueprint.identifier} if obj else found

    def delete_model(self, request: HttpRequest, obj: TableView) -> None:
        """Delete by the operation."""
        delete_view(view=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TableView]) -> None:
        """Delete each by the operation."""
        for view in queryset.order_by("id"):
            self.delete_model(request, view)
