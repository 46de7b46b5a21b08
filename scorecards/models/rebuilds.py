"""Where a rebuild is."""

from django.db import models


class Rebuild(models.Model):
    """A rebuild that is under way or was interrupted: what it is of, and when it was begun.

    A position, not a lock. There is one at most, and none when it is done: what is there is what
    can be gone on with. `blueprints` are identifiers, none for all.
    """

    blueprints = models.JSONField(default=list)
    begun_at = models.DateTimeField()
    # The same in every row, so that there is no second one.
    place = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)

    def __str__(self) -> str:
        return f"the rebuild of {', '.join(self.blueprints) or 'all blueprints'}"


class RebuildStep(models.Model):
    """How far a rebuild got with one step, written in the transaction of each piece of it.

    `subject` is the series, blueprint or scorecard, `position` the id of the last entity, `count`
    how much was done. `stamp` stands for the definitions that it was done by.
    """

    class Kind(models.TextChoices):
        SAMPLES = "samples", "Samples"
        ENTITIES = "entities", "Entities"
        EVALUATIONS = "evaluations", "Evaluations"
        COUNTERS = "counters", "Counters"

    rebuild = models.ForeignKey(
        Rebuild, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=100)
    stamp = models.CharField(max_length=64)
    position = models.BigIntegerField(default=0)
    count = models.BigIntegerField(default=0)
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rebuild", "kind", "subject"], name="rebuild_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}: {self.count}"
