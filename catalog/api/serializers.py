"""The shapes in which the REST API shows the catalog. What is written goes to the operations."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from catalog import registry
from catalog.mentions import only_seen
from catalog.models import Blueprint, Change, Entity
from catalog.policy_documents import shown
from portal.permissions import EVERYTHING, Sight
from portal.policies import ACTS, BY_KEY


def sight_in(context: Mapping[str, Any]) -> Sight:
    """Return what whoever is answered sees of the catalog: everything outside of a view."""
    view = context.get("view")
    return view.rights.sight if view is not None else EVERYTHING


class BlueprintSerializer(serializers.Serializer):
    """A blueprint document; the inner objects are those of the blueprint language."""

    identifier = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=100)
    description = serializers.CharField(required=False)
    icon = serializers.CharField(required=False)
    schema = serializers.DictField(required=False)
    relations = serializers.DictField(required=False)
    mirror_properties = serializers.DictField(required=False)
    calculation_properties = serializers.DictField(required=False)
    aggregation_properties = serializers.DictField(required=False)
    ownership = serializers.DictField(required=False, allow_null=True)

    def to_representation(self, instance: Blueprint) -> dict[str, Any]:
        """Return the document, without what it says of blueprints that are hidden."""
        document, sight = registry.document_of(instance), sight_in(self.context)
        pointing = ("relations", "aggregation_properties")
        return {**document, **{key: only_seen(document[key], sight) for key in pointing}}


class LeafSerializer(serializers.Serializer):
    """Who may: any of these parts that holds grants."""

    users = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="User names or e-mail addresses"
    )
    roles = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Admin, Member, Viewer, `<blueprint>-moderator`",
    )
    teams = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Identifiers of teams"
    )
    ownedByTeam = serializers.BooleanField(  # noqa: N815 - the word of policies
        required=False, help_text="Whoever is in a team that owns the entity; not for reading"
    )


class ActsSerializer(serializers.Serializer):
    """Who may do what with entities."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return a leaf for each act, and by property and relation for updates of a part."""
        leaves = {act: LeafSerializer(required=False) for act in ACTS}
        by_key = {
            act: serializers.DictField(child=LeafSerializer(), required=False) for act in BY_KEY
        }
        return {**leaves, **by_key}


class PermissionsSerializer(serializers.Serializer):
    """Who may do what with the entities of a blueprint."""

    entities = ActsSerializer()

    def to_representation(self, instance: Blueprint) -> dict[str, Any]:
        """Return all there is to say, with what holds where nothing was said."""
        hidden = sight_in(self.context).hidden.values()
        return shown(instance.permissions, blueprint=instance.identifier, hidden=hidden)


class ProblemSerializer(serializers.Serializer):
    """Why a computed property has no value."""

    property = serializers.CharField()
    message = serializers.CharField()


class EntitySerializer(serializers.Serializer):
    """An entity, as it is shown; its blueprint is loaded with it."""

    blueprint = serializers.CharField(source="blueprint.identifier")
    identifier = serializers.CharField()
    title = serializers.CharField()
    icon = serializers.CharField()
    team = serializers.ListField(child=serializers.CharField())
    properties = serializers.DictField()
    computed = serializers.DictField()
    relations = serializers.SerializerMethodField()
    problems = ProblemSerializer(many=True)
    datasource = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField()

    def get_relations(self, entity: Entity) -> dict[str, Any]:
        """Return what each relation points at: an identifier, a list of them, or null."""
        sight = sight_in(self.context)
        return {
            name: entity.fact(f"relation#{name}")
            for name, relation in entity.blueprint.relations.items()
            if sight.sees(relation["target"])
        }


class EntityPatchSerializer(serializers.Serializer):
    """What may be said about an entity that the address names."""

    title = serializers.CharField(required=False, allow_null=True, max_length=1000)
    icon = serializers.CharField(required=False, allow_null=True, max_length=100)
    team = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Identifiers of teams; one may be sent as plain text.",
    )
    properties = serializers.DictField(
        required=False, help_text="Values by property; null takes a value away."
    )
    relations = serializers.DictField(
        required=False,
        help_text="By relation: an identifier, a list of identifiers, or null.",
    )


class EntityDraftSerializer(EntityPatchSerializer):
    """An entity in a batch."""

    identifier = serializers.CharField(max_length=1000)


class EntityWriteSerializer(EntityDraftSerializer):
    """An entity to be created."""

    blueprint = serializers.CharField()


class BulkSerializer(serializers.Serializer):
    """Many entities of one blueprint."""

    blueprint = serializers.CharField()
    entities = EntityDraftSerializer(many=True)
    merge = serializers.BooleanField(
        required=False, default=True, help_text="false clears what an entity does not mention"
    )


class OutcomeSerializer(serializers.Serializer):
    """What became of a batch."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class ChangeSerializer(serializers.ModelSerializer):
    """One line of the audit list: only what differed, before and after."""

    class Meta:
        model = Change
        fields = (
            "id", "at", "actor", "source", "kind", "blueprint", "identifier", "action",
            "before", "after", "run", "address", "request_id", "seal_number",
        )  # fmt: skip
