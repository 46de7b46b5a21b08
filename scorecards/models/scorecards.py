"""What is asked of entities: scorecards, their levels and their rules."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Q

from catalog.models import Blueprint, Entity, new_revision
from scorecards.querysets import ScorecardQuerySet

# Masks are signed 64-bit integers in the database: bits 0 to 62.
MAX_RULES = 63


class LevelColor(models.TextChoices):
    """The colours a level may have."""

    BLUE = "blue", "Blue"
    TURQUOISE = "turquoise", "Turquoise"
    ORANGE = "orange", "Orange"
    PURPLE = "purple", "Purple"
    PINK = "pink", "Pink"
    YELLOW = "yellow", "Yellow"
    GREEN = "green", "Green"
    RED = "red", "Red"
    GOLD = "gold", "Gold"
    SILVER = "silver", "Silver"
    PALE_BLUE = "paleBlue", "Pale blue"
    DARK_GRAY = "darkGray", "Dark grey"
    LIGHT_GRAY = "lightGray", "Light grey"
    BRONZE = "bronze", "Bronze"
    LIME = "lime", "Lime"
    OLIVE = "olive", "Olive"
    BROWN = "brown", "Brown"


class _Graded(models.Model):
    """A part of a scorecard: saved together with the scores that the save moves, or not at all."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and score anew, in one transaction (see `scorecards.receivers`)."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, and score anew, in one transaction."""
        with transaction.atomic():
            return super().delete(*args, **kwargs)


class Scorecard(_Graded):
    """Rules in ordered levels, for the entities of some blueprints that pass its filter."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    identifier = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    blueprints = models.ManyToManyField(Blueprint, related_name="scorecards")
    # Grades every blueprint whose entities are owned or described (see `scorecards.reach`): the
    # list above is then kept by us, and grows with the catalog.
    follows_catalog = models.BooleanField("grades the whole catalog", default=False)
    filter = models.JSONField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PUBLISHED)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # New at every edit of the scorecard, its levels or its rules: compiled rules are kept by it.
    version = models.PositiveBigIntegerField(default=new_revision, editable=False)
    # Set when rules moved and their entities are still to be evaluated; the sweep finds it.
    stale_since = models.DateTimeField(null=True, editable=False)
    # The shape (see `scorecards.compiled`) under which the last whole run found what is stored.
    settled_shape = models.BigIntegerField(null=True, editable=False)

    objects = ScorecardQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class Level(_Graded):
    """A step of a scorecard. Rank 0 is the floor, where every entity starts; it owns no rules."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="levels")
    title = models.CharField(max_length=100)
    color = models.CharField(max_length=20, choices=LevelColor.choices)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorecard", "title"], name="level_title"),
        ]

    def __str__(self) -> str:
        return self.title


class Rule(_Graded):
    """One requirement, placed at a level. `bit` is its position in the masks and never changes.

    `query` says what must hold, `filter` which entities the rule is about at all, `evidence` where
    enough is known to tell, and `in_force_from` from which day on it counts; before that day, for
    entities that the filter leaves out, and without evidence, the result is SKIP, which counts
    neither way. A rule without a query is *reported*: its results come from outside, as `Outcome`
    rows, and are SKIP where there is none.
    """

    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="rules")
    level = models.ForeignKey(Level, on_delete=models.RESTRICT, related_name="rules")
    identifier = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    description = models.TextField("why", blank=True)
    how_to_fix = models.TextField(blank=True)
    query = models.JSONField(null=True, blank=True)
    filter = models.JSONField(null=True, blank=True)
    evidence = models.JSONField(null=True, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    in_force_from = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    bit = models.PositiveSmallIntegerField(
        editable=False, validators=[MaxValueValidator(MAX_RULES - 1)]
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorecard", "identifier"], name="rule_identifier"),
            models.UniqueConstraint(fields=["scorecard", "bit"], name="rule_bit"),
            models.CheckConstraint(condition=Q(bit__lt=MAX_RULES), name="rule_bit_fits"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_reported(self) -> bool:
        """Say whether the results come from outside."""
        return self.query is None
