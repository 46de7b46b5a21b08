"""The REST API of scorecards, and of entities with their badges."""

from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.documents import DocumentViewSet
from catalog.api.viewsets import EntityViewSet
from catalog.errors import Conflict, Invalid
from catalog.models import OWNERSHIP, TEAM, USER, Entity, EntityRelation
from catalog.querysets import EntityQuerySet
from portal.api.viewsets import ApiViewSet
from scorecards import operations
from scorecards.api import openapi
from scorecards.api.outcomes import scorecard_of
from scorecards.api.rule_results import as_rows, per_rule, with_reasons
from scorecards.api.serializers import (
    EvaluationSerializer,
    GradedEntitySerializer,
    LevelChangeSerializer,
    PreviewSerializer,
    RuleResultSerializer,
    RuleSerializer,
    ScorecardSerializer,
    TeamSerializer,
)
from scorecards.filtersets import (
    EvaluationFilterSet,
    GradedEntityFilterSet,
    GradedTeamFilterSet,
    LevelChangeFilterSet,
    RuleFilterSet,
    RuleResultFilterSet,
    ScorecardFilterSet,
)
from scorecards.models import Evaluation, LevelChange, Rule, Scorecard
from scorecards.querysets import ScorecardQuerySet


def _graded(entities: EntityQuerySet) -> EntityQuerySet:
    """Load the badges of entities, with one query for all of them."""
    rows = (
        Evaluation.objects.filter(scorecard__status=Scorecard.Status.PUBLISHED)
        .select_related("level", "scorecard")
        .order_by("scorecard__identifier")
    )
    return entities.prefetch_related(Prefetch("evaluations", rows))


@openapi.ENTITIES
class GradedEntityViewSet(EntityViewSet):
    """The things in the catalog with their badges, one address each: /<blueprint>/<identifier>/."""

    queryset = _graded(EntityViewSet.queryset)
    serializer_class = GradedEntitySerializer
    filterset_class = GradedEntityFilterSet


@openapi.TEAMS
class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The teams. They are entities of the blueprint `_team`, and written as such."""

    queryset = _graded(Entity.objects.of(TEAM).select_related("blueprint").order_by("id"))
    serializer_class = TeamSerializer
    filterset_class = GradedTeamFilterSet
    lookup_field = "identifier"
    via = "blueprint"

    def readable(self, rows: QuerySet) -> QuerySet:
        """Return the teams with how many people and entities they own, of those to be read."""
        people = Q(source__blueprint__identifier=USER)
        return (
            super()
            .readable(rows)
            .annotate(
                member_count=self._owned_count(people), entity_count=self._owned_count(~people)
            )
        )

    def _owned_count(self, condition: Q) -> Coalesce:
        owned = EntityRelation.objects.filter(relation=OWNERSHIP, target=OuterRef("pk"))
        rows = self.rights.readable(owned.filter(condition), via="source__blueprint")
        return _count(rows)


def _count(rows: QuerySet) -> Coalesce:
    counts = rows.order_by().values("target").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts), 0)


@openapi.SCORECARDS
class ScorecardViewSet(DocumentViewSet):
    """The scorecards, with their levels and rules."""

    queryset = Scorecard.objects.with_parts().order_by("identifier")
    serializer_class = ScorecardSerializer
    filterset_class = ScorecardFilterSet
    asks_of_objects = True
    noun = "scorecard"

    def readable(self, rows: ScorecardQuerySet) -> ScorecardQuerySet:
        """Leave out those that only grade what is hidden."""
        return rows.readable_by(self.rights)

    def save(self, definition: dict[str, Any]) -> Scorecard:
        """Create or replace a scorecard and evaluate what it grades."""
        return operations.save_scorecard(definition=definition, by=self.actor, now=timezone.now())

    def remove(self, row: Scorecard) -> None:
        """Delete a scorecard with everything it found."""
        operations.delete_scorecard(scorecard=row, by=self.actor, now=timezone.now())


@openapi.PREVIEWS
class PreviewViewSet(ApiViewSet):
    """What saving a scorecard document would change, worked out without saving it."""

    serializer_class = PreviewSerializer

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Evaluate the document in the body against every entity, and write nothing."""
        preview = operations.preview_scorecard(definition=self.body(), now=timezone.now())
        return Response(PreviewSerializer(preview).data)


@openapi.RULES
class RuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The rules of all scorecards, by number."""

    queryset = Rule.objects.select_related("scorecard", "level", "owner").order_by("id")
    serializer_class = RuleSerializer
    filterset_class = RuleFilterSet
    asks_of_objects = True
    lookup_value_regex = "[0-9]{1,18}"

    def readable(self, rows: QuerySet) -> QuerySet:
        """Leave out the rules of scorecards that only grade what is hidden."""
        if not self.rights.hidden:
            return rows
        return rows.filter(scorecard__in=Scorecard.objects.readable_by(self.rights))

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Add a rule to a scorecard."""
        body = self.body()
        scorecard = scorecard_of(body.pop("scorecard", None), rights=self.rights)
        name = body.get("identifier")
        if isinstance(name, str) and scorecard.rules.filter(identifier=name).exists():
            raise Conflict(
                f"There is a rule '{name}' in '{scorecard.identifier}' already; "
                "/api/rules/<id>/ changes it."
            )
        return self._save(scorecard, body, status.HTTP_201_CREATED)

    def update(self, request: Request, **kwargs: Any) -> Response:
        """Replace a rule."""
        rule = self.get_object()
        return self._save(rule.scorecard, self._body(rule), status.HTTP_200_OK)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Replace the parts of a rule that the body names."""
        rule = self.get_object()
        definition = {**operations.rule_document_of(rule), **self._body(rule)}
        return self._save(rule.scorecard, definition, status.HTTP_200_OK)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete a rule."""
        operations.delete_rule(rule=self.get_object(), by=self.actor, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _body(self, rule: Rule) -> dict[str, Any]:
        """Return the definition in the body; what says which rule it is may not contradict."""
        fixed = {
            "id": rule.pk,
            "scorecard": rule.scorecard.identifier,
            "identifier": rule.identifier,
        }
        body = {**fixed, **self.body()}
        for key, value in fixed.items():
            if body[key] != value:
                raise Invalid.at(key, f"is '{value}' and stays so; create another rule instead")
        return {key: value for key, value in body.items() if key not in ("id", "scorecard")}

    def _save(self, scorecard: Scorecard, definition: dict[str, Any], code: int) -> Response:
        rule = operations.save_rule(
            scorecard=scorecard, definition=definition, by=self.actor, now=timezone.now()
        )
        return Response(self.get_serializer(rule).data, status=code)


@openapi.EVALUATIONS
class EvaluationViewSet(mixins.ListModelMixin, ApiViewSet):
    """What the scorecards found, one row per entity and scorecard."""

    queryset = (
        Evaluation.objects.select_related("entity__blueprint", "scorecard", "level")
        .defer("entity__properties", "entity__computed", "entity__facts")
        .order_by("id")
    )
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilterSet
    via = "entity__blueprint"


@openapi.RULE_RESULTS
class RuleResultViewSet(mixins.ListModelMixin, ApiViewSet):
    """What the rules say, one row per entity and rule."""

    queryset = per_rule(Evaluation.objects.all())
    serializer_class = RuleResultSerializer
    filterset_class = RuleResultFilterSet
    via = "entity__blueprint"

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Narrow the rows, and load only what is shown."""
        return as_rows(super().filter_queryset(queryset))

    def paginate_queryset(self, queryset: QuerySet) -> list[dict[str, Any]]:
        """Return a page of the rows, with the reasons of what does not count."""
        page = super().paginate_queryset(queryset) or []
        return with_reasons(page, now=timezone.now(), sight=self.rights.sight)


@openapi.LEVEL_CHANGES
class LevelChangeViewSet(mixins.ListModelMixin, ApiViewSet):
    """How entities moved between levels, newest first."""

    queryset = LevelChange.objects.recent().defer(
        "entity__properties", "entity__computed", "entity__facts"
    )
    serializer_class = LevelChangeSerializer
    filterset_class = LevelChangeFilterSet
    via = "entity__blueprint"
