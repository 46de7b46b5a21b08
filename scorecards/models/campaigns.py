"""Dated pushes: some rules, some entities, an owner and a day by which it should be done."""

from django.db import models
from django.db.models import F, Q

from catalog.models import Entity
from scorecards.models.scorecards import Rule
from scorecards.querysets import CampaignQuerySet, CampaignSnapshotQuerySet


class Campaign(models.Model):
    """Rules that some entities are to pass by a date.

    In scope are the entities that pass the campaign's own `filter` and for which at least one of
    its rules counts: where every one of them is skipped, there is nothing to do and nothing done.
    An entity is done when none of the campaign's rules fails for it.
    """

    class Status(models.TextChoices):
        NOT_STARTED = "not_started", "Not started"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed"

    identifier = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    # Markdown: what those who own the entities are to do, with links.
    guidance = models.TextField(blank=True)
    # The team that asks for it.
    owner = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    rules = models.ManyToManyField(Rule, related_name="campaigns")
    filter = models.JSONField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NOT_STARTED)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__isnull=True) | Q(due_at__gt=F("starts_at")),
                name="campaign_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CampaignSnapshot(models.Model):
    """How far a campaign was when a day ended, for its burn-up; today's row moves until then.

    `passed`, `failed` and `skipped` count results (entity x rule), `done` and `entities` entities.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    day = models.DateField()
    passed = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    skipped = models.PositiveIntegerField()
    done = models.PositiveIntegerField()
    entities = models.PositiveIntegerField()

    objects = CampaignSnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            # The burn-up of a campaign, by day.
            models.UniqueConstraint(fields=["campaign", "day"], name="campaign_snapshot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}, {self.day}: {self.done} of {self.entities}"
