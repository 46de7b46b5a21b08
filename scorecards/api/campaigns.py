"""The REST API of campaigns."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.documents import DocumentViewSet
from portal.api.errors import answers
from scorecards import operations
from scorecards.api.openapi import IDENTIFIER
from scorecards.campaign_progress import Progress, Results, progress_of
from scorecards.campaigns import rule_name
from scorecards.filtersets import CampaignFilterSet
from scorecards.models import Campaign
from scorecards.querysets import CampaignQuerySet


class CampaignSerializer(serializers.Serializer):
    """A campaign document."""

    identifier = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False)
    guidance = serializers.CharField(required=False, help_text="Markdown")
    owner = serializers.CharField(required=False, allow_null=True, help_text="Identifier of a team")
    rules = serializers.ListField(
        child=serializers.CharField(), help_text="`<scorecard>/<rule>`, at least one"
    )
    filter = serializers.DictField(
        required=False, allow_null=True, help_text="A condition: only what passes it is in scope"
    )
    status = serializers.ChoiceField(
        choices=Campaign.Status.choices,
        required=False,
        help_text="Left out: as it is; of a new campaign, under way from its start on",
    )
    starts_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(required=False, allow_null=True)

    def to_representation(self, instance: Campaign) -> dict[str, Any]:
        """Return the document."""
        return operations.campaign_document_of(instance)


class ResultsSerializer(serializers.Serializer):
    """How many results of rules there are of each kind."""

    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    skipped = serializers.IntegerField()


class RuleProgressSerializer(ResultsSerializer):
    """How a rule of a campaign fares."""

    rule = serializers.CharField()


class TeamProgressSerializer(ResultsSerializer):
    """How far a team is."""

    team = serializers.CharField(allow_null=True, help_text="null: what nobody owns")
    done = serializers.IntegerField()
    entities = serializers.IntegerField()


class ProgressSerializer(ResultsSerializer):
    """How far a campaign is: entities that are done, of those in scope, and results."""

    done = serializers.IntegerField()
    entities = serializers.IntegerField()
    rules = RuleProgressSerializer(many=True)
    teams = TeamProgressSerializer(many=True)

    def to_representation(self, instance: Progress) -> dict[str, Any]:
        """Return the numbers."""
        return {
            "done": instance.done,
            "entities": instance.entities,
            **_results(instance),
            "rules": [
                {"rule": rule_name(item.rule), **_results(item.results)} for item in instance.rules
            ],
            "teams": [
                {
                    "team": item.team or None,
                    "done": item.done,
                    "entities": item.entities,
                    **_results(item.results),
                }
                for item in instance.teams
            ],
        }


def _results(counts: Progress | Results) -> dict[str, int]:
    return {"passed": counts.passed, "failed": counts.failed, "skipped": counts.skipped}


class CampaignWithProgressSerializer(CampaignSerializer):
    """A campaign document, and how far it is."""

    progress = ProgressSerializer(read_only=True)


_EXAMPLE = OpenApiExample(
    "A campaign",
    request_only=True,
    value={
        "identifier": "safe_by_march",
        "title": "Safe by March",
        "owner": "platform",
        "rules": ["basics/has_security_policy", "basics/updates_dependencies"],
        "filter": {
            "combinator": "and",
            "conditions": [{"property": "language", "operator": "=", "value": "Go"}],
        },
        "starts_at": "2026-01-12T09:00:00Z",
        "due_at": "2026-03-31T18:00:00Z",
    },
)


@extend_schema_view(
    list=extend_schema(responses=answers({200: CampaignSerializer(many=True)}, 400)),
    retrieve=extend_schema(
        parameters=[IDENTIFIER], responses=answers({200: CampaignWithProgressSerializer}, 404)
    ),
    create=extend_schema(
        responses=answers({201: CampaignSerializer}, 400, 403, 409), examples=[_EXAMPLE]
    ),
    update=extend_schema(
        parameters=[IDENTIFIER],
        responses=answers({200: CampaignSerializer, 201: CampaignSerializer}, 400, 403),
    ),
    partial_update=extend_schema(
        parameters=[IDENTIFIER], responses=answers({200: CampaignSerializer}, 400, 403, 404)
    ),
    destroy=extend_schema(parameters=[IDENTIFIER], responses=answers({204: None}, 403, 404)),
)
class CampaignViewSet(DocumentViewSet):
    """Rules that some entities are to pass by a date. One alone comes with how far it is."""

    queryset = Campaign.objects.order_by("identifier")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilterSet
    noun = "campaign"

    def readable(self, rows: CampaignQuerySet) -> CampaignQuerySet:
        """Leave out the rules of scorecards that only grade what is hidden."""
        return rows.with_parts(self.rights.sight)

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Return the document, and how far the campaign is."""
        campaign = self.get_object()
        progress = progress_of(campaign, now=timezone.now(), rights=self.rights)
        document = CampaignSerializer(campaign).data
        return Response({**document, "progress": ProgressSerializer(progress).data})

    def save(self, definition: dict[str, Any]) -> Campaign:
        """Create or replace a campaign."""
        return operations.save_campaign(definition=definition, by=self.actor, now=timezone.now())

    def remove(self, row: Campaign) -> None:
        """Delete a campaign with its burn-up."""
        operations.delete_campaign(campaign=row, by=self.actor, now=timezone.now())
