"""What all views of this dialect share."""

import json
from dataclasses import replace
from typing import Any

from rest_framework import exceptions, renderers, views
from rest_framework.request import Request

from catalog.errors import Invalid
from catalog.models import Blueprint
from portal.api.negotiation import OnlyFormat
from portal.bodies import BodyParser
from portal.integrations.port import answers
from portal.integrations.port.authentication import PortAuthentication, PortPermission
from portal.integrations.wire import require_length
from portal.permissions import Actor

MAX_BYTES = 1024 * 1024
# What a column of datasources holds, and one of runs.
_MAX_AGENT = 200
_MAX_RUN = 100


class PortParser(BodyParser):
    """JSON of at most 1 MiB, whatever the client says that it sends."""

    media_type = "*/*"
    max_bytes = MAX_BYTES


class PortView(views.APIView):
    """A view of this dialect. Parts of addresses arrive decoded, with their slashes.

    `reading_methods` are the methods besides GET by which nothing is written.
    """

    authentication_classes = (PortAuthentication,)
    permission_classes = (PortPermission,)
    parser_classes = (PortParser,)
    renderer_classes = (renderers.JSONRenderer,)
    content_negotiation_class = OnlyFormat
    metadata_class = None
    schema = None
    reading_methods: tuple[str, ...] = ()

    def get_exception_handler(self) -> Any:
        """Return the handler of this dialect."""
        return answers.exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the address, for no column holds a NUL, and that the body can be seen."""
        super().initial(request, *args, **kwargs)
        require_length(request)
        if any("\x00" in value for value in self.kwargs.values()):
            raise exceptions.NotFound("There is nothing here.")

    @property
    def actor(self) -> Actor:
        """Return who is writing, and for which run of an action."""
        run = self.text("run_id")[:_MAX_RUN] or None
        return replace(Actor.of_request(self.request, source="wire"), run=run, rights=None)

    @property
    def datasource(self) -> str:
        """Return what clients know their own entities by: the name they give themselves."""
        return str(self.request.headers.get("User-Agent", "")).replace("\x00", "")[:_MAX_AGENT]

    def body(self) -> dict[str, Any]:
        """Return the body, which has to be an object."""
        if not isinstance(self.request.data, dict):
            raise Invalid.at("", "send a JSON object")
        return dict(self.request.data)

    def text(self, name: str) -> str:
        """Return a parameter of the query, empty where there is none. No column holds a NUL."""
        return self.request.query_params.get(name, "").replace("\x00", "\ufffd")

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a parameter of the query that says yes or no; what it cannot be read as is no."""
        raw = self.request.query_params.get(name)
        return default if raw is None else raw.lower() in ("true", "1", "yes", "on")

    def names(self, name: str) -> list[str]:
        """Return a list in the query: repeated, joined by commas, or as a JSON list."""
        params = self.request.query_params
        raws = [*params.getlist(name), *params.getlist(f"{name}[]")]
        return [item.replace("\x00", "\ufffd") for raw in raws for item in split_names(raw)]

    def blueprint(self, identifier: str) -> Blueprint:
        """Return the blueprint that an address names; raises `NotFound`."""
        row = Blueprint.objects.filter(identifier=identifier).first()
        if row is None:
            raise exceptions.NotFound(f"There is no blueprint '{identifier}'.")
        return row


def split_names(raw: str) -> list[str]:
    """Return the names in one text: a JSON list of them, or joined by commas.

    >>> split_names('["$title", "tier"]'), split_names("a,b")
    (['$title', 'tier'], ['a', 'b'])
    """
    if raw.startswith("["):
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return [item for item in found if isinstance(item, str) and item]
    return [item for item in (part.strip() for part in raw.split(",")) if item]


class UnknownAddress(PortView):
    """Answers where nothing else does, in the shape that clients read."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method, but only tell those who may come in."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("There is nothing at this address.")
