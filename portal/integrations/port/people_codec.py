"""Teams and users between the wire and the entities that stand for them. Pure.

A team is known by its name, the title of its entity; a user by an e-mail address, the identifier of
theirs. Roles are two things of a user: one role, and the blueprints they moderate.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.errors import Fault, Invalid

PROVIDER = "port"
INVITED = "Invited"
ACTIVE = "Active"
_MODERATOR = "-moderator"
# Of an identifier that is made out of a name, which may be a good deal longer.
_LONGEST = 100
# What answers hold besides, and may be sent back.
_OWN = ("id", "provider", "createdAt", "createdBy", "updatedAt", "updatedBy")
_TEAM_KEYS = ("name", "identifier", "description", "users")
_USER_KEYS = ("teams", "roles", "status", "firstName", "lastName", "inactivityTimeout")


@dataclass(frozen=True)
class Person:
    """What answers show of a user wherever they are listed."""

    email: str
    title: str
    status: str

    @classmethod
    def of(cls, email: str, title: str, properties: Mapping[str, Any]) -> "Person":
        """Return a user as their entity says; who has no status came before there was one."""
        return cls(email, title, str(properties.get("status") or ACTIVE))

    def body(self) -> dict[str, Any]:
        """Return the user as members of teams are shown. The last word of a name is the last."""
        name = "" if self.title == self.email else self.title
        first, _space, last = name.rpartition(" ")
        return {
            "email": self.email,
            "firstName": first or last,
            "lastName": last if first else "",
            "status": self.status,
        }


def read_team(body: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Return what a body says of a team, by keys of the wire; raises `Invalid`.

    Users may be given as objects, as they are read: then their e-mail addresses are what counts.
    """
    said = _known(body, _TEAM_KEYS)
    if isinstance(said.get("users"), list):
        said["users"] = [
            item.get("email") if isinstance(item, Mapping) else item for item in said["users"]
        ]
    faults = list(_text_faults(said, ("name", "identifier", "description")))
    if is_new and not said.get("name"):
        faults.append(Fault("name", "give the name of the team"))
    elif said.get("name", "?") in (None, ""):
        faults.append(Fault("name", "give a name, or leave it out"))
    faults += _list_faults(said, "users")
    if faults:
        raise Invalid(faults)
    return said


def team_identifier(name: str) -> str:
    """Return an identifier for a team of this name.

    >>> team_identifier("R & D (core)")
    'R_D_core'
    """
    return re.sub(r"[^\w@.+:=-]+", "_", name)[:_LONGEST].strip("_.") or "team"


def team_body(
    *,
    identifier: str,
    name: str,
    description: Any,
    users: Sequence[Any],
    stamps: Mapping[str, str],
) -> dict[str, Any]:
    """Return a team as answers show it."""
    body = {"id": identifier, "identifier": identifier, "name": name, "provider": PROVIDER}
    said = {"description": description} if isinstance(description, str) else {}
    return {**body, **said, "users": list(users), **stamps}


def read_invitee(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an invitation says of a user, by keys of the wire; raises `Invalid`."""
    invitee = body.get("invitee")
    if not isinstance(invitee, Mapping):
        raise Invalid.at("invitee", "give an object: {email, roles, teams}")
    given = dict(invitee)
    email = given.pop("email", None)
    if not isinstance(email, str) or "@" not in email:
        raise Invalid.at("invitee.email", "give an e-mail address")
    try:
        return {**read_user(given), "email": email.strip().lower()}
    except Invalid as error:
        raise Invalid(fault.under("invitee") for fault in error.faults) from None


def read_user(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says of a user, by keys of the wire; raises `Invalid`."""
    said = _known(body, _USER_KEYS)
    faults = list(_text_faults(said, ("status", "firstName", "lastName")))
    faults += [*_list_faults(said, "teams"), *_list_faults(said, "roles")]
    if said.get("inactivityTimeout") is not None:
        message = "sessions end as the portal is set up, not by person; give null or leave it out"
        faults.append(Fault("inactivityTimeout", message))
    if not faults and len(_plain(said.get("roles") or [])) > 1:
        faults.append(Fault("roles", f"give one role, besides those that end in {_MODERATOR}"))
    if faults:
        raise Invalid(faults)
    return said


def user_properties(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a user that a body is about; null takes away."""
    properties = {"status": said["status"]} if "status" in said else {}
    if "roles" in said:
        roles = said["roles"] or []
        moderated = [role.removesuffix(_MODERATOR) for role in roles if role.endswith(_MODERATOR)]
        properties |= {
            "port_role": next(iter(_plain(roles)), None),
            "moderated_blueprints": moderated or None,
        }
    return properties


def user_title(said: Mapping[str, Any], before: Person) -> str | None:
    """Return the title of a user after a body that names them; None where it does not."""
    if "firstName" not in said and "lastName" not in said:
        return None
    shown = before.body()
    names = (said.get(key, shown[key]) for key in ("firstName", "lastName"))
    return " ".join(name for name in names if name)


def user_body(
    person: Person,
    *,
    properties: Mapping[str, Any],
    teams: Mapping[str, str],
    stamps: Mapping[str, str],
) -> dict[str, Any]:
    """Return a user as answers show it; `teams` maps identifiers to names."""
    moderated = properties.get("moderated_blueprints")
    roles = [
        *filter(None, [properties.get("port_role")]),
        *(f"{name}{_MODERATOR}" for name in (moderated if isinstance(moderated, list) else [])),
    ]
    return {
        "id": person.email,
        **person.body(),
        "type": "Standard",
        "providers": [],
        "roles": [{"name": str(role)} for role in roles],
        "teams": list(teams.values()),
        "teamsIdentifiers": list(teams),
        "managedByScim": False,
        "inactivityTimeout": None,
        **stamps,
    }


def _known(body: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return what the body says, without what answers hold besides; raises `Invalid`."""
    said = {key: value for key, value in body.items() if key not in _OWN}
    message = f"is no key; there are: {', '.join(keys)}"
    if faults := [Fault(key, message) for key in said if key not in keys]:
        raise Invalid(faults)
    return said


def _text_faults(said: Mapping[str, Any], names: Sequence[str]) -> Iterator[Fault]:
    for name in names:
        if not isinstance(said.get(name), str | None):
            yield Fault(name, "give a text")


def _list_faults(said: Mapping[str, Any], name: str) -> Iterator[Fault]:
    value = said.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        yield Fault(name, "give a list of names")


def _plain(roles: Sequence[str]) -> list[str]:
    return [role for role in roles if not role.endswith(_MODERATOR)]
