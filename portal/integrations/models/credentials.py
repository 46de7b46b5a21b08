"""Who may come in by a wire dialect."""

from django.conf import settings
from django.db import models

from portal.models import TokenRole


class ApiCredential(models.Model):
    """A machine that may come in, or a person by their own clients: one row serves every dialect.

    A client id with a secret, or an API key with an application key. What is secret is kept as a
    SHA-256 digest: it has so much chance in it that nothing slower would add to it.
    It does nothing after `expires_at`, and only sees `blueprints` where any are named. That of a
    person never may do more than they may: their teams own for it what they own for them.
    """

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    name = models.CharField(max_length=100, unique=True)
    # Protected, for whoever is to go takes along what lets somebody in, and history tells of that.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credentials",
    )
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.WRITE)
    role = models.CharField(max_length=10, choices=TokenRole.choices, default=TokenRole.ADMIN)
    blueprints = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    client_id = models.CharField(max_length=64, unique=True, editable=False)
    secret_digest = models.CharField(max_length=64, editable=False)
    api_key_digest = models.CharField(max_length=64, unique=True, editable=False)
    app_key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API credential"

    def __str__(self) -> str:
        return f"{self.name} ({self.get_scope_display()})"
