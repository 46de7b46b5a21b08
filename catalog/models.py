"""What exists and who owns it."""

from collections.abc import Iterable
from secrets import randbits
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from catalog.conditions.nodes import RELATION_PREFIX
from catalog.expressions import ShownName
from catalog.fields import DocumentField, JSONField
from catalog.querysets import (
    BlueprintQuerySet,
    ChangeQuerySet,
    DeletedQuerySet,
    EntityQuerySet,
    RelationQuerySet,
)

TEAM = "_team"
USER = "_user"
# The relation that stands for ownership: from any entity to an entity of the `_team` blueprint.
OWNERSHIP = "$team"


def new_revision() -> int:
    """Return a number for the state of a row, unlike any before it.

    A counter would come again after a rollback, and with it what was cached under it.
    """
    return randbits(40)


class Blueprint(models.Model):
    """A kind of entity: its properties (JSON schema), computed properties, relations and ownership.

    The JSON columns hold the inner objects of the blueprint document, parsed and checked by
    `catalog.blueprints`; `schema` is ``{"properties": {id: property}, "required": [id]}``.
    """

    identifier = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    icon = models.CharField(max_length=100, blank=True)
    schema = DocumentField(default=dict)
    relations = DocumentField(default=dict, blank=True)
    mirror_properties = DocumentField(default=dict, blank=True)
    calculation_properties = DocumentField(default=dict, blank=True)
    aggregation_properties = DocumentField(default=dict, blank=True)
    ownership = models.JSONField(null=True, blank=True)
    # Who may do what with its entities, as far as anybody said; see `portal.policies`.
    permissions = models.JSONField(default=dict, blank=True)
    is_system = models.BooleanField(default=False, editable=False)
    # New at every save; processes keep parsed blueprints by it (see `catalog.registry`).
    revision = models.PositiveBigIntegerField(default=new_revision, editable=False)
    # Set when an edit left its entities to be worked out again; the sweep finds it.
    stale_since = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    # Relations that were taken off a row which was read for somebody who may not see their ends.
    unseen: frozenset[str] = frozenset()

    objects = BlueprintQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save under a new revision."""
        self.revision = new_revision()
        if update_fields is not None:
            update_fields = {*update_fields, "revision"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def unseen_keys(self) -> frozenset[str]:
        """Return the keys of facts that stand for the relations in `unseen`."""
        return frozenset(f"{RELATION_PREFIX}{name}" for name in self.unseen)


class Entity(models.Model):
    """One thing in the catalog.

    `properties` is what people and tools gave, `computed` what Tidemark worked out, and `facts` the
    flat document of both, with relations and meta-properties, that conditions, evaluation and pages
    read (see `catalog.facts`). `problems` lists computed properties that failed, as
    ``{"property", "message"}``. `updated_at` moves only when something given moved.
    """

    # No index of its own: the constraint below starts with it.
    blueprint = models.ForeignKey(
        Blueprint, on_delete=models.CASCADE, related_name="entities", db_index=False
    )
    identifier = models.CharField(max_length=1000)
    title = models.CharField(max_length=1000, blank=True)
    icon = models.CharField(max_length=100, blank=True)
    properties = JSONField(default=dict, blank=True)
    computed = JSONField(default=dict, editable=False)
    facts = JSONField(default=dict, editable=False)
    problems = JSONField(default=list, editable=False)
    datasource = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, blank=True, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, blank=True, editable=False)
    # Set in the transaction that moves the facts, cleared by the evaluation that saw them.
    stale_since = models.DateTimeField(null=True, editable=False)

    objects = EntityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entities"
        constraints = [
            models.UniqueConstraint(fields=["blueprint", "identifier"], name="entity_identifier"),
        ]
        indexes = [
            # Going through a blueprint's entities in ranges of ids.
            models.Index(fields=["blueprint", "id"], name="entity_by_id"),
            # Catalog pages: the default order of a blueprint's table, and that among equals.
            models.Index("blueprint", ShownName(), "id", name="entity_by_shown_name"),
            # The sweep: what a dead worker left behind.
            models.Index(
                fields=["stale_since"], condition=Q(stale_since__isnull=False), name="entity_stale"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.identifier

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and settle what the save moves, in one transaction (see `catalog.receivers`)."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, and settle what pointed here, in one transaction."""
        with transaction.atomic():
            return super().delete(*args, **kwargs)

    @property
    def team(self) -> list[str]:
        """Return the identifiers of the owning teams, direct or inherited."""
        return self.facts.get("$team") or []

    def fact(self, key: str) -> Any:
        """Return what conditions read under `key`, or None."""
        return self.facts.get(key)


class EntityRelation(models.Model):
    """`source` points at `target` by the relation named `relation` of its blueprint.

    Direct ownership is the relation `$team`. Inherited ownership has no rows: it is walked.
    """

    source = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="outgoing", db_index=False
    )
    relation = models.CharField(max_length=100)
    target = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="incoming", db_index=False
    )

    objects = RelationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "relation", "target"], name="relation_edge"),
        ]
        indexes = [
            # Both directions: the constraint serves source to target, this one target to source.
            models.Index(fields=["target", "relation", "source"], name="relation_reverse"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.relation} {self.target_id}"


class Series(models.Model):
    """A stream of samples that aggregations read, known by `catalog.computed.series.Series.key`."""

    key = models.CharField(max_length=64, unique=True)
    # Set when it holds a sample of every event; until then every write adds to it, but no
    # aggregation reads it.
    filled_at = models.DateTimeField(null=True)
    # What is read of it was right as of this moment: a sweep has looked what time moved since.
    swept_at = models.DateTimeField(null=True)
    # Set when its samples are added up by day as well; from then on every write keeps that.
    rolled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class Sample(models.Model):
    """What one event is to the aggregations of one anchor (see `catalog.computed.series`).

    Moments are microseconds since 1970: `at` is what intervals measure by, `window_at` what spans
    of time are about. Written with the event, never edited.
    """

    # Kept whole by `catalog.computed.samples`: a check per row by the database would cost as much
    # as the row. What an event or an anchor leaves behind goes with the relation rows in between.
    series = models.ForeignKey(
        Series,
        on_delete=models.CASCADE,
        related_name="samples",
        db_index=False,
        db_constraint=False,
    )
    anchor = models.ForeignKey(
        Entity,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    entity = models.ForeignKey(
        Entity,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    at = models.BigIntegerField(null=True)
    window_at = models.BigIntegerField(null=True)
    value = models.FloatField(null=True)
    # No number of its own, and none begins with the event: with millions of rows, another index is
    # what costs. The anchors of an event are told by its relation rows.
    pk = models.CompositePrimaryKey("series", "anchor", "entity")

    class Meta:
        indexes = [
            # All that is read through a window, without a look at the table.
            models.Index(
                fields=["series", "anchor", "window_at", "at", "value"],
                condition=models.Q(window_at__isnull=False),
                name="sample_in_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series_id}, {self.anchor_id}: {self.value}"


class Sums(models.Model):
    """What samples of a series at an anchor come to, so that nobody goes through them again.

    `value_count` of the `count` samples have a value; `scaled_sum` is the sum of the values over
    2 to the 60th, which no number of floats takes out of their range.
    """

    series = models.ForeignKey(
        Series,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    anchor = models.ForeignKey(
        Entity,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    count = models.BigIntegerField()
    value_count = models.BigIntegerField()
    scaled_sum = models.FloatField()
    least = models.FloatField(null=True)
    most = models.FloatField(null=True)
    first_at = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Total(Sums):
    """What all samples of a series at an anchor come to."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "anchor"], name="total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series_id}, {self.anchor_id}: {self.count}"


class Rollup(Sums):
    """What the samples of a series at an anchor come to on one day in UTC, for trends.

    `day` counts days since 1970-01-01. A sample is of the day of its `window_at`, where the series
    has windows, else of its `at`; one without is of no day.
    """

    day = models.IntegerField()

    class Meta:
        constraints = [
            # Trends: the days of an anchor, in order.
            models.UniqueConstraint(fields=["series", "anchor", "day"], name="rollup_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series_id}, {self.anchor_id}, {self.day}: {self.count}"


class Change(models.Model):
    """The audit row of one write: who did what to which object, with only what differed.

    Objects are named by identifier, not by key, so that the history outlives them. Sealed rows are
    links of a chain, see `catalog.chain`.
    """

    class Action(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        DELETED = "deleted", "Deleted"
        # Of sessions: nobody came in.
        REFUSED = "refused", "Refused"

    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    source = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    blueprint = models.CharField(max_length=100, blank=True)
    identifier = models.CharField(max_length=1000)
    action = models.CharField(max_length=10, choices=Action.choices)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # The run of an action that the write was part of, by identifier.
    run = models.CharField(max_length=100, null=True, blank=True)
    # Where the request came from, and its id as in the logs; empty outside of requests.
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    # What the blueprint was called when this was written, where it was renamed since.
    called = models.CharField(max_length=100, blank=True)
    seal_number = models.BigIntegerField(null=True, editable=False)
    digest = models.CharField(max_length=80, blank=True, editable=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            # The timeline of one object.
            models.Index(fields=["kind", "blueprint", "identifier", "-id"], name="change_of"),
            # The audit list, newest first.
            models.Index(fields=["-at", "-id"], name="change_recent"),
            # What a run did.
            models.Index(fields=["run"], condition=Q(run__isnull=False), name="change_of_run"),
            # What is to be sealed.
            models.Index(
                fields=["id"], condition=Q(seal_number__isnull=True), name="change_unsealed"
            ),
        ]
        constraints = [
            # The chain, in order.
            models.UniqueConstraint(fields=["seal_number"], name="change_sealed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.identifier}"


class ChainEnd(models.Model):
    """An end of the chain of sealed audit rows: `start` is the last row that was removed, or none.

    `head` is the newest one. The proof tells that Tidemark wrote this.
    """

    class Name(models.TextChoices):
        START = "start"
        HEAD = "head"

    name = models.CharField(max_length=5, primary_key=True, choices=Name.choices)
    seal_number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    proof = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.name}: {self.seal_number}"


class Deleted(models.Model):
    """Something that was deleted, as it was, until it is restored or `expires_at` has come.

    `document` is what `catalog.operations.trashing` or the scorecards made of it: related things
    are named by identifier, not by key. What one deletion took has the same `batch`.
    """

    class Kind(models.TextChoices):
        ENTITY = "entity", "Entity"
        SCORECARD = "scorecard", "Scorecard"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Of an entity.
    blueprint = models.CharField(max_length=100, blank=True)
    identifier = models.CharField(max_length=1000)
    title = models.CharField(max_length=1000)
    document = models.JSONField(default=dict)
    batch = models.CharField(max_length=32)
    deleted_at = models.DateTimeField()
    deleted_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField()

    objects = DeletedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deleted"
        indexes = [
            # What was deleted under a name, the last time first.
            models.Index(fields=["kind", "blueprint", "identifier", "-id"], name="deleted_named"),
            # What went together.
            models.Index(fields=["batch"], name="deleted_together"),
            # What is kept no longer.
            models.Index(fields=["expires_at"], name="deleted_expiry"),
        ]

    def __str__(self) -> str:
        return self.title or self.identifier


class DeletedPart(models.Model):
    """Rows that hung on something deleted, a few thousand a piece: there may be many of them."""

    deleted = models.ForeignKey(Deleted, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=30)
    rows = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.deleted_id}: {self.name}"


class Retention(models.Model):
    """For how many days entities of a blueprint are kept, by a date of theirs; then they go.

    `property` names the date, empty for when they were created. While a run goes on, `begun_at`
    says since when and `gone_count` how many it has deleted; `ran_at` and `last_count` are those
    of the last that came to its end.
    """

    blueprint = models.OneToOneField(
        Blueprint, primary_key=True, on_delete=models.CASCADE, related_name="retention"
    )
    days = models.PositiveIntegerField()
    property = models.CharField(max_length=100, blank=True)
    begun_at = models.DateTimeField(null=True, editable=False)
    gone_count = models.PositiveIntegerField(default=0, editable=False)
    ran_at = models.DateTimeField(null=True, editable=False)
    last_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retention"

    def __str__(self) -> str:
        return f"{self.blueprint_id}: {self.days} days"
