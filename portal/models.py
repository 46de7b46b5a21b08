"""Who may come in: users and their API tokens. And who does what: jobs, pieces, processes."""

from typing import Any

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

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Say whether Django's own permissions let them: a superuser, as long as they are staff."""
        return self.is_staff and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Say likewise for an app."""
        return self.is_staff and super().has_module_perms(app_label)


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


class ScheduledJob(models.Model):
    """A job of the schedule: when it was last sent, and what its last run came to.

    `step` is what the run that is under way is at; it stays behind when the process dies there.
    `failures` counts the runs in a row that did not end well, `error` says why the last did not.
    """

    name = models.CharField(max_length=100, primary_key=True)
    claimed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Process(models.Model):
    """A worker or a scheduler, and when it was last heard of; gone when it ends in order."""

    class Kind(models.TextChoices):
        WORKER = "worker", "Worker"
        SCHEDULER = "scheduler", "Scheduler"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "processes"
        constraints = [
            models.UniqueConstraint(fields=["kind", "host", "pid"], name="process_named_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pid} on {self.host}"


class Piece(models.Model):
    """A range of ids that a large piece of work was cut into: gone when it is done.

    `work` names the work and `stamp` what it goes by: pieces of another stamp are worth nothing.
    Of several workers one has it, until `claimed_until`; after a few attempts nobody takes it.
    """

    work = models.CharField(max_length=100)
    stamp = models.CharField(max_length=100)
    scope = models.CharField(max_length=100)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    cut_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work", "stamp", "scope", "first"], name="piece_cut_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.work}: {self.scope} {self.first} to {self.last}"


class SignInCount(models.Model):
    """How many times something was tried within a window, for what `key` is a digest of.

    Rows are worth nothing after `until`; see `portal.signin.throttle`.
    """

    key = models.CharField(max_length=64, primary_key=True)
    tried_count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.tried_count}"
