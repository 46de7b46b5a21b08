"""Configuration of the portal app: users, tokens and the commands of the whole site."""

from django.apps import AppConfig
from django.core.checks import register


class PortalConfig(AppConfig):
    """The floor's own tables and the site's management commands."""

    name = "portal"

    def ready(self) -> None:
        """Connect the checks of the settings, and what tells of users, tokens and sessions."""
        from portal import receivers
        from portal.checks import (
            check_allowed_hosts_out,
            check_frame_hosts,
            check_own_address,
            check_ways_in,
        )

        register(check_allowed_hosts_out)
        register(check_own_address)
        register(check_frame_hosts)
        receivers.connect()
        register(check_ways_in)
