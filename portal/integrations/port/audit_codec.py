"""Changes of ours as entries of an audit log. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.errors import Invalid
from catalog.facts import timestamp

ACTIONS = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted"}
_WORDS = {ours: wire for wire, ours in ACTIONS.items()}
# What is written has been done: what was refused left nothing to tell of.
SUCCESS = "SUCCESS"
# The doors by which people and programs come in; all others are called by their own name.
_ORIGINS = {"admin": "UI", "page": "UI", "api": "API", "wire": "API"}
_RELATION = "relation#"
_META = {"$title": "title", "$icon": "icon", "$team": "team"}


def origin_of(source: str) -> str:
    """Return what a door is called in the log.

    >>> origin_of("page"), origin_of("command")
    ('UI', 'COMMAND')
    """
    return _ORIGINS.get(source, source.upper())


def sources_of(origins: list[str]) -> list[str]:
    """Return the doors behind these origins, in whatever case they are written."""
    wanted = {origin.upper() for origin in origins}
    named = [source for source, origin in _ORIGINS.items() if origin in wanted]
    return [*named, *(origin.lower() for origin in wanted - {*_ORIGINS.values()})]


def read_moment(text: str, name: str) -> datetime | None:
    """Return a moment in a query, None where there is none; raises `Invalid`."""
    if not text:
        return None
    try:
        # A plus sign that nobody encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.at(name, "give a moment, such as 2026-01-31T12:00:00.000Z") from None


def audit_body(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change, given by its columns, as an entry of the log.

    Of what was written it holds what differed; an entity is in the shape of the wire.
    """
    about = {change["kind"]: change["identifier"]}
    if change["blueprint"]:
        about["blueprint"] = change["blueprint"]
    if change["run"]:
        about["runId"] = change["run"]
    return {
        "identifier": str(change["id"]),
        "action": _WORDS[change["action"]],
        "resourceType": change["kind"],
        "status": SUCCESS,
        "trigger": {
            "by": {"userId": change["actor"]},
            "origin": origin_of(change["source"]),
            "at": timestamp(change["at"]),
        },
        "context": about,
        "diff": {side: _side(change, change[side]) for side in ("before", "after")},
        "additionalData": {},
        "message": "",
    }


def _side(change: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return one side of a change, None where the thing was not there."""
    if not document:
        return None
    if change["kind"] != "entity":
        return dict(document)
    body = {"identifier": change["identifier"], "blueprint": change["blueprint"]}
    properties, relations, rest = {}, {}, {}
    for key, value in document.items():
        if key.startswith(_RELATION):
            relations[key.removeprefix(_RELATION)] = value
        elif key in _META:
            rest[_META[key]] = value
        elif not key.startswith("$"):
            properties[key] = value
    return {**body, **rest, "properties": properties, "relations": relations}
