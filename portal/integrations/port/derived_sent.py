"""What clients say of a scorecard or a rule, when they write it as an entity."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.errors import Conflict, Fault, Invalid, NotFound
from portal.integrations.port.derived_blueprints import (
    RULE,
    RULE_RESULT,
    SCORECARD,
    documents,
    property_keys,
)

_WRITABLE = {
    SCORECARD: frozenset(["blueprint", "levels", "filter", "rules"]),
    RULE: frozenset(["level", "query", "rule_description"]),
}
_RELATIONS = {SCORECARD: frozenset(), RULE: frozenset(["scorecard"])}


@dataclass(frozen=True)
class Sent:
    """What a client says of an entity, and how much is left as it was."""

    identifier: str
    title: str
    properties: Mapping[str, Any]
    relations: Mapping[str, Any]
    merge: bool
    upsert: bool

    def check_upsert(self) -> None:
        """Refuse to write what there is already, unless that was asked for; raises `Conflict`."""
        if not self.upsert:
            raise Conflict(f"There is a '{self.identifier}' already; 'upsert' replaces it.")


def check_writable(blueprint: str) -> None:
    """Refuse results, which nobody writes; raises `Invalid`."""
    if blueprint == RULE_RESULT:
        raise Invalid.at(
            "", "rule results are what scorecards find; edit the entity, the rule, or its scorecard"
        )


def read(blueprint: str, body: Mapping[str, Any], *, merge: bool, upsert: bool) -> Sent:
    """Return what a body says; raises `Invalid`, and `NotFound` for relations that there are not.

    What is worked out may be sent back as it was read, and an icon is passed over.
    """
    check_writable(blueprint)
    faults = [
        Fault(key, f"give {what}")
        for key, kind, what in (
            ("identifier", str, "a text; such an entity cannot be searched for"),
            ("title", str, "a text"),
            ("properties", dict, "an object"),
            ("relations", dict, "an object"),
        )
        if not isinstance(body.get(key), kind | None)
    ]
    if body.get("team"):
        faults.append(Fault("team", "scorecards and rules have no owner here; leave it out"))
    if faults:
        raise Invalid(faults)
    return Sent(
        identifier=body.get("identifier") or f"e_{secrets.token_hex(8)}",
        title=body.get("title") or "",
        properties=_properties(blueprint, body.get("properties") or {}),
        relations=_relations(blueprint, body.get("relations") or {}),
        merge=merge,
        upsert=upsert,
    )


def _properties(blueprint: str, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {*property_keys(documents({})[blueprint]), *_WRITABLE[blueprint]}
    faults = [
        Fault(f"properties.{key}", f"a {blueprint} has no place for it; leave it out")
        for key, value in given.items()
        if key not in known and value is not None
    ]
    if faults:
        raise Invalid(faults)
    return {key: value for key, value in given.items() if key in _WRITABLE[blueprint]}


def _relations(blueprint: str, given: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in given.items():
        if key not in _RELATIONS[blueprint] and value is not None:
            raise NotFound(f"There is no relation '{key}' on '{blueprint}'.")
    return {key: value for key, value in given.items() if value is not None}
