"""What was deleted, and for how long entities are kept, over the REST API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.viewsets import HistoryPermission
from catalog.errors import Invalid
from catalog.filtersets import DeletedFilterSet
from catalog.models import Blueprint, Deleted, Retention
from catalog.operations import restore, set_retention
from catalog.querysets import DeletedQuerySet
from portal.api.errors import FaultSerializer, answers
from portal.api.viewsets import ApiViewSet
from portal.permissions import rights_of


class DeletedSerializer(serializers.ModelSerializer):
    """Something that was deleted, without what it was."""

    class Meta:
        model = Deleted
        fields = (
            "id", "kind", "blueprint", "identifier", "title", "batch", "deleted_at", "deleted_by",
            "expires_at",
        )  # fmt: skip


class DeletedDocumentSerializer(DeletedSerializer):
    """Something that was deleted, with what it was."""

    document = serializers.DictField()

    class Meta(DeletedSerializer.Meta):
        fields = (*DeletedSerializer.Meta.fields, "document")


class RestoreSerializer(serializers.Serializer):
    """How to restore."""

    alone = serializers.BooleanField(
        required=False, default=False, help_text="true leaves out what was deleted with it"
    )


class RestoredSerializer(serializers.Serializer):
    """What came back, and what could not come back with it."""

    restored = serializers.IntegerField()
    remarks = FaultSerializer(many=True)


@extend_schema_view(
    list=extend_schema(responses=answers({200: DeletedSerializer(many=True)}, 400)),
    retrieve=extend_schema(responses=answers({200: DeletedDocumentSerializer}, 404)),
    restore=extend_schema(
        request=RestoreSerializer,
        responses=answers({200: RestoredSerializer}, 400, 403, 404, 409),
    ),
)
class DeletedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What was deleted and can be restored, of what the caller might delete: newest first."""

    queryset = Deleted.objects.order_by("-id")
    serializer_class = DeletedSerializer
    filterset_class = DeletedFilterSet
    lookup_value_regex = r"\d{1,18}"
    asks_of_objects = True

    def get_queryset(self) -> DeletedQuerySet:
        """Return what the caller may know of; lists leave out what it was."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        rows = super().get_queryset().seen_by(rights_of(self.request.user, self.request.auth))
        return rows.defer("document") if self.action == "list" else rows

    def get_serializer_class(self) -> type[serializers.Serializer]:
        """Show what it was on its own page."""
        return DeletedDocumentSerializer if self.action == "retrieve" else DeletedSerializer

    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def restore(self, request: Request, **kwargs: Any) -> Response:
        """Bring it back, with what was deleted with it unless `alone`."""
        row = self.get_object()
        alone = self.body().get("alone", False)
        if not isinstance(alone, bool):
            raise Invalid.at("alone", "give true or false")
        rows = [row] if alone else list(Deleted.objects.of_batch(row.batch))
        restored = restore(rows=rows, by=self.actor, now=timezone.now())
        remarks = [fault.as_json() for fault in restored.remarks]
        return Response({"restored": restored.count, "remarks": remarks})


class RetentionSerializer(serializers.ModelSerializer):
    """For how long entities of a blueprint are kept; what a run does is told, not taken."""

    blueprint = serializers.CharField(source="blueprint.identifier", read_only=True)
    property = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="A date of theirs that says how old they are; empty: when they were created.",
    )

    class Meta:
        model = Retention
        fields = (
            "blueprint", "days", "property", "begun_at", "gone_count", "ran_at", "last_count",
        )  # fmt: skip
        read_only_fields = ("begun_at", "gone_count", "ran_at", "last_count")


@extend_schema_view(
    list=extend_schema(responses=answers({200: RetentionSerializer(many=True)})),
    retrieve=extend_schema(responses=answers({200: RetentionSerializer}, 404)),
    update=extend_schema(responses=answers({200: RetentionSerializer}, 400, 403, 404, 409)),
    destroy=extend_schema(responses=answers({204: None}, 403, 404)),
)
class RetentionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """For how long entities are kept, by blueprint; for ever where nothing is said."""

    queryset = Retention.objects.select_related("blueprint").order_by("blueprint__identifier")
    serializer_class = RetentionSerializer
    permission_classes = (HistoryPermission,)
    lookup_field = "blueprint__identifier"
    lookup_url_kwarg = "blueprint"

    def update(self, request: Request, **kwargs: Any) -> Response:
        """Say for how many days entities are kept, by which date."""
        blueprint = Blueprint.objects.filter(identifier=self.kwargs["blueprint"]).first()
        if blueprint is None:
            raise exceptions.NotFound(f"There is no blueprint '{self.kwargs['blueprint']}'.")
        body = self.body()
        days = body.get("days")
        if days is None:
            raise Invalid.at("days", "say for how many days; DELETE keeps them for ever")
        row = set_retention(
            blueprint=blueprint,
            days=days,
            property=body.get("property", ""),
            by=self.actor,
            now=timezone.now(),
        )
        return Response(self.get_serializer(row).data)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Keep them for ever from now on."""
        blueprint = self.get_object().blueprint
        set_retention(blueprint=blueprint, days=None, by=self.actor, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
