"""How the OpenAPI document describes the routes of the catalog."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)

from catalog.api.serializers import (
    BlueprintSerializer,
    BulkSerializer,
    ChangeSerializer,
    EntityPatchSerializer,
    EntitySerializer,
    EntityWriteSerializer,
    OutcomeSerializer,
    PermissionsSerializer,
)
from portal.api.errors import answers

_PATH = OpenApiParameter.PATH
_IDENTIFIER = OpenApiParameter(
    "identifier", str, _PATH, description="Slashes may stand as they are, or as tildes."
)
_ENTITY = [
    OpenApiParameter("blueprint", str, _PATH, description="Slashes are written as tildes."),
    _IDENTIFIER,
]
PROPERTY = OpenApiParameter(
    "property",
    str,
    many=True,
    description="`<property>:<value>`, may be repeated: `property=language:Python`.",
)

BLUEPRINTS = extend_schema_view(
    list=extend_schema(responses=answers({200: BlueprintSerializer(many=True)}, 400)),
    retrieve=extend_schema(
        parameters=[_IDENTIFIER], responses=answers({200: BlueprintSerializer}, 404)
    ),
    create=extend_schema(
        responses=answers({201: BlueprintSerializer}, 400, 403, 409),
        examples=[
            OpenApiExample(
                "A blueprint",
                request_only=True,
                value={
                    "identifier": "service",
                    "title": "Service",
                    "schema": {
                        "properties": {"tier": {"type": "number"}, "language": {"type": "string"}},
                        "required": ["tier"],
                    },
                    "relations": {"domain": {"target": "domain"}},
                    "ownership": {"type": "Direct"},
                },
            )
        ],
    ),
    update=extend_schema(
        parameters=[_IDENTIFIER],
        responses=answers({200: BlueprintSerializer, 201: BlueprintSerializer}, 400, 403),
    ),
    partial_update=extend_schema(
        parameters=[_IDENTIFIER],
        responses=answers({200: BlueprintSerializer}, 400, 403, 404),
    ),
    destroy=extend_schema(
        parameters=[
            _IDENTIFIER,
            OpenApiParameter("delete_dependents", bool, description="Also delete its entities."),
        ],
        responses=answers({204: None}, 403, 404, 409),
    ),
    permissions=extend_schema(
        methods=["GET"],
        parameters=[_IDENTIFIER],
        responses=answers({200: PermissionsSerializer}, 404),
    ),
)
BLUEPRINT_PERMISSIONS = extend_schema(
    methods=["PATCH"],
    description="Lists and flags are replaced as a whole; what is not named stays.",
    parameters=[_IDENTIFIER],
    responses=answers({200: PermissionsSerializer}, 400, 403, 404),
    examples=[
        OpenApiExample(
            "Read by one team, changed by whoever owns it",
            request_only=True,
            value={
                "entities": {
                    "read": {"roles": ["Admin"], "teams": ["platform"]},
                    "update": {"ownedByTeam": True},
                }
            },
        )
    ],
)

_DRAFT = {
    "title": "Checkout",
    "team": ["payments"],
    "properties": {"tier": 1, "language": "Go"},
    "relations": {"domain": "shop"},
}


def entity_docs(serializer: type[EntitySerializer], *filters: OpenApiParameter) -> object:
    """Return the description of the entity routes, for a viewset that shows `serializer`."""
    return extend_schema_view(
        list=extend_schema(
            parameters=[PROPERTY, *filters], responses=answers({200: serializer(many=True)}, 400)
        ),
        retrieve=extend_schema(parameters=_ENTITY, responses=answers({200: serializer}, 404)),
        create=extend_schema(
            request=EntityWriteSerializer,
            responses=answers({201: serializer}, 400, 403, 409),
            examples=[
                OpenApiExample(
                    "An entity",
                    request_only=True,
                    value={"blueprint": "service", "identifier": "checkout", **_DRAFT},
                )
            ],
        ),
        update=extend_schema(
            parameters=_ENTITY,
            request=EntityPatchSerializer,
            responses=answers({200: serializer, 201: serializer}, 400, 403, 404),
        ),
        partial_update=extend_schema(
            parameters=_ENTITY,
            request=EntityPatchSerializer,
            responses=answers({200: serializer}, 400, 403, 404),
            examples=[
                OpenApiExample("One property", request_only=True, value={"properties": {"tier": 2}})
            ],
        ),
        destroy=extend_schema(
            parameters=[
                *_ENTITY,
                OpenApiParameter(
                    "delete_dependents", bool, description="Also delete what requires the entity."
                ),
            ],
            responses=answers({204: None}, 400, 403, 404, 409),
        ),
        bulk=extend_schema(
            request=BulkSerializer,
            responses=answers({200: OutcomeSerializer}, 400, 403, 413),
            examples=[
                OpenApiExample(
                    "Two entities",
                    request_only=True,
                    value={
                        "blueprint": "service",
                        "entities": [{"identifier": "checkout", **_DRAFT}, {"identifier": "cart"}],
                        "merge": True,
                    },
                )
            ],
        ),
    )


ENTITIES = entity_docs(EntitySerializer)

CHANGES = extend_schema_view(
    list=extend_schema(responses=answers({200: ChangeSerializer(many=True)}, 400, 403))
)
