"""What was reported from outside, for rules without a query."""

from django.db import models

from catalog.models import Entity
from scorecards.models.evaluations import RuleChange
from scorecards.models.scorecards import Rule
from scorecards.querysets import OutcomeQuerySet, PastOutcomeQuerySet


class Outcome(models.Model):
    """What was last reported from outside about an entity, for a rule without a query."""

    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, related_name="outcomes", db_index=False
    )
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="outcomes")
    state = models.CharField(max_length=4, choices=RuleChange.Result.choices)
    remark = models.TextField(blank=True)
    # When the pair was first reported about; `reported_at` is when it was last.
    created_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=200, blank=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "entity"], name="outcome_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}, {self.entity_id}: {self.state}"


class PastOutcome(models.Model):
    """What an outcome said until another took its place, or it was withdrawn. Never edited."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="+", db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=4, choices=RuleChange.Result.choices)
    remark = models.TextField(blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField()

    objects = PastOutcomeQuerySet.as_manager()

    class Meta:
        indexes = [
            # The history of one pair, newest first.
            models.Index(fields=["rule", "entity", "-id"], name="pastoutcome_of"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}, {self.entity_id}: {self.state} until {self.ended_at}"


class OutcomeBatch(models.Model):
    """Reports that were accepted and are applied after the answer: the row is the queue.

    `reports` is a list of ``{"rule": id, "entity": id, "state", "remark"}`` with database ids,
    checked when they came in; emptied when the batch is done. `error` says why one failed.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    reports = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    reported_by = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=20)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "outcome batches"
        indexes = [
            # What is waiting, in the order in which it came.
            models.Index(
                fields=["id"], condition=models.Q(status="waiting"), name="outcomebatch_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} outcomes of {self.received_at}: {self.status}"
