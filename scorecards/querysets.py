"""Reads of scorecards and what they found, as chainable methods."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, Max, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce

from portal.permissions import EVERYTHING, Sight

if TYPE_CHECKING:
    from portal.permissions import Rights
    from scorecards.models import CampaignSnapshot


class ScorecardQuerySet(models.QuerySet):
    """Chainable reads of scorecards."""

    def published(self) -> Self:
        """Keep the scorecards that grade."""
        return self.filter(status="published")

    def seen_in(self, sight: Sight) -> Self:
        """Keep those that grade something that somebody sees, who has this sight."""
        if not sight.hidden:
            return self
        return self.filter(Exists(self._graded().exclude(blueprint__in=sight.hidden)))

    def _graded(self) -> models.QuerySet:
        rows = self.model.blueprints.through.objects
        return rows.filter(scorecard=OuterRef("pk"))

    def readable_by(self, rights: "Rights") -> Self:
        """Keep the scorecards that grade something which these rights may read."""
        return self.seen_in(rights.sight)

    def wholly_readable_by(self, rights: "Rights") -> Self:
        """Keep the scorecards that grade nothing hidden: numbers about the others would tell it."""
        if not rights.hidden:
            return self
        return self.exclude(Exists(self._graded().filter(blueprint__in=rights.hidden)))

    def grading(self, blueprint_id: int) -> Self:
        """Keep the published scorecards that grade this blueprint, by title."""
        return self.published().filter(blueprints=blueprint_id).order_by("title", "id")

    def within(self, blueprints: Iterable[str]) -> Self:
        """Keep those that grade some of these blueprints, and no other."""
        names = list(blueprints)
        links = self.model.blueprints.through.objects
        inside = links.filter(blueprint__identifier__in=names).values("scorecard_id")
        outside = links.exclude(blueprint__identifier__in=names).values("scorecard_id")
        return self.filter(id__in=inside).exclude(id__in=outside)

    def with_parts(self, sight: Sight = EVERYTHING) -> Self:
        """Load blueprints that are seen, levels by rank and rules by level, with a query each."""
        from catalog.models import Blueprint
        from scorecards.models import Level, Rule

        rules = Rule.objects.select_related("level", "owner").order_by(
            "level__rank", "position", "id"
        )
        kinds = Blueprint.objects.exclude(pk__in=sight.hidden)
        return self.prefetch_related(
            Prefetch("blueprints", kinds) if sight.hidden else "blueprints",
            Prefetch("levels", Level.objects.order_by("rank")),
            Prefetch("rules", rules),
        )

    def stale(self) -> Self:
        """Keep the scorecards with entities still to be evaluated."""
        return self.filter(stale_since__isnull=False)


class _AboutEntities(models.QuerySet):
    """Reads of rows that are about an entity."""

    def seen_in(self, sight: Sight) -> Self:
        """Keep those about what somebody sees, who has this sight of the catalog."""
        return sight.narrow(self, via="entity__blueprint")


class EvaluationQuerySet(_AboutEntities):
    """Chainable reads of evaluations."""

    def of_entities(self, entity_ids: Iterable[int]) -> Self:
        """Keep the evaluations of these entities by published scorecards, levels loaded."""
        return self.filter(
            entity_id__in=list(entity_ids), scorecard__status="published"
        ).select_related("level")


class LevelChangeQuerySet(_AboutEntities):
    """Chainable reads of level history."""

    def recent(self) -> Self:
        """Newest first, with what a line of history names."""
        return self.select_related("entity__blueprint", "scorecard").order_by("-id")

    def newest(self, most: int) -> Self:
        """Keep so many of the newest rows of all; however long history is, no more is read."""
        last = self.model._default_manager.order_by("-id").values("id")[most : most + 1]
        return self.filter(id__gt=Coalesce(Subquery(last), 0))


class OutcomeQuerySet(models.QuerySet):
    """Chainable reads of what was reported."""

    def with_names(self) -> Self:
        """Load what a line about an outcome names, in the order they were first reported."""
        return (
            self.select_related("rule__scorecard", "entity__blueprint")
            .defer("entity__properties", "entity__computed", "entity__facts")
            .order_by("id")
        )


class PastOutcomeQuerySet(models.QuerySet):
    """Chainable reads of what was reported once."""

    def with_names(self) -> Self:
        """Load what a line about one names, newest first."""
        return (
            self.select_related("rule__scorecard", "entity__blueprint")
            .defer("entity__properties", "entity__computed", "entity__facts")
            .order_by("-id")
        )


class ExemptionQuerySet(models.QuerySet):
    """Chainable reads of exemptions."""

    def live(self) -> Self:
        """Keep those that hold."""
        return self.filter(ended_at__isnull=True)

    def of_entity(self, entity_id: int) -> Self:
        """Keep those that hold for an entity."""
        return self.live().filter(entity_id=entity_id)

    def with_names(self) -> Self:
        """Load what a line about one names, newest first."""
        return (
            self.select_related("rule__scorecard", "entity__blueprint")
            .defer("entity__properties", "entity__computed", "entity__facts")
            .order_by("-id")
        )


class CampaignQuerySet(models.QuerySet):
    """Chainable reads of campaigns."""

    def with_parts(self, sight: Sight = EVERYTHING) -> Self:
        """Load the owner, and with a query the rules by scorecard: of those that are seen."""
        from scorecards.models import Rule, Scorecard

        rules = Rule.objects.select_related("scorecard", "level").order_by(
            "scorecard__title", "scorecard_id", "level__rank", "position", "id"
        )
        if sight.hidden:
            rules = rules.filter(scorecard__in=Scorecard.objects.seen_in(sight))
        owner = self.select_related("owner").defer(
            "owner__properties", "owner__computed", "owner__facts"
        )
        return owner.prefetch_related(Prefetch("rules", rules))

    def running(self) -> Self:
        """Keep the campaigns under way, those that are due first before the others."""
        return self.filter(status="in_progress").by_urgency()

    def by_urgency(self) -> Self:
        """Put those that are due first before the others; those that never end come last."""
        return self.order_by(models.F("due_at").asc(nulls_last=True), "starts_at", "id")


class CampaignSnapshotQuerySet(models.QuerySet["CampaignSnapshot"]):
    """Chainable reads of how far campaigns were."""

    def latest_of(self, campaign_ids: Iterable[int]) -> "dict[int, CampaignSnapshot]":
        """Return the newest snapshot of each of these campaigns that has one, with two queries."""
        rows = self.filter(campaign__in=list(campaign_ids))
        newest = rows.order_by().values("campaign_id").annotate(Max("day"))
        days = dict(newest.values_list("campaign_id", "day__max"))
        found = rows.filter(day__in=set(days.values()))
        return {row.campaign_id: row for row in found if row.day == days[row.campaign_id]}
