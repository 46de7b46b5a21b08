"""Every address of the site with the methods that it has, and a path where something is there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Route:
    """An address, as the URL conf spells it."""

    pattern: str
    methods: tuple[str, ...]

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
