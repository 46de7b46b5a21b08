"""Resolving references: entities that a client names by what they are like."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.computed.graph import OWNERSHIP, TEAM
from catalog.conditions import parse as parse_conditions
from catalog.errors import Fault, Invalid
from catalog.models import Entity
from portal.integrations.port.entities_codec import Sent, references
from portal.integrations.port.searching import understand
from portal.permissions import Rights, sight_with

# How many entities one reference may mean.
MAX_MEANT = 100


@dataclass(frozen=True)
class Resolved:
    """What the references of one entity mean, or what is wrong with them."""

    sent: Sent
    identifier: str | None
    parts: dict[str, Any]
    faults: list[Fault]


def resolve(
    sents: Mapping[int, Sent], *, blueprint: str, now: datetime, rights: Rights | None = None
) -> dict[int, Resolved]:
    """Return the entities with their references resolved, by index.

    They mean what `rights` may read; None may read everything.

    References to one equal property, which nearly all are, cost a query for each blueprint and
    property, however many entities there are; every other one costs its own.
    """
    spec = registry.still_named(registry.graph().specs, blueprint)
    wanted = [
        (target, raw)
        for sent in sents.values()
        for place, raw in references(sent).items()
        if (target := _target(place, spec)) is not None
    ]
    known = _Known(now=now, rights=rights)
    known.load_simple(wanted)
    return {index: _resolved(sent, spec, known) for index, sent in sents.items()}


def _target(place: str, spec: BlueprintSpec) -> str | None:
    """Return the blueprint that a reference is looked for in; None where nothing is there."""
    if place == "identifier":
        return spec.identifier
    name = OWNERSHIP if place == "team" else place.removeprefix("relations.")
    if name == OWNERSHIP:
        return TEAM
    relation = spec.relations.get(name)
    return relation.target if relation else None


def _resolved(sent: Sent, spec: BlueprintSpec, known: "_Known") -> Resolved:
    faults: list[Fault] = []
    identifier = sent.identifier if isinstance(sent.identifier, str) else None
    parts = dict(sent.parts)
    if isinstance(parts.get("relations"), Mapping):
        parts["relations"] = dict(parts["relations"])
    for place, raw in references(sent).items():
        target = _target(place, spec)
        if target is None:
            # No such relation: the operation says so, and lists those that there are.
            parts["relations"][place.removeprefix("relations.")] = None
            continue
        try:
            found = known.find(target, raw, place)
        except Invalid as error:
            faults.extend(error.faults)
            continue
        faults.extend(_count_faults(found, place, target, spec))
        match place.split(".", 1):
            case ["identifier"]:
                identifier = found[0] if len(found) == 1 else None
            case ["team"]:
                parts["team"] = found
            case [_, name]:
                parts["relations"][name] = found
    return Resolved(Sent(sent.identifier, parts), identifier, parts, faults)


def _count_faults(
    found: Sequence[str], place: str, target: str, spec: BlueprintSpec
) -> list[Fault]:
    """Return what is wrong with how many are meant: one that is meant nowhere leads nowhere.

    Only an entity that is to be written has to be there.
    """
    is_many = place == "team"
    if place.startswith("relations."):
        is_many = spec.relations[place.removeprefix("relations.")].is_many
    if len(found) > MAX_MEANT:
        return [Fault(place, f"means more than {MAX_MEANT} entities of '{target}'; narrow it")]
    if not found and place == "identifier":
        return [Fault(place, f"means no entity of '{target}' that there is", is_missing=True)]
    if is_many or len(found) <= 1:
        return []
    named = ", ".join(found[:5])
    return [Fault(place, f"means {len(found)} entities of '{target}' ({named}); narrow it to one")]


class _Known:
    """What references of one request were found to mean."""

    def __init__(self, *, now: datetime, rights: Rights | None) -> None:
        self.now, self.rights = now, rights
        self._found: dict[tuple[str, str], list[str]] = {}

    def load_simple(self, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Look up all references that are one equal text, with a query per property."""
        grouped: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for target, raw in wanted:
            if pair := _one_equal_text(raw):
                grouped[target, pair[0]][pair[1]] = _key(raw)
        for (target, name), keys in grouped.items():
            found = _by_value(target, name, list(keys), now=self.now, rights=self.rights)
            for value, key in keys.items():
                self._found[target, key] = found.get(value, [])

    def find(self, target: str, raw: Mapping[str, Any], place: str) -> list[str]:
        """Return the identifiers of the entities that are meant; raises `Invalid`."""
        key = (target, _key(raw))
        if key not in self._found:
            search = understand(raw, now=self.now, rights=self.rights, blueprint=target, path=place)
            rows = search.entities().order_by("identifier").values_list("identifier", flat=True)
            self._found[key] = list(rows[: MAX_MEANT + 1])
        return self._found[key]


def _key(raw: Mapping[str, Any]) -> str:
    return json.dumps(raw, sort_keys=True)


def _one_equal_text(raw: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the property and the text, where the reference is one rule with ``=`` and a text."""
    match raw:
        case {"combinator": "and" | "or", "rules": [rule]} if len(raw) == 2:
            match rule:
                case {"property": str() as name, "operator": "=", "value": str() as value}:
                    return (name, value) if len(rule) == 3 and name else None
    return None


def _by_value(
    target: str, name: str, values: list[str], *, now: datetime, rights: Rights | None
) -> dict[str, list[str]]:
    condition = {"property": name, "operator": "in", "value": values}
    query = parse_conditions({"combinator": "and", "conditions": [condition]})
    sight = sight_with(rights)
    rows = Entity.objects.of(target).seen_in(sight).matching(query, now=now, sight=sight)
    rows = rows.order_by("identifier")
    found: dict[str, list[str]] = defaultdict(list)
    for identifier, facts in rows.values_list("identifier", "facts")[: MAX_MEANT * len(values)]:
        found[facts[name]].append(identifier)
    return found
