"""Who may come in: users and their API tokens."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):
    """A person who signs in. Their teams are those of the `_user` entity with the same e-mail.

    Staff are admins; what the others may do is in `role` (see `portal.permissions`).
    """

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer: reads"
        MEMBER = "member", "Member: also edits what their teams own"

    role = models.CharField(
        max_length=10,
        choices=Role.choices,
        default=Role.MEMBER,
        help_text="What they may do where they are no staff; staff may do everything.",
    )
    email = models.EmailField("e-mail address", unique=True)
    # The teams that they are in only because their identity provider says so; see `portal.sso`.
    claimed_teams = models.JSONField(default=list, blank=True, editable=False)

    @property
    def entity_identifier(self) -> str:
        """Return the identifier of the `_user` entity that stands for this person."""
        return self.email.lower()


class TokenRole(models.TextChoices):
    """What a token may do at most, whoever owns it."""

    VIEWER = "viewer", "Viewer"
    MEMBER = "member", "Member"
    MODERATOR = "moderator", "Moderator of its blueprints"
    ADMIN = "admin", "Admin"


class ApiToken(AbstractAuthToken):
    """A token for the REST API: kept as a digest, expiring, for reading or also for writing.

    It never may do more than its owner. `role` and `blueprints` narrow that: an empty role is the
    owner's own, an empty list means all blueprints.
    """

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.READ)
    role = models.CharField(max_length=10, choices=TokenRole.choices, blank=True)
    blueprints = models.JSONField(default=list, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or self.token_key} ({self.get_scope_display()})"


class SignInCount(models.Model):
    """How many times something was tried within a window, for what `key` is a digest of.

    Rows are worth nothing after `until`; see `portal.signin.throttle`.
    """

    key = models.CharField(max_length=64, primary_key=True)
    tried_count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.tried_count}"
