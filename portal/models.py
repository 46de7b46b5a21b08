"""Who may come in: users and their API tokens."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):
    """A person who signs in. Their teams are those of the `_user` entity with the same e-mail."""

    email = models.EmailField("e-mail address", unique=True)

    @property
    def entity_identifier(self) -> str:
        """Return the identifier of the `_user` entity that stands for this person."""
        return self.email.lower()


class ApiToken(AbstractAuthToken):
    """A token for the REST API: kept as a digest, expiring, for reading or also for writing."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.READ)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or self.token_key} ({self.get_scope_display()})"
