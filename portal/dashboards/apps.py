"""Configuration of the dashboards app: the pages people read, and those they make."""

from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    """Pages over the catalog and its scorecards. Of these it only reads; pages are its own."""

    name = "portal.dashboards"
    label = "dashboards"

    def ready(self) -> None:
        """Connect the receivers of what pages are about."""
        from portal.dashboards import receivers

        receivers.connect()
