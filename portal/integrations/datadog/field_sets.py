"""Answers with only the fields that a client asks for, by `fields[type]`. Pure."""

from collections.abc import Mapping
from typing import Any


def cut(resource: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """Return a resource with the attributes and relationships named in a list with commas.

    All of them where the list is empty. Where none of the relationships is named, there is no
    object for them either, as clients know it.

    >>> cut({"id": "1", "attributes": {"name": "a", "level": 1}}, "name, owner")
    {'id': '1', 'attributes': {'name': 'a'}}
    """
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if not names:
        return dict(resource)
    parts = {
        part: {key: value for key, value in resource[part].items() if key in names}
        for part in ("attributes", "relationships")
        if part in resource
    }
    rest = {key: value for key, value in resource.items() if key not in parts}
    kept = {part: named for part, named in parts.items() if named or part == "attributes"}
    return {**rest, **kept}
