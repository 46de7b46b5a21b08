"""Who may read and update a page. Pure.

They are for people, and for dashboards (see `portal.dashboards.visitors`); machines may do what
their credential says.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.errors import Fault, Invalid

Permissions = dict[str, dict[str, list[str]]]

DEFAULTS: Permissions = {
    "read": {"users": [], "roles": ["Admin", "Member"], "teams": []},
    "update": {"users": [], "roles": ["Admin"], "teams": []},
}


def parse_permissions(given: Any) -> Permissions:
    """Read permissions, or a part of them; raises `Invalid`."""
    if not isinstance(given, Mapping):
        raise Invalid.at("", "give an object")
    if faults := list(_faults(given)):
        raise Invalid(faults)
    return {key: dict(lists) for key, lists in given.items()}


def whole(stored: Permissions) -> Permissions:
    """Return permissions with what is not stored as it is by default."""
    return {key: default | stored.get(key, {}) for key, default in DEFAULTS.items()}


def _faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    for key, lists in given.items():
        if key not in DEFAULTS:
            yield Fault(key, f"is no key; there are: {', '.join(DEFAULTS)}")
        elif not isinstance(lists, Mapping):
            yield Fault(key, "give an object of lists: {users, roles, teams}")
        else:
            yield from (fault.under(key) for fault in _list_faults(lists, DEFAULTS[key]))


def _list_faults(lists: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Fault]:
    for name, names in lists.items():
        if name not in known:
            yield Fault(name, f"is no key; there are: {', '.join(known)}")
        elif not isinstance(names, list) or not all(isinstance(item, str) for item in names):
            yield Fault(name, "give a list of names")
