"""The organization that this installation is for."""

from django.db import models

from portal.fields import EncryptedTextField


class Organization(models.Model):
    """What the organization is called, and what its clients keep with it; one row at most."""

    name = models.CharField(max_length=200, blank=True)
    # Opaque, and told back as it came: how the clients' own pages look.
    settings = models.JSONField(default=dict)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="organization_is_one"),
        ]

    def __str__(self) -> str:
        return self.name


class OrganizationSecret(models.Model):
    """A value that actions and exporters use and nobody reads: sealed, and never told back."""

    name = models.CharField(max_length=200, unique=True)
    description = models.CharField(max_length=1000, blank=True)
    value = EncryptedTextField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name
