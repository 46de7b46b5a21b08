"""Configuration of the catalog app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """What exists and who owns it."""

    name = "catalog"

    def ready(self) -> None:
        """Connect the receivers of plain saves, and have the system blueprints made."""
        from catalog import receivers, system

        receivers.connect()
        post_migrate.connect(system.make_system_blueprints, sender=self)
