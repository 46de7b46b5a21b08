"""Which entities a rule does not count for, because somebody said so."""

from django.db import models
from django.db.models import Q

from catalog.models import Entity
from scorecards.models.scorecards import Rule
from scorecards.querysets import ExemptionQuerySet


class Exemption(models.Model):
    """One entity is exempt from one rule, until it is ended: then the row is history.

    `expires_on` is the last day on which it holds, null where it has no end. Evaluation goes by
    `ended_at` alone, not by the clock: the sweep ends what has expired, and evaluates again.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="exemptions")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="exemptions")
    reason = models.TextField()
    asked_by = models.CharField(max_length=200)
    approved_by = models.CharField(max_length=200)
    expires_on = models.DateField("until", null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also what evaluation looks entities up by.
            models.UniqueConstraint(
                fields=["entity", "rule"],
                condition=Q(ended_at__isnull=True),
                name="exemption_live_once",
            ),
        ]
        indexes = [
            # What the sweep has to end.
            models.Index(
                fields=["expires_on"],
                condition=Q(ended_at__isnull=True),
                name="exemption_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity}, {self.rule}"

    @property
    def is_live(self) -> bool:
        """Say whether it holds."""
        return self.ended_at is None
