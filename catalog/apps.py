"""Configuration of the catalog app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """What exists and who owns it."""

    name = "catalog"

    def ready(self) -> None:
        """Connect receivers, have the system blueprints made, and let rights be looked up."""
        from catalog import receivers, system
        from catalog.directory import CatalogDirectory
        from portal.permissions import look_up_in

        look_up_in(CatalogDirectory())
        receivers.connect()
        post_migrate.connect(system.make_system_blueprints, sender=self)
