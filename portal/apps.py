"""Configuration of the portal app: users, tokens and the commands of the whole site."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The floor's own tables and the site's management commands."""

    name = "portal"
