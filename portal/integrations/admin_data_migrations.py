"""The pages of work on all entities of a blueprint."""

from django.contrib import admin

from catalog.admin_operations import ReadOnlyAdmin
from portal.integrations.models import DataMigration


@admin.register(DataMigration)
class DataMigrationAdmin(ReadOnlyAdmin):
    """What was begun, and how far it is."""

    list_display = (
        "identifier", "source_blueprint", "actor", "status", "done_count", "total_count",
        "failure_count", "created_at",
    )  # fmt: skip
    list_filter = ("status",)
    search_fields = ("identifier", "source_blueprint", "actor")
    ordering = ("-id",)
    fields = (
        "identifier", "source_blueprint", "mapping", "deletes_blueprint", "actor", "status",
        "message", "done_count", "total_count", "failure_count", "failures", "created_at",
        "updated_at",
    )  # fmt: skip
