"""Work on all entities of a blueprint that somebody asked for and does not wait for."""

from secrets import token_hex

from django.db import models
from django.db.models import Q

FAILURES_KEPT = 100


def new_identifier() -> str:
    """Return an identifier that nobody can guess or has seen."""
    return f"migration_{token_hex(12)}"


class DataMigration(models.Model):
    """All entities of a blueprint, to be deleted, or to be mapped to those of another.

    Blueprints are named, not pointed at: the row outlives them. The work goes through the entities
    by their ids: those up to `after_id` are done, those above `last_id` are not among them.
    `message` says why it failed as a whole, `failures` what could not be made of which entities, as
    ``{"identifier", "message"}``, of the first of `failure_count`.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        RUNNING = "RUNNING", "Running"
        COMPLETED = "COMPLETED", "Completed"
        FAILURE = "FAILURE", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    identifier = models.CharField(max_length=100, unique=True, default=new_identifier)
    actor = models.CharField(max_length=200)
    source_blueprint = models.CharField(max_length=100)
    # None where they are deleted; see `port.migration_mappings`.
    mapping = models.JSONField(null=True)
    deletes_blueprint = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    message = models.TextField(blank=True)
    after_id = models.BigIntegerField(default=0)
    last_id = models.BigIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    failure_count = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=list)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The sweep: what is not at an end, the longest left first.
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=["PENDING", "RUNNING"]),
                name="data_migration_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} of {self.source_blueprint}"

    def note_failure(self, identifier: str, message: str) -> None:
        """Count what could not be made of an entity, and keep why, of the first."""
        self.failure_count += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures = [*self.failures, {"identifier": identifier, "message": message}]
