"""Who may do what with the entities of a blueprint, as its policy says. Pure.

A policy is ``{"entities": {act: leaf, "updateProperties": {key: leaf}, "updateRelations": {name:
leaf}}}`` with the acts read, register, update and unregister. A leaf is ``{"users": [name],
"roles": [role], "teams": [identifier], "ownedByTeam": bool}``: any of its parts that holds grants.
What a policy leaves out is as in `default_leaf`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

ADMIN, MEMBER, VIEWER = "Admin", "Member", "Viewer"
READ, REGISTER, UPDATE, UNREGISTER = ACTS = ("read", "register", "update", "unregister")
UPDATE_PROPERTIES, UPDATE_RELATIONS = BY_KEY = ("updateProperties", "updateRelations")


@dataclass(frozen=True)
class Person:
    """Somebody, as policies name people: by user name or e-mail, by role, by team."""

    names: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


def moderator_of(blueprint: str) -> str:
    """Return the role of who has full control of a blueprint's entities."""
    return f"{blueprint}-moderator"


def empty_leaf(*roles: str, owned: bool = False) -> dict[str, Any]:
    """Return a leaf that grants something to these roles, and to the owners if `owned`."""
    return {"users": [], "roles": list(roles), "teams": [], "ownedByTeam": owned}


def default_leaf(act: str, blueprint: str) -> dict[str, Any]:
    """Return what holds where a policy does not speak.

    Everybody reads. Moderators and admins write; a team also registers and updates what it owns.
    """
    if act == READ:
        return empty_leaf(ADMIN, MEMBER)
    # Who may add people to teams, or say what they moderate, may do anything.
    is_owned = act != UNREGISTER and not is_about_people(blueprint)
    return empty_leaf(moderator_of(blueprint), ADMIN, owned=is_owned)


def is_about_people(blueprint: str) -> bool:
    """Say whether its entities decide who may do what: that is left to admins, whatever is said."""
    return blueprint.startswith("_")


@dataclass(frozen=True)
class Policy:
    """The policy of one blueprint."""

    blueprint: str
    stored: Mapping[str, Any]

    def grants(self, act: str, person: Person, owners: Collection[str] = ()) -> bool:
        """Say whether a person may do this to an entity with these owners."""
        if ADMIN in person.roles:
            return True
        if act != READ and is_about_people(self.blueprint):
            return False
        return _grants(self._leaf(act), person, owners)

    def grants_keys(
        self, keys: Mapping[str, Collection[str]], person: Person, owners: Collection[str]
    ) -> bool:
        """Say whether leaves of their own let a person update all of these parts.

        `keys` has what is to be changed by the name of the section: of `BY_KEY`.
        """
        if is_about_people(self.blueprint):
            return False
        said = {section: self._entities.get(section, {}) for section in BY_KEY}
        return all(
            key in said[section] and _grants(said[section][key], person, owners)
            for section, changed in keys.items()
            for key in changed
        )

    @property
    def restricts_reading(self) -> bool:
        """Say whether not everybody may read."""
        return READ in self._entities

    @property
    def _entities(self) -> Mapping[str, Any]:
        return self.stored.get("entities", {})

    def _leaf(self, act: str) -> Mapping[str, Any]:
        return {**default_leaf(act, self.blueprint), **self._entities.get(act, {})}


def _grants(leaf: Mapping[str, Any], person: Person, owners: Collection[str]) -> bool:
    return bool(
        person.roles & set(leaf.get("roles", ()))
        or person.names & set(leaf.get("users", ()))
        or person.teams & set(leaf.get("teams", ()))
        or (leaf.get("ownedByTeam") and person.teams & set(owners))
    )
