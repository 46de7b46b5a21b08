"""How the OpenAPI document describes the routes of scorecards."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)

from catalog.api.openapi import PROPERTY, entity_docs
from catalog.api.serializers import OutcomeSerializer
from portal.api.errors import answers
from scorecards.api.serializers import (
    AcceptedBatchSerializer,
    EvaluationSerializer,
    GradedEntitySerializer,
    LevelChangeSerializer,
    OutcomeBatchSerializer,
    OutcomeWriteSerializer,
    PastOutcomeSerializer,
    PreviewSerializer,
    ReportedOutcomeSerializer,
    RuleResultSerializer,
    RuleSerializer,
    ScorecardSerializer,
    ScoreSerializer,
    TeamSerializer,
)
from scorecards.score_lists import Aggregation

LEVEL = OpenApiParameter(
    "level",
    str,
    many=True,
    description="`<scorecard>:<level>`, may be repeated: `level=dora_cfr:Gold`.",
)
IDENTIFIER = OpenApiParameter(
    "identifier",
    str,
    OpenApiParameter.PATH,
    description="Slashes may stand as they are, or as tildes.",
)
_RULE = {
    "identifier": "deploys_weekly",
    "title": "Deploys at least weekly",
    "how_to_fix": "Release smaller changes, more often.",
    "level": "Bronze",
    "query": {
        "combinator": "and",
        "conditions": [{"property": "deployment_frequency", "operator": ">=", "value": 1}],
    },
}
_PATCH = OpenApiExample("Switched off", request_only=True, value={"is_enabled": False})

ENTITIES = entity_docs(GradedEntitySerializer, LEVEL)

TEAMS = extend_schema_view(
    list=extend_schema(
        parameters=[PROPERTY, LEVEL], responses=answers({200: TeamSerializer(many=True)}, 400)
    ),
    retrieve=extend_schema(parameters=[IDENTIFIER], responses=answers({200: TeamSerializer}, 404)),
)

PREVIEWS = extend_schema_view(
    create=extend_schema(
        request=ScorecardSerializer, responses=answers({200: PreviewSerializer}, 400, 403)
    )
)

SCORECARDS = extend_schema_view(
    list=extend_schema(responses=answers({200: ScorecardSerializer(many=True)}, 400)),
    retrieve=extend_schema(
        parameters=[IDENTIFIER], responses=answers({200: ScorecardSerializer}, 404)
    ),
    create=extend_schema(
        responses=answers({201: ScorecardSerializer}, 400, 403, 409),
        examples=[
            OpenApiExample(
                "A scorecard",
                request_only=True,
                value={
                    "identifier": "delivery",
                    "title": "Delivery",
                    "blueprints": ["service"],
                    "rules": [_RULE],
                },
            )
        ],
    ),
    update=extend_schema(
        parameters=[IDENTIFIER],
        responses=answers({200: ScorecardSerializer, 201: ScorecardSerializer}, 400, 403),
    ),
    partial_update=extend_schema(
        parameters=[IDENTIFIER],
        responses=answers({200: ScorecardSerializer}, 400, 403, 404),
    ),
    destroy=extend_schema(parameters=[IDENTIFIER], responses=answers({204: None}, 403, 404)),
)

RULES = extend_schema_view(
    list=extend_schema(responses=answers({200: RuleSerializer(many=True)}, 400)),
    retrieve=extend_schema(responses=answers({200: RuleSerializer}, 404)),
    create=extend_schema(
        responses=answers({201: RuleSerializer}, 400, 403, 409),
        examples=[
            OpenApiExample("A rule", request_only=True, value={"scorecard": "delivery", **_RULE})
        ],
    ),
    update=extend_schema(responses=answers({200: RuleSerializer}, 400, 403, 404)),
    partial_update=extend_schema(
        responses=answers({200: RuleSerializer}, 400, 403, 404), examples=[_PATCH]
    ),
    destroy=extend_schema(responses=answers({204: None}, 403, 404)),
)

EVALUATIONS = extend_schema_view(
    list=extend_schema(responses=answers({200: EvaluationSerializer(many=True)}, 400))
)
RULE_RESULTS = extend_schema_view(
    list=extend_schema(responses=answers({200: RuleResultSerializer(many=True)}, 400))
)

_REPORT = {
    "rule": "pen_tested",
    "blueprint": "service",
    "entity": "checkout",
    "state": "pass",
    "remark": "Report of 3 May: https://example.com/reports/17",
}

OUTCOMES = extend_schema_view(
    list=extend_schema(responses=answers({200: ReportedOutcomeSerializer(many=True)}, 400)),
    retrieve=extend_schema(responses=answers({200: ReportedOutcomeSerializer}, 404)),
    create=extend_schema(
        description="`state` is pass, fail or skip, in any case. Of two reports about the same "
        "rule and entity the last one holds. At most 5,000 in a call; with `is_async` at most "
        "50,000, which are checked now and applied after the answer: /api/outcome-batches/ tells "
        "what became of them. Entities that the scorecard does not grade, or not yet, may be "
        "reported about: their outcomes are kept, and count as soon as it does.",
        request=PolymorphicProxySerializer(
            component_name="OutcomeReports",
            serializers=[OutcomeWriteSerializer, OutcomeBatchSerializer],
            resource_type_field_name=None,
        ),
        responses=answers(
            {
                200: PolymorphicProxySerializer(
                    component_name="OutcomeAnswer",
                    serializers=[ReportedOutcomeSerializer, OutcomeSerializer],
                    resource_type_field_name=None,
                ),
                201: ReportedOutcomeSerializer,
                202: AcceptedBatchSerializer,
            },
            *(400, 403, 413),
        ),
        examples=[
            OpenApiExample(
                "One outcome", request_only=True, value={"scorecard": "security", **_REPORT}
            ),
            OpenApiExample(
                "Many outcomes",
                request_only=True,
                value={
                    "scorecard": "security",
                    "outcomes": [_REPORT, {**_REPORT, "entity": "cart", "state": "fail"}],
                },
            ),
            OpenApiExample(
                "Outcomes of several scorecards, applied after the answer",
                request_only=True,
                value={
                    "is_async": True,
                    "outcomes": [
                        {"scorecard": "security", **_REPORT},
                        {"scorecard": "quality", **_REPORT, "rule": "reviewed"},
                    ],
                },
            ),
        ],
    ),
    destroy=extend_schema(responses=answers({204: None}, 403, 404)),
    history=extend_schema(responses=answers({200: PastOutcomeSerializer(many=True)}, 404)),
)

OUTCOME_BATCHES = extend_schema_view(
    list=extend_schema(responses=answers({200: AcceptedBatchSerializer(many=True)}, 400)),
    retrieve=extend_schema(
        description="Batches are forgotten a week after they came in.",
        responses=answers({200: AcceptedBatchSerializer}, 404),
    ),
)

PAST_OUTCOMES = extend_schema_view(
    list=extend_schema(responses=answers({200: PastOutcomeSerializer(many=True)}, 400))
)

SCORES = extend_schema_view(
    list=extend_schema(
        description="Of the rules that the filters leave, the enabled ones of published scorecards "
        "count; all of them without a filter. Skips count neither way, and neither does what "
        "nothing was reported of. What has no score comes last.",
        parameters=[
            OpenApiParameter(
                "aggregation",
                str,
                OpenApiParameter.PATH,
                enum=[item.value for item in Aggregation],
                description="What the scores are of. A kind is a blueprint.",
            ),
        ],
        responses=answers({200: ScoreSerializer(many=True)}, 400),
    )
)

LEVEL_CHANGES = extend_schema_view(
    list=extend_schema(responses=answers({200: LevelChangeSerializer(many=True)}, 400))
)
