"""Every address of the site with the methods that it has, and a path where something is there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.urls import URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


class Door(Enum):
    """What is brought along: to pages and the admin, to `/api/`, and to the two dialects."""

    SESSIONS = "session"
    API_TOKENS = "API token"
    ACCESS_TOKENS = "access token of a credential"
    KEYS = "keys of a credential"


@dataclass(frozen=True)
class Route:
    """An address, as the URL conf spells it."""

    pattern: str
    methods: tuple[str, ...]

    @property
    def door(self) -> Door:
        """Return how people come in there."""
        if self.pattern.startswith("v1/"):
            return Door.ACCESS_TOKENS
        if self.pattern.startswith(("api/v1", "api/v2")):
            return Door.KEYS
        if self.pattern.startswith(("api/", "^api/")):
            return Door.API_TOKENS
        return Door.SESSIONS

    def path(self, samples: Mapping[str, str]) -> str:
        """Return the path with these arguments."""
        filled = _ARGUMENT.sub(lambda found: samples[found[1] or found[2]], self.pattern)
        return "/" + re.sub(r"[\^$]", "", filled)


def all_routes() -> list[Route]:
    """Return the routes in the order in which they are asked; of two alike, the first."""
    found: dict[str, Route] = {}
    for pattern, view in _walk(get_resolver(), ""):
        found.setdefault(pattern, Route(pattern, _methods_of(view)))
    return list(found.values())


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for item in resolver.url_patterns:
        pattern = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from _walk(item, pattern)
        else:
            yield pattern, item.callback


def _methods_of(view: Any) -> tuple[str, ...]:
    """Return the methods of a view; a function does not say, and is asked and sent something."""
    if actions := getattr(view, "actions", None):
        return tuple(actions)
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if kind is None:
        return ("get", "post")
    return tuple(name for name in METHODS if hasattr(kind, name))
