"""Configuration of the dashboards app: the pages people read."""

from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    """Pages over the catalog and its scorecards; it reads and never writes."""

    name = "portal.dashboards"
    label = "dashboards"
