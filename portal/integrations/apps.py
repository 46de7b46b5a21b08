"""The Django app of everything that other systems plug into."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Credentials of machines, and the wire dialects that they speak."""

    name = "portal.integrations"
    label = "integrations"

    def ready(self) -> None:
        """Connect the receivers."""
        from portal.integrations import receivers

        receivers.connect()
