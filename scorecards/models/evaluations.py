"""What scorecards found, what moved, and how many entities are where."""

from django.db import models

from catalog.models import Blueprint, Entity
from scorecards.models.scorecards import Level, Rule, Scorecard
from scorecards.querysets import EvaluationQuerySet, LevelChangeQuerySet


class Evaluation(models.Model):
    """What one scorecard found about one entity: the level, and a bit per rule.

    Bit `n` of `passed` is set when the rule with that bit passed, of `skipped` when it did not
    count; a live rule with neither failed. `evaluated_at` is when this was last written: an
    evaluation that finds the same writes nothing, unless there is a rule that it has not seen.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="evaluations")
    # No index of its own: the constraint below starts with it.
    scorecard = models.ForeignKey(
        Scorecard, on_delete=models.CASCADE, related_name="evaluations", db_index=False
    )
    level = models.ForeignKey(
        # No index: levels are looked for within a scorecard, and moves stay cheap without.
        Level,
        null=True,
        on_delete=models.SET_NULL,
        related_name="evaluations",
        db_index=False,
    )
    passed = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    # The newest rule that was looked at: bits are used again, and what is held under the bit of a
    # newer rule is about another one.
    newest_rule_id = models.BigIntegerField(default=0)
    evaluated_at = models.DateTimeField()
    level_changed_at = models.DateTimeField()

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        constraints = [
            # Scorecard first: pies, pages by rule and failing lists read a scorecard at a time.
            models.UniqueConstraint(fields=["scorecard", "entity"], name="evaluation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} in {self.scorecard}"


class Fingerprint(models.Model):
    """A number that stands for everything the scorecards found about an entity.

    An evaluation that arrives at the same number has nothing to compare and nothing to write;
    without a number, everything is compared. `teams` are the owners that the entity is counted
    under, as JSON: what a later evaluation takes back from the counters.
    """

    entity = models.OneToOneField(
        Entity, primary_key=True, on_delete=models.CASCADE, related_name="fingerprint"
    )
    value = models.BigIntegerField(null=True)
    teams = models.TextField(default="[]")

    def __str__(self) -> str:
        return f"{self.entity_id}: {self.value}"


class _Counts(models.Model):
    """How many entities of one owner are at each level, and pass and fail each rule."""

    scorecard = models.ForeignKey(
        Scorecard, on_delete=models.CASCADE, related_name="%(class)ss", db_index=False
    )
    # The identifier of the owning team; empty for all entities, owned or not.
    team = models.CharField(max_length=1000, blank=True)
    levels = models.JSONField(default=dict)
    passed = models.JSONField(default=dict)
    failed = models.JSONField(default=dict)

    class Meta:
        abstract = True


class Counter(_Counts):
    """A part of the counts of a scorecard, a blueprint and an owner: its rows add up to them.

    Evaluations append what they moved, so that those of many entities never wait for each other at
    one row; the sweep adds rows up. `levels` is ``{level id: entities}``, `passed` and `failed` are
    ``{rule id: entities}``; parts may be negative, and what is said of rules that are gone means
    nothing. An entity with two owners is counted for both.
    """

    blueprint = models.ForeignKey(
        Blueprint, on_delete=models.CASCADE, related_name="counters", db_index=False
    )

    class Meta:
        indexes = [
            # Pies and rankings: the counts of a scorecard, all in all or for one owner.
            models.Index(fields=["scorecard", "team", "blueprint"], name="counter_of"),
        ]

    def __str__(self) -> str:
        return f"{self.scorecard_id}, {self.team or 'all'}: {self.levels}"


class ScorecardSnapshot(_Counts):
    """The counts of a scorecard and an owner as they were when a day began, for trends.

    By title and identifier, to outlive edits: `levels` is ``{level title: entities}``, `passed` and
    `failed` are ``{rule identifier: entities}``.
    """

    day = models.DateField()

    class Meta:
        constraints = [
            # The trend of a scorecard, all in all or for one owner.
            models.UniqueConstraint(fields=["scorecard", "team", "day"], name="snapshot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scorecard_id}, {self.team or 'all'}, {self.day}"


class LevelChange(models.Model):
    """An entity moved from one level to another. Levels are kept by title, to outlive edits.

    `to_level` is empty when the scorecard stopped grading the entity. A first evaluation is not a
    move. Rows are never edited: notifications are sent from them.
    """

    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="level_changes", db_index=False
    )
    scorecard = models.ForeignKey(
        Scorecard, on_delete=models.CASCADE, related_name="level_changes", db_index=False
    )
    from_level = models.CharField(max_length=100, blank=True)
    to_level = models.CharField(max_length=100, blank=True)
    from_rank = models.SmallIntegerField()
    to_rank = models.SmallIntegerField()
    at = models.DateTimeField()

    objects = LevelChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            # The timeline of an entity, and of a scorecard.
            models.Index(fields=["entity", "-id"], name="levelchange_entity"),
            models.Index(fields=["scorecard", "-id"], name="levelchange_scorecard"),
        ]

    def __str__(self) -> str:
        return f"{self.entity}: {self.from_level} to {self.to_level}"

    @property
    def is_drop(self) -> bool:
        """Say whether the entity lost ground."""
        return self.to_rank < self.from_rank


class RuleChange(models.Model):
    """The result of a rule for an entity moved. Rows are never edited."""

    class Result(models.TextChoices):
        PASS = "PASS", "Pass"
        FAIL = "FAIL", "Fail"
        SKIP = "SKIP", "Skip"

    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="rule_changes", db_index=False
    )
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=4, choices=Result.choices)
    after = models.CharField(max_length=4, choices=Result.choices)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Since when a rule has been passing or failing for an entity.
            models.Index(fields=["entity", "rule", "-id"], name="rulechange_of"),
        ]

    def __str__(self) -> str:
        return f"{self.entity}, {self.rule}: {self.before} to {self.after}"
