"""What all views of this dialect share."""

from dataclasses import replace
from typing import Any

from rest_framework import exceptions, views
from rest_framework.request import Request

from catalog.conditions.problems import quoted
from catalog.errors import Fault, Invalid
from portal.api.negotiation import OnlyFormat
from portal.bodies import BodyParser
from portal.integrations.datadog import answers
from portal.integrations.datadog.answers import ErrorForm, JsonApiRenderer
from portal.integrations.datadog.authentication import DatadogAuthentication, DatadogPermission
from portal.integrations.wire import require_length
from portal.permissions import Actor

MAX_BYTES = 8 * 1024 * 1024


class DatadogParser(BodyParser):
    """JSON of at most 8 MiB, whatever the client says that it sends."""

    media_type = "*/*"
    max_bytes = MAX_BYTES


class DatadogView(views.APIView):
    """A view of this dialect. Parts of addresses arrive decoded, with their slashes.

    `reading_methods` are the methods besides GET by which nothing is written; `error_form` is how
    errors are told here; with `needs_only_api_key` no application key is asked for.
    """

    authentication_classes = (DatadogAuthentication,)
    permission_classes = (DatadogPermission,)
    parser_classes = (DatadogParser,)
    renderer_classes: tuple[Any, ...] = (JsonApiRenderer,)
    content_negotiation_class = OnlyFormat
    metadata_class = None
    schema = None
    reading_methods: tuple[str, ...] = ()
    error_form = ErrorForm.OBJECTS
    needs_only_api_key = False

    def get_exception_handler(self) -> Any:
        """Return the handler of this dialect."""
        return answers.exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the address, for no column holds a NUL, and that the body can be seen."""
        super().initial(request, *args, **kwargs)
        require_length(request)
        if any("\x00" in str(value) for value in self.kwargs.values()):
            raise exceptions.NotFound("Not Found")

    @property
    def actor(self) -> Actor:
        """Return who is writing."""
        return replace(Actor.of_request(self.request, source="wire"), rights=None)

    def attributes(self, *, type_: str | None = None) -> dict[str, Any]:
        """Return `data.attributes` of the body; with `type_`, `data.type` has to be it.

        Raises `Invalid`.
        """
        data = self.data()
        if type_ is not None and data.get("type") != type_:
            got = quoted(str(data.get("type", "")))
            raise Invalid.at("", f'got type {got} expected one of "{type_}"')
        attributes = data.get("attributes")
        if not isinstance(attributes, dict):
            raise Invalid([Fault("", 'attribute "attributes" is required')])
        return attributes

    def data(self) -> dict[str, Any]:
        """Return `data` of the body; raises `Invalid`."""
        body = self.request.data
        data = body.get("data") if isinstance(body, dict) else None
        if not isinstance(data, dict):
            raise Invalid.at("", 'send a JSON object with "data"')
        return data

    def parameter(self, name: str) -> str:
        """Return a parameter of the query, empty where there is none. No column holds a NUL."""
        return self.request.query_params.get(name, "").replace("\x00", "\ufffd")

    def flag(self, name: str) -> bool | None:
        """Return a parameter that says yes or no; None where it is not there; raises `Invalid`."""
        match self.parameter(name).lower():
            case "":
                return None
            case "true":
                return True
            case "false":
                return False
        raise Invalid.at(name, "give true or false")


class UnknownAddress(DatadogView):
    """An address below a prefix of this dialect that it does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so to those who may come in."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("Not Found")
