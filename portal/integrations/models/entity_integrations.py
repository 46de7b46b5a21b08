"""What a client set up for a system from which it fills the catalog."""

from django.db import models


class EntityIntegrationConfig(models.Model):
    """Which repositories, projects or accounts of one system belong in the catalog.

    Kept for the clients that write it and read it back; it holds names, and no secrets. `config` is
    as sent, checked by `portal.integrations.datadog.entity_integrations`.
    """

    integration = models.CharField(max_length=20, unique=True)
    config = models.JSONField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.integration
