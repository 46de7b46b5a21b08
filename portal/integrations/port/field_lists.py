"""Parts of answers that clients ask for by name: ``fields=name&fields=users.email``. Pure."""

from collections.abc import Iterable
from typing import Any


def only_fields(body: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the parts of a body that are named, all of them where none is.

    What stands in lists is named with a dot. Names of nothing are passed over.

    >>> only_fields({"name": "core", "users": [{"email": "a", "id": 1}]}, ["users.email"])
    {'users': [{'email': 'a'}]}
    """
    wanted: dict[str, list[str]] = {}
    for name in names:
        head, _dot, rest = name.partition(".")
        wanted.setdefault(head, []).append(rest)
    if not wanted:
        return body
    return {
        key: _inside(value, [] if "" in wanted[key] else wanted[key])
        for key, value in body.items()
        if key in wanted
    }


def _inside(value: Any, names: list[str]) -> Any:
    if not isinstance(value, list):
        return value
    return [only_fields(item, names) if isinstance(item, dict) else item for item in value]
