"""The shapes in which the REST API shows scorecards and what they found."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.api.serializers import EntitySerializer, sight_in
from catalog.models import Entity
from scorecards.models import LevelColor, OutcomeBatch, Rule, RuleChange, Scorecard
from scorecards.operations import document_of, rule_document_of
from scorecards.score_lists import ScoreRow, figures


class BadgeSerializer(serializers.Serializer):
    """The level that an entity holds in one scorecard; rank 0 is the floor."""

    level = serializers.CharField(allow_null=True)
    color = serializers.CharField(allow_null=True)
    rank = serializers.IntegerField(allow_null=True)


class GradedEntitySerializer(EntitySerializer):
    """An entity with its badges, by scorecard; its evaluations are loaded with it."""

    scorecards = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=BadgeSerializer()))
    def get_scorecards(self, entity: Entity) -> dict[str, Any]:
        """Return the badge of each scorecard that grades the entity."""
        return {
            row.scorecard.identifier: BadgeSerializer(
                {
                    "level": row.level and row.level.title,
                    "color": row.level and row.level.color,
                    "rank": row.level and row.level.rank,
                }
            ).data
            for row in entity.evaluations.all()
        }


class TeamSerializer(GradedEntitySerializer):
    """A team, with how many people and entities belong to it directly."""

    member_count = serializers.IntegerField()
    entity_count = serializers.IntegerField()


class LevelSerializer(serializers.Serializer):
    """A level of a scorecard."""

    title = serializers.CharField(max_length=100)
    color = serializers.ChoiceField(choices=LevelColor.choices)


class RuleDocumentSerializer(serializers.Serializer):
    """A rule in its scorecard's document."""

    identifier = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False)
    how_to_fix = serializers.CharField(required=False)
    level = serializers.CharField(help_text="Title of a level of the scorecard")
    query = serializers.DictField(
        allow_null=True, help_text="null: the results are reported, see /api/outcomes/"
    )
    filter = serializers.DictField(
        required=False, allow_null=True, help_text="Which entities the rule is about"
    )
    evidence = serializers.DictField(
        required=False, allow_null=True, help_text="Where enough is known to tell"
    )
    is_enabled = serializers.BooleanField(required=False, default=True)
    in_force_from = serializers.DateField(required=False, allow_null=True)
    owner = serializers.CharField(required=False, allow_null=True, help_text="Identifier of a team")


class RuleSerializer(RuleDocumentSerializer):
    """A rule on its own."""

    id = serializers.IntegerField(read_only=True)
    scorecard = serializers.CharField(help_text="Identifier of the scorecard")

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        """Return the document, and where the rule is."""
        return {
            "id": instance.pk,
            "scorecard": instance.scorecard.identifier,
            **rule_document_of(instance),
        }


class ScorecardSerializer(serializers.Serializer):
    """A scorecard document: levels from the lowest, rules by level."""

    identifier = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False)
    follows_catalog = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Grades whatever is owned or described; `blueprints` is then not for you to say",
    )
    blueprints = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Required, unless `follows_catalog`",
    )
    filter = serializers.DictField(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=Scorecard.Status.choices, required=False)
    levels = LevelSerializer(many=True, required=False)
    rules = RuleDocumentSerializer(many=True, required=False)

    def to_representation(self, instance: Scorecard) -> dict[str, Any]:
        """Return the document, without the blueprints that are hidden."""
        document, sight = document_of(instance), sight_in(self.context)
        return document | {"blueprints": list(filter(sight.sees, document["blueprints"]))}


class EvaluationSerializer(serializers.Serializer):
    """What one scorecard found about one entity."""

    blueprint = serializers.CharField(source="entity.blueprint.identifier")
    entity = serializers.CharField(source="entity.identifier")
    entity_title = serializers.CharField(source="entity.title")
    scorecard = serializers.CharField(source="scorecard.identifier")
    level = serializers.CharField(source="level.title", default=None, allow_null=True)
    color = serializers.CharField(source="level.color", default=None, allow_null=True)
    rank = serializers.IntegerField(source="level.rank", default=None, allow_null=True)
    evaluated_at = serializers.DateTimeField()
    level_changed_at = serializers.DateTimeField()


class RuleResultSerializer(serializers.Serializer):
    """What one rule says about one entity."""

    blueprint = serializers.CharField()
    entity = serializers.CharField(source="entity_identifier")
    entity_title = serializers.CharField()
    scorecard = serializers.CharField(source="scorecard_identifier")
    rule = serializers.CharField()
    rule_title = serializers.CharField()
    level = serializers.CharField(source="rule_level", help_text="The level the rule belongs to")
    status = serializers.ChoiceField(choices=RuleChange.Result.choices)
    reason = serializers.CharField(
        default="", help_text="Of a rule that is skipped: why it does not count"
    )
    evaluated_at = serializers.DateTimeField()


class OutcomeReportSerializer(serializers.Serializer):
    """What is reported about one entity for one rule, in a batch."""

    rule = serializers.CharField(help_text="Identifier of a rule whose query is null")
    blueprint = serializers.CharField()
    entity = serializers.CharField(help_text="Identifier of the entity")
    state = serializers.ChoiceField(choices=RuleChange.Result.choices)
    remark = serializers.CharField(
        required=False, allow_blank=True, max_length=5_000, help_text="Text; may hold links"
    )


class OutcomeWriteSerializer(OutcomeReportSerializer):
    """What is reported about one entity for one rule."""

    scorecard = serializers.CharField(help_text="Identifier of the scorecard")


class OutcomeItemSerializer(OutcomeReportSerializer):
    """What is reported about one entity for one rule, in a list."""

    scorecard = serializers.CharField(
        required=False, help_text="Identifier of the scorecard, where it is not said for all"
    )


class OutcomeBatchSerializer(serializers.Serializer):
    """Many reports, all of one scorecard or each with its own."""

    scorecard = serializers.CharField(required=False, help_text="Of those that do not name theirs")
    outcomes = OutcomeItemSerializer(many=True)
    is_async = serializers.BooleanField(
        required=False, default=False, help_text="Check now, answer 202, and apply them later"
    )


class AcceptedBatchSerializer(serializers.Serializer):
    """Outcomes that were checked and accepted, and what became of them."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=OutcomeBatch.Status.choices)
    total = serializers.IntegerField(help_text="How many pairs of a rule and an entity")
    received_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    reported_by = serializers.CharField()
    error = serializers.CharField(help_text="Why it failed, or what of it was passed over")


class _SaidSerializer(serializers.Serializer):
    """What was said about one entity for one rule."""

    id = serializers.IntegerField()
    scorecard = serializers.CharField(source="rule.scorecard.identifier")
    rule = serializers.CharField(source="rule.identifier")
    blueprint = serializers.CharField(source="entity.blueprint.identifier")
    entity = serializers.CharField(source="entity.identifier")
    state = serializers.ChoiceField(choices=RuleChange.Result.choices)
    remark = serializers.CharField()
    reported_at = serializers.DateTimeField()
    reported_by = serializers.CharField()


class ReportedOutcomeSerializer(_SaidSerializer):
    """What was last reported about one entity for one rule."""

    created_at = serializers.DateTimeField(help_text="When the pair was first reported about")


class PastOutcomeSerializer(_SaidSerializer):
    """What was reported until something else was, or it was withdrawn."""

    ended_at = serializers.DateTimeField()


class ScoreSerializer(serializers.Serializer):
    """The score of an entity, a rule, a scorecard, a team or a kind of entity."""

    id = serializers.IntegerField()
    identifier = serializers.CharField()
    title = serializers.CharField()
    blueprint = serializers.CharField(help_text="Of an entity; empty otherwise")
    scorecard = serializers.CharField(help_text="Of a rule; empty otherwise")
    level = serializers.CharField(help_text="Of a rule; empty otherwise")
    score = serializers.FloatField(
        allow_null=True,
        help_text="The share of passes, 0 to 1; of teams and kinds, the mean of their members' own "
        "scores; null where nothing counts",
    )
    numerator = serializers.IntegerField(help_text="The passes")
    denominator = serializers.IntegerField(help_text="The passes and failures")
    total_pass = serializers.IntegerField()
    total_fail = serializers.IntegerField()
    total_skip = serializers.IntegerField()
    total_no_data = serializers.IntegerField(
        help_text="Results of reported rules of which nothing was reported; they do not count"
    )
    total_entities = serializers.IntegerField()

    def to_representation(self, instance: ScoreRow) -> dict[str, Any]:
        """Return the subject and its figures."""
        subject = ("id", "identifier", "title", "blueprint", "scorecard", "level")
        return {
            **{name: getattr(instance, name) for name in subject},
            **figures(instance.score),
        }


class LevelChangeSerializer(serializers.Serializer):
    """An entity moved from one level to another; rank -1 is "not graded"."""

    id = serializers.IntegerField()
    blueprint = serializers.CharField(source="entity.blueprint.identifier")
    entity = serializers.CharField(source="entity.identifier")
    entity_title = serializers.CharField(source="entity.title")
    scorecard = serializers.CharField(source="scorecard.identifier")
    from_level = serializers.CharField()
    to_level = serializers.CharField()
    from_rank = serializers.IntegerField()
    to_rank = serializers.IntegerField()
    direction = serializers.SerializerMethodField()
    at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(choices=[("up", "Up"), ("down", "Down")]))
    def get_direction(self, change: Any) -> str:
        """Return up or down."""
        return "down" if change.is_drop else "up"


class LevelMoveSerializer(serializers.Serializer):
    """How many entities would move from one level to another; "" is: not graded."""

    from_level = serializers.CharField(allow_blank=True)
    to_level = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class RuleImpactSerializer(serializers.Serializer):
    """How many entities pass and fail a rule before and after."""

    identifier = serializers.CharField()
    passed_before = serializers.IntegerField()
    passed_after = serializers.IntegerField()
    failed_before = serializers.IntegerField()
    failed_after = serializers.IntegerField()


class EntityMoveSerializer(serializers.Serializer):
    """An entity that would move."""

    blueprint = serializers.CharField()
    identifier = serializers.CharField()
    title = serializers.CharField()
    from_level = serializers.CharField(allow_blank=True)
    to_level = serializers.CharField(allow_blank=True)


class PreviewSerializer(serializers.Serializer):
    """What saving a scorecard would do; at most 200 of the entities that move are named."""

    entity_count = serializers.IntegerField()
    moved_count = serializers.IntegerField()
    levels = LevelMoveSerializer(many=True)
    rules = RuleImpactSerializer(many=True)
    entities = EntityMoveSerializer(many=True)
