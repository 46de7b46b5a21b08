"""What all viewsets of the REST API share, and how their addresses are made."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, routers, views
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from portal.permissions import Actor, Rights, rights_of


class ApiViewSet(GenericViewSet):
    """What all our viewsets share. Identifiers in addresses may write their slashes as tildes.

    `asks_of_objects` leaves it to operations whether a write is allowed; `via` is the path from a
    row to the blueprint that whoever asks has to be allowed to read, empty where there is none.
    """

    metadata_class = None
    # Everything below the route, so that identifiers keep their slashes; see `Router`.
    lookup_value_regex = ".+"
    # Instead of that, where it takes more than one part to name an object.
    lookup_regex = ""
    asks_of_objects = False
    via = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the address: no identifier holds a tilde, and no column a NUL."""
        super().initial(request, *args, **kwargs)
        if any("\x00" in value for value in self.kwargs.values()):
            raise exceptions.NotFound
        self.kwargs = {key: value.replace("~", "/") for key, value in self.kwargs.items()}

    @property
    def rights(self) -> Rights:
        """Return what whoever asks may do."""
        return rights_of(self.request.user, self.request.auth)

    def get_queryset(self) -> QuerySet:
        """Return the rows that may be read; the OpenAPI document is made for nobody."""
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else self.readable(rows)

    def readable(self, rows: QuerySet) -> QuerySet:
        """Leave out what may not be read."""
        return self.rights.readable(rows, via=self.via) if self.via else rows

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
    _OBJECT = "{basename}-detail"

    def get_routes(self, viewset: Any) -> list[Any]:
        """Put one object last: its identifier may have slashes, and swallows what is below it."""
        routes = super().get_routes(viewset)
        return sorted(routes, key=lambda route: route.name == self._OBJECT)

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
