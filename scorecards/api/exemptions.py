"""Exemptions over REST: which rules do not count for which entities, why, and until when."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from catalog.models import Entity
from portal.api.errors import answers
from portal.api.viewsets import ApiViewSet
from scorecards import operations
from scorecards.api.outcomes import scorecard_of
from scorecards.filtersets import ExemptionFilterSet
from scorecards.models import Exemption, Rule
from scorecards.operations.exempting import MAX_NAME, MAX_REASON


class ExemptionSerializer(serializers.Serializer):
    """One entity that is exempt from one rule, or was."""

    id = serializers.IntegerField(read_only=True)
    scorecard = serializers.CharField(
        source="rule.scorecard.identifier", help_text="Identifier of the scorecard"
    )
    rule = serializers.CharField(source="rule.identifier", help_text="Identifier of the rule")
    blueprint = serializers.CharField(source="entity.blueprint.identifier")
    entity = serializers.CharField(source="entity.identifier")
    reason = serializers.CharField(max_length=MAX_REASON)
    asked_by = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_NAME, help_text="Left out: who sends this"
    )
    approved_by = serializers.CharField(read_only=True)
    expires_on = serializers.DateField(
        required=False, allow_null=True, help_text="The last day; null: without end"
    )
    created_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)
    ended_by = serializers.CharField(read_only=True)


_EXAMPLE = OpenApiExample(
    "An exemption",
    request_only=True,
    value={
        "scorecard": "readiness",
        "rule": "has_on_call",
        "blueprint": "service",
        "entity": "checkout",
        "reason": "Is switched off at the end of March.",
        "expires_on": "2026-03-31",
    },
)


@extend_schema_view(
    list=extend_schema(responses=answers({200: ExemptionSerializer(many=True)}, 400)),
    retrieve=extend_schema(responses=answers({200: ExemptionSerializer}, 404)),
    create=extend_schema(
        description="For who moderates the blueprint. Of an entity that is exempt from the rule "
        "already, reason and last day are changed.",
        responses=answers({200: ExemptionSerializer, 201: ExemptionSerializer}, 400, 403),
        examples=[_EXAMPLE],
    ),
    destroy=extend_schema(
        description="The rule counts again; the exemption is kept as history.",
        responses=answers({204: None}, 403, 404),
    ),
)
class ExemptionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Which rules do not count for which entities, newest first; those that ended, too."""

    queryset = Exemption.objects.with_names()
    serializer_class = ExemptionSerializer
    filterset_class = ExemptionFilterSet
    lookup_value_regex = "[0-9]{1,18}"
    asks_of_objects = True
    via = "entity__blueprint"

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Exempt an entity from a rule, or change why and until when."""
        serializer = self.get_serializer(data=self.body())
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        entity, rule = self._entity(sent["entity"]), self._rule(sent["rule"])
        is_new = not Exemption.objects.of_entity(entity.pk).filter(rule=rule).exists()
        exemption = operations.exempt(
            entity=entity,
            rule=rule,
            reason=sent["reason"],
            asked_by=sent.get("asked_by", ""),
            expires_on=sent.get("expires_on"),
            by=self.actor,
            now=timezone.now(),
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(self.get_serializer(exemption).data, status=code)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """End an exemption; one that has ended stays as it is."""
        operations.withdraw_exemption(
            exemption=self.get_object(), by=self.actor, now=timezone.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _entity(self, sent: dict[str, Any]) -> Entity:
        blueprint, name = sent["blueprint"]["identifier"], sent["identifier"]
        rows = Entity.objects.of(blueprint).named([name]).readable_by(self.rights)
        found = rows.select_related("blueprint").first()
        if found is None:
            raise Invalid.at("entity", f"there is no {blueprint} '{name}'", is_missing=True)
        return found

    def _rule(self, sent: dict[str, Any]) -> Rule:
        scorecard = scorecard_of(sent["scorecard"]["identifier"], rights=self.rights)
        rule = scorecard.rules.filter(identifier=sent["identifier"]).first()
        if rule is None:
            message = f"there is no rule '{sent['identifier']}' in '{scorecard.identifier}'"
            raise Invalid.at("rule", message, is_missing=True)
        return rule
