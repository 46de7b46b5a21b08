"""How good it is: scorecards, what they found, and what moved."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Q

from catalog.errors import Invalid
from catalog.models import Blueprint, Entity, new_revision
from scorecards.packs import PACKS, parse_settings
from scorecards.querysets import (
    EvaluationQuerySet,
    LevelChangeQuerySet,
    OutcomeQuerySet,
    ScorecardQuerySet,
)

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

    `query` says what must hold, `filter` which entities the rule is about at all, and
    `in_force_from` from which day on it counts; before that day, and for entities that the filter
    leaves out, the result is SKIP, which counts neither way. A rule without a query is *reported*:
    its results come from outside, as `Outcome` rows, and are SKIP where there is none.
    """

    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="rules")
    level = models.ForeignKey(Level, on_delete=models.RESTRICT, related_name="rules")
    identifier = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    description = models.TextField("why", blank=True)
    how_to_fix = models.TextField(blank=True)
    query = models.JSONField(null=True, blank=True)
    filter = models.JSONField(null=True, blank=True)
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


class Outcome(models.Model):
    """What was last reported from outside about an entity, for a rule without a query."""

    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, related_name="outcomes", db_index=False
    )
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="outcomes")
    state = models.CharField(max_length=4, choices=RuleChange.Result.choices)
    remark = models.TextField(blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=200, blank=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "entity"], name="outcome_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}, {self.entity_id}: {self.state}"


class InstalledPack(models.Model):
    """A pack that is installed, with the settings that its documents were made with.

    `updated_at` is when it was last brought up to date.
    """

    name = models.CharField(max_length=100, primary_key=True)
    settings = models.JSONField(default=dict, blank=True)
    installed_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "pack"

    def __str__(self) -> str:
        return PACKS[self.name].title if self.name in PACKS else self.name

    def clean(self) -> None:
        """Refuse what is no pack, and settings that it cannot have."""
        if self.name not in PACKS:
            there_are = ", ".join(sorted(PACKS))
            raise ValidationError({"name": f"there is no such pack; there are: {there_are}"})
        try:
            parse_settings(self.name, self.settings)
        except Invalid as error:
            messages = [f"{fault.path}: {fault.message}" for fault in error.faults]
            raise ValidationError({"settings": messages}) from error


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
