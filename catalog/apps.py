"""Configuration of the catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What exists and who owns it."""

    name = "catalog"

    def ready(self) -> None:
        """Connect the receivers that feed plain saves into the funnel."""
        from catalog import receivers

        receivers.connect()
