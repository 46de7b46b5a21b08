"""The Django app of everything that other systems plug into."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Credentials of machines, and the wire dialects that they speak."""

    name = "portal.integrations"
    label = "integrations"

    def ready(self) -> None:
        """Connect the receivers, and what is kept of what is deleted."""
        from portal.integrations import kept, receivers

        receivers.connect()
        kept.connect()
