"""What all viewsets of the REST API share, and how their addresses are made."""

from typing import Any

from rest_framework import exceptions, routers, views
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from portal.permissions import Actor


class ApiViewSet(GenericViewSet):
    """What all our viewsets share. Identifiers in addresses may write their slashes as tildes."""

    metadata_class = None
    # Everything below the route, so that identifiers keep their slashes; see `Router`.
    lookup_value_regex = ".+"
    # Instead of that, where it takes more than one part to name an object.
    lookup_regex = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the address: no identifier holds a tilde, and no column a NUL."""
        super().initial(request, *args, **kwargs)
        if any("\x00" in value for value in self.kwargs.values()):
            raise exceptions.NotFound
        self.kwargs = {key: value.replace("~", "/") for key, value in self.kwargs.items()}

    @property
    def actor(self) -> Actor:
        """Return who is writing."""
        return Actor.of_request(self.request, source="api")

    def body(self) -> dict[str, Any]:
        """Return the body, which has to be an object."""
        if not isinstance(self.request.data, dict):
            raise exceptions.ValidationError({"": ["send a JSON object"]})
        return dict(self.request.data)


class Router(routers.DefaultRouter):
    """Routes without format suffixes: `foo.py` is an identifier, not `foo` as Python."""

    include_format_suffixes = False

    def get_lookup_regex(self, viewset: Any, lookup_prefix: str = "") -> str:
        """Return the part of the address that names one object; a viewset may say it itself."""
        if viewset.lookup_regex:
            return viewset.lookup_regex
        return super().get_lookup_regex(viewset, lookup_prefix)


class UnknownAddress(views.APIView):
    """Answers below /api/ where nothing else does: in JSON, and only to those who may come in."""

    schema = None
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("There is nothing here; /api/ lists the addresses.")
