"""Pages made of widgets, the folders in which they stand, and saved views of tables."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.deletion import CASCADE, SET_NULL, Collector

from catalog.errors import Invalid
from catalog.models import Blueprint
from portal.dashboards.documents import parse_folder, parse_page
from portal.dashboards.querysets import TableViewQuerySet


class Folder(models.Model):
    """A folder of the sidebar: it holds pages and other folders.

    `after` is the identifier of the sibling behind which it wants to stand, if any.
    """

    identifier = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=200)
    # What holds something cannot be deleted.
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="folders"
    )
    after = models.CharField(max_length=200, null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, blank=True, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, blank=True, editable=False)

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse what no document may say."""
        _clean(parse_folder, self.document())

    def document(self) -> dict[str, Any]:
        """Return the folder as a document; see `portal.dashboards.documents`."""
        return {
            "identifier": self.identifier,
            "title": self.title,
            "parent": self.parent.identifier if self.parent else None,
            "after": self.after,
        }


class Page(models.Model):
    """A page that somebody wrote or changed: a dashboard, or how a blueprint or entity is shown.

    Null means that nobody said, so that a page reads back as it was sent. `blueprint` is an
    identifier: a page may come before its blueprint. `extras` are keys of other products, which
    mean nothing here. `permissions` maps "read" and "update" to ``{"users", "roles", "teams"}``;
    what is missing there is as by default.
    """

    class Type(models.TextChoices):
        DASHBOARD = "dashboard", "Dashboard"
        CATALOG = "blueprint-entities", "Entities of a blueprint"
        ENTITY = "entity", "An entity"
        HOME = "home", "Home"

    class Visibility(models.TextChoices):
        EVERYBODY = "org", "Everybody"
        PRIVATE = "private", "Whoever made it"

    identifier = models.CharField(max_length=200, unique=True)
    type = models.CharField(max_length=20, choices=Type.choices)
    title = models.CharField(max_length=200, null=True, blank=True)
    icon = models.CharField(max_length=100, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    blueprint = models.CharField(max_length=100, null=True, blank=True)
    parent = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.PROTECT, related_name="pages"
    )
    after = models.CharField(max_length=200, null=True, blank=True)
    widgets = models.JSONField(null=True, blank=True)
    page_filters = models.JSONField(null=True, blank=True)
    is_locked = models.BooleanField("locked", null=True, blank=True)
    shows_in_sidebar = models.BooleanField(null=True, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, null=True, blank=True)
    extras = models.JSONField(default=dict, blank=True)
    permissions = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, blank=True, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, blank=True, editable=False)

    def __str__(self) -> str:
        return self.title or self.identifier

    @property
    def version(self) -> str:
        """Return what tells one state of the page from the next."""
        return self.updated_at.isoformat() if self.updated_at else ""

    def clean(self) -> None:
        """Refuse what no document may say."""
        _clean(parse_page, self.document())

    def document(self) -> dict[str, Any]:
        """Return the page as a document; see `portal.dashboards.documents`."""
        return {
            "identifier": self.identifier,
            "type": self.type,
            "title": self.title,
            "icon": self.icon,
            "description": self.description,
            "blueprint": self.blueprint,
            "parent": self.parent.identifier if self.parent else None,
            "after": self.after,
            "widgets": self.widgets,
            "page_filters": self.page_filters,
            "is_locked": self.is_locked,
            "shows_in_sidebar": self.shows_in_sidebar,
            "visibility": self.visibility,
            "extras": self.extras,
        }


class RemovedDefault(models.Model):
    """The default page of a blueprint that is not there, because somebody removed it."""

    identifier = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.identifier


def leave_what_is_shared(
    collector: Collector, field: models.ForeignKey, views: models.QuerySet, using: str
) -> None:
    """Delete the views that only their owner sees, and leave the others without one."""
    SET_NULL(collector, field, views.filter(is_shared=True), using)
    CASCADE(collector, field, views.filter(is_shared=False), using)


class TableView(models.Model):
    """A table of a blueprint as somebody saved it: which columns, filters and order.

    `query` is the query string of its address, without the page. One that is not shared is seen by
    its owner only and goes with them; a shared one stays, without an owner.
    """

    # No index of its own: the constraint below starts with it.
    blueprint = models.ForeignKey(
        Blueprint, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    identifier = models.CharField(max_length=100)
    title = models.CharField(max_length=100)
    query = models.TextField(blank=True)
    is_shared = models.BooleanField("shared", default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=leave_what_is_shared,
        related_name="+",
    )
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = TableViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blueprint", "identifier"], name="view_identifier"),
        ]

    def __str__(self) -> str:
        return self.title

    def document(self) -> dict[str, Any]:
        """Return what the history of the view is about."""
        return {"title": self.title, "query": self.query, "is_shared": self.is_shared}


def _clean(parse: Any, document: Mapping[str, Any]) -> None:
    try:
        parse(document)
    except Invalid as error:
        raise ValidationError(
            [f"{fault.path}: {fault.message}" for fault in error.faults]
        ) from error
