"""Configuration of the sso app; it is installed only where it is used."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    """What stands between allauth and the portal."""

    name = "portal.sso"
