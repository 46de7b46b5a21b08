"""Which blueprints the documents of pages, actions and blueprints name. Pure.

What somebody wrote into texts and programs is not looked through.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from portal.permissions import Sight

# The keys under which documents of any kind have the identifier of a blueprint, or a list of them.
_KEYS = frozenset({"blueprint", "blueprintIdentifier", "fromBlueprint", "target"})
# Its keys are identifiers.
_BY_BLUEPRINT = "blueprintConfig"


def mentioned(document: Any) -> Iterator[str]:
    """Yield the blueprints that a document names, however deep, some perhaps several times.

    >>> rule = {"property": "$blueprint", "operator": "in", "value": ["app", "tool"]}
    >>> list(mentioned({"blueprint": "service", "dataset": [rule]}))
    ['service', 'app', 'tool']
    """
    if isinstance(document, list):
        for item in document:
            yield from mentioned(item)
    if not isinstance(document, Mapping):
        return
    is_rule = document.get("property") == "$blueprint"
    for key, value in document.items():
        if key in _KEYS or (is_rule and key == "value"):
            yield from _texts(value)
        elif key == _BY_BLUEPRINT:
            yield from _texts(list(value) if isinstance(value, Mapping) else value)
        yield from mentioned(value)


def sees_all(sight: Sight, document: Any) -> bool:
    """Say whether somebody sees every blueprint that a document names."""
    return not sight.hidden or all(map(sight.sees, mentioned(document)))


def only_seen(items: Mapping[str, Any], sight: Sight) -> dict[str, Any]:
    """Return the items of a section of a blueprint document without those that name what is hidden.

    These are relations, and aggregation properties.
    """
    return {key: item for key, item in items.items() if sees_all(sight, item)}


def _texts(value: Any) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    return (item for item in values if isinstance(item, str))
