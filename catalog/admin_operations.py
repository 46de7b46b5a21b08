"""What the admin pages share whose writes are operations, and those that only show."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from catalog.errors import CatalogError, Fault, Invalid
from portal.permissions import Actor, Forbidden, may_edit_catalog, may_read_history


def once(method: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Work out a shown value once for an object: the theme asks for it several times a page."""

    @wraps(method)
    def shown(self: Any, obj: Any) -> str:
        values = obj.__dict__.setdefault("_shown", {})
        if method.__name__ not in values:
            values[method.__name__] = method(self, obj)
        return values[method.__name__]

    return shown


class CatalogAdmin(ModelAdmin):
    """A page for everyone who may edit the catalog."""

    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the page to editors of the catalog."""
        return may_edit_catalog(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors of the catalog look."""
        return may_edit_catalog(request.user)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show the log to those who see the page, before saying whether there is such a row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


class ReadOnlyAdmin(CatalogAdmin):
    """History and results: to be read, never edited. `select_related` is what its rows name."""

    actions = None
    select_related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows with what they name, for the list and for the page of one."""
        rows = super().get_queryset(request)
        return rows.select_related(*self.select_related) if self.select_related else rows

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page without a link to a history that such rows do not have."""
        context = {**(extra_context or {}), "show_history": False}
        return super().changeform_view(request, object_id, form_url, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are written by operations."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history is never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history is never edited."""
        return False


class OperationAdmin(CatalogAdmin):
    """Pages whose saves and deletes are operations.

    An operation that refuses leaves nothing behind: the request's transaction is rolled back and
    the page is shown again, with the faults at the fields that they name. The `Change` rows that
    operations write are the history; Django's own log is not kept beside them.
    """

    # The `kind` of this model's rows in the history.
    kind = ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let editors of the catalog add."""
        return may_edit_catalog(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors of the catalog change."""
        return may_edit_catalog(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors of the catalog delete."""
        return may_edit_catalog(request.user)

    def actor(self, request: HttpRequest) -> Actor:
        """Return who asks."""
        return Actor.of_request(request, source="admin")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Save, or show the form again with what the operation said."""
        if not may_read_history(request.user):
            extra_context = {**(extra_context or {}), "show_history": False}
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Invalid as error:
            request.faults = tuple(error.faults)
        except (CatalogError, Forbidden) as error:
            request.faults = (Fault("", str(error)),)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def faults(self, request: HttpRequest) -> tuple[Fault, ...]:
        """Return what the operation refused a moment ago, in this same request."""
        return getattr(request, "faults", ())

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return a form class that knows what was refused."""
        form = super().get_form(request, obj, **kwargs)
        form.faults = self.faults(request)
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Return the object that `save_model` will fill."""
        return form.instance

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write nothing: the operation has written all of it."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Any]:
        """Return nothing for Django's log."""
        return []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave the log to the operation."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave the log to the operation."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Leave the log to the operation."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the object's rows in the history of the catalog."""
        if not may_read_history(request.user):
            raise PermissionDenied
        query = self.history_query(self.get_object(request, object_id))
        address = reverse("admin:catalog_change_changelist")
        return HttpResponseRedirect(f"{address}?{urlencode(query)}")

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects an object's rows in the history."""
        return {"kind": self.kind, "identifier": obj.identifier} if obj else {"kind": self.kind}

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name what was chosen; what goes with it is the operation's to know, and to refuse."""
        names = [str(obj) for obj in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete, or say why not."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (CatalogError, Forbidden) as error:
            self.message_user(request, str(error), messages.ERROR)
            address = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(address, args=[object_id]))

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Run an action, or say why not."""
        try:
            return super().response_action(request, queryset)
        except (CatalogError, Forbidden) as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def become(obj: models.Model, saved: models.Model) -> None:
    """Give the object that the admin holds the values of the one that an operation returned."""
    for field in saved._meta.concrete_fields:
        setattr(obj, field.attname, getattr(saved, field.attname))
    obj._state.adding = False
