"""Who is asking, and what they may do: what clients look up before they try."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.errors import answers
from portal.api.viewsets import ApiViewSet
from portal.permissions import WRITE


class TokenSerializer(serializers.Serializer):
    """What the token narrows."""

    name = serializers.CharField()
    scope = serializers.ChoiceField(choices=["read", WRITE])
    role = serializers.CharField(help_text="Empty: that of its owner")
    blueprints = serializers.ListField(
        child=serializers.CharField(), help_text="Empty: all of them"
    )
    expires_at = serializers.DateTimeField(allow_null=True, source="expiry")


@extend_schema_serializer(many=False)
class MeSerializer(serializers.Serializer):
    """Whoever asks, with what they brought."""

    username = serializers.CharField()
    role = serializers.CharField(help_text="Admin, Moderator, Member or Viewer, token considered")
    may_write = serializers.BooleanField()
    teams = serializers.ListField(child=serializers.CharField())
    moderated_blueprints = serializers.ListField(child=serializers.CharField())
    token = TokenSerializer(allow_null=True, help_text="null: signed in without one")


class MeViewSet(ApiViewSet):
    """Who is asking."""

    serializer_class = MeSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        responses=answers({200: MeSerializer}),
        examples=[
            OpenApiExample(
                "A member with a token",
                response_only=True,
                status_codes=["200"],
                value={
                    "username": "maya",
                    "role": "Member",
                    "may_write": True,
                    "teams": ["payments"],
                    "moderated_blueprints": ["service"],
                    "token": {
                        "name": "CI",
                        "scope": "write",
                        "role": "member",
                        "blueprints": [],
                        "expires_at": "2026-06-30T12:00:00Z",
                    },
                },
            )
        ],
    )
    def list(self, request: Request, **kwargs: Any) -> Response:
        """Return who is asking, and what they may do."""
        rights = self.rights
        told = {
            "username": request.user.get_username(),
            "role": rights.role,
            "may_write": rights.may_write,
            "teams": sorted(rights.teams),
            "moderated_blueprints": sorted(rights.moderated),
            "token": request.auth,
        }
        return Response(self.get_serializer(told).data)
