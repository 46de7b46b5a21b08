"""Entities on the wire: what clients send of one, and what they are shown. Pure.

Identifiers, relations and teams may be given as a *reference*: a small search for the entities that
are meant, ``{"combinator", "rules": [{"property", "operator", "value"}]}``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.blueprints import BlueprintSpec
from catalog.errors import Fault, Invalid
from catalog.operations import UNSET, EntityDraft

PARTS = ("title", "icon", "team", "properties", "relations")
_RELATION = "relation#"


@dataclass(frozen=True)
class Sent:
    """One entity of a request. Parts left UNSET are not mentioned; None of `identifier` is new."""

    identifier: str | Mapping[str, Any] | None
    parts: Mapping[str, Any]

    def draft(self, identifier: str, **resolved: Any) -> EntityDraft:
        """Return what is asked for, with references replaced by what they mean."""
        return EntityDraft(
            identifier=identifier,
            **{name: resolved.get(name, self.parts.get(name, UNSET)) for name in PARTS},
        )


def read_entity(body: Any, *, blueprint: str) -> Sent:
    """Return what a body says of an entity; raises `Invalid`. Unknown keys are passed over."""
    if not isinstance(body, dict):
        raise Invalid.at("", "give an object")
    faults = list(_faults(body, blueprint))
    if faults:
        raise Invalid(faults)
    parts = {name: body[name] for name in PARTS if name in body}
    if parts.get("relations", 0) is None:
        del parts["relations"]
    if parts.get("properties", 0) is None:
        del parts["properties"]
    return Sent(identifier=body.get("identifier"), parts=parts)


def _faults(body: Mapping[str, Any], blueprint: str) -> Iterator[Fault]:
    named = body.get("blueprint")
    if named is not None and named != blueprint:
        yield Fault("blueprint", f"the address says '{blueprint}'; send others on their own")
    if not isinstance(body.get("identifier"), str | dict | None):
        yield Fault("identifier", "give a text, or a search for the entity that is meant")
    for name in ("properties", "relations"):
        if not isinstance(body.get(name), dict | None):
            yield Fault(name, "give an object")
    if not isinstance(body.get("team"), str | list | dict | None):
        yield Fault("team", "give the identifier of a team, a list of them, a search, or null")


def references(sent: Sent) -> dict[str, Mapping[str, Any]]:
    """Return the references that an entity is sent with, by their place: ``relations.service``."""
    found = {}
    if isinstance(sent.identifier, Mapping):
        found["identifier"] = sent.identifier
    if isinstance(sent.parts.get("team"), Mapping):
        found["team"] = sent.parts["team"]
    for name, value in (sent.parts.get("relations") or {}).items():
        if isinstance(value, Mapping):
            found[f"relations.{name}"] = value
    return found


@dataclass(frozen=True)
class Shape:
    """Which parts of entities are shown.

    `include` and `exclude` hold ``title``, ``properties``, ``properties.tier``, or ``tier`` alone;
    without `include` everything is. `has_computed` is about mirror, calculation and aggregation
    properties.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    has_computed: bool = True

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str], *, has_computed: bool) -> "Shape":
        """Return the shape that a request asks for; names may begin with a dollar sign."""
        return cls(
            include=frozenset(name.removeprefix("$") for name in include),
            exclude=frozenset(name.removeprefix("$") for name in exclude),
            has_computed=has_computed,
        )

    def shows(self, *names: str) -> bool:
        """Say whether what goes by any of these names is shown."""
        if self.exclude.intersection(names):
            return False
        return not self.include or bool(self.include.intersection(names))

    def section(self, name: str, keys: Collection[str]) -> list[str] | None:
        """Return the keys of a section that are shown; None where the section is not."""
        if name in self.exclude:
            return None
        shown = [key for key in keys if self.shows(name, f"{name}.{key}", key)]
        return shown if shown or not self.include or name in self.include else None


WHOLE = Shape()


@dataclass(frozen=True)
class Presenter:
    """Shows the entities of one blueprint.

    `titles` maps (relation, identifier) to titles, where relations are to show them. Relations to
    blueprints that are `hidden` are not shown.
    """

    spec: BlueprintSpec
    shape: Shape = WHOLE
    titles: Mapping[tuple[str, str], str] | None = field(default=None, repr=False)
    hidden: frozenset[str] = frozenset()

    def present(
        self, facts: Mapping[str, Any], scorecards: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return an entity from its facts. What has no value is null; `scorecards` only if any."""
        shown: dict[str, Any] = {
            "identifier": facts["$identifier"],
            "blueprint": self.spec.identifier,
        }
        for key, value in (
            ("title", facts["$title"]),
            ("icon", facts["$icon"] or None),
            ("team", facts["$team"] or []),
        ):
            if self.shape.shows(key):
                shown[key] = value
        for key, section in (
            ("properties", self._properties(facts)),
            ("relations", self._relations(facts)),
        ):
            if section is not None:
                shown[key] = section
        if scorecards and self.shape.shows("scorecards"):
            shown["scorecards"] = scorecards
        for key in ("createdAt", "createdBy", "updatedAt", "updatedBy"):
            if self.shape.shows(key):
                shown[key] = facts[f"${key}"]
        return shown

    def _properties(self, facts: Mapping[str, Any]) -> dict[str, Any] | None:
        spec = self.spec
        known = [*spec.properties, *spec.mirrors, *spec.calculations, *spec.aggregations]
        # What the blueprint does not define was sent all the same, and is shown after the rest.
        seen = spec.properties.keys() | spec.computed_keys
        other = [key for key in facts if key not in seen and not key.startswith(("$", _RELATION))]
        keys = [*known, *sorted(other)]
        if not self.shape.has_computed:
            keys = [key for key in keys if key not in spec.computed_keys]
        shown = self.shape.section("properties", keys)
        return None if shown is None else {key: facts.get(key) for key in shown}

    def _relations(self, facts: Mapping[str, Any]) -> dict[str, Any] | None:
        relations = self.spec.relations.items()
        open_ = [key for key, relation in relations if relation.target not in self.hidden]
        shown = self.shape.section("relations", open_)
        if shown is None:
            return None
        return {key: self._related(key, facts.get(f"{_RELATION}{key}")) for key in shown}

    def _related(self, key: str, value: Any) -> Any:
        if self.spec.relations[key].is_many:
            return [self._target(key, item) for item in value or []]
        return None if value is None else self._target(key, value)

    def _target(self, key: str, identifier: str) -> Any:
        if self.titles is None:
            return identifier
        return {"identifier": identifier, "title": self.titles.get((key, identifier), identifier)}


def shaped(entity: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return the parts of an entity that are asked for, of one that is shown as a whole."""
    shown: dict[str, Any] = {}
    for name, value in entity.items():
        if name in ("properties", "relations"):
            keys = shape.section(name, list(value))
            if keys is not None:
                shown[name] = {key: value[key] for key in keys}
        elif name in ("identifier", "blueprint") or shape.shows(name):
            shown[name] = value
    return shown
