"""What a definition says as properties of an entity, and the other way round. Pure.

Properties: what scorecards read, by the names that all catalog files of the portal share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from catalog.descriptors.datadog.shapes import spec_keys
from catalog.descriptors.datadog.versions import application_of, filled
from catalog.descriptors.references import Reference

Document = dict[str, Any]

_OBJECTS = {"type": "array", "items": {"type": "object"}}
_TEXTS = {"type": "array", "items": {"type": "string"}}
# The properties of entities that are described by definitions, as blueprints define them.
EVIDENCE: dict[str, Document] = {
    "description": {"type": "string", "title": "Description"},
    "lifecycle": {"type": "string", "title": "Lifecycle"},
    "tier": {"type": "string", "title": "Tier"},
    "type": {"type": "string", "title": "Type"},
    "languages": {**_TEXTS, "title": "Languages"},
    "tags": {**_TEXTS, "title": "Tags"},
    "links": {**_OBJECTS, "title": "Links"},
    "contacts": {**_OBJECTS, "title": "Contacts"},
    "on_call": {"type": "string", "format": "url", "title": "On call"},
    "application": {"type": "string", "title": "Application"},
}
_SECTION_OF = {
    "description": "metadata",
    "tags": "metadata",
    "links": "metadata",
    "contacts": "metadata",
    "lifecycle": "spec",
    "tier": "spec",
    "type": "spec",
    "languages": "spec",
}
_ON_CALL = ("pagerduty", "opsgenie")


def known_evidence(properties: Mapping[str, Any]) -> frozenset[str]:
    """Return the evidence that a blueprint with these properties keeps as it is meant here.

    A property of the same name and another type is somebody else's.
    """
    return frozenset(
        key
        for key, definition in EVIDENCE.items()
        if key in properties and _is_like(properties[key], definition)
    )


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    items, wanted = one.get("items") or {}, other.get("items") or {}
    is_same_list = items.get("type") in (None, wanted.get("type"))
    return one["type"] == other["type"] and is_same_list


def properties_of(document: Mapping[str, Any]) -> Document:
    """Return the evidence in a definition of v3; None where there is none.

    Links and contacts are empty lists then: who wrote a definition has said that there are none.
    """
    found = {
        key: document.get(section, {}).get(key) or None for key, section in _SECTION_OF.items()
    }
    for key in ("links", "contacts"):
        found[key] = found[key] or []
    references = document.get("spec", {}).get("componentOf", [])
    found["application"] = application_of(references)
    found["on_call"] = _on_call(document.get("integrations", {}))
    return found


def _on_call(integrations: Mapping[str, Any]) -> str | None:
    for name in _ON_CALL:
        url = integrations.get(name, {}).get("serviceURL")
        if url:
            url = url if "://" in url else f"https://{url}"
            # What is no address is kept in the definition alone.
            return url if _is_url(url) else None
    return None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_web and text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}')


@dataclass(frozen=True)
class Keeping:
    """What entities of a blueprint keep of definitions: which properties, and whether an owner."""

    properties: frozenset[str]
    has_owner: bool


def with_facts(
    document: Mapping[str, Any],
    facts: Mapping[str, Any],
    *,
    keeping: Keeping,
    is_loose: bool = False,
) -> Document:
    """Return a definition in which what the entity says now stands for what it said then.

    With `is_loose` numbers of other properties of these names are shown too, as texts: for entities
    that nobody defined.
    """
    shown = {key: dict(item) if isinstance(item, dict) else item for key, item in document.items()}
    _put_title(shown["metadata"], facts)
    if keeping.has_owner:
        _put_owner(shown["metadata"], facts.get("$team") or [])
    said = properties_of(document)
    for key, section in _SECTION_OF.items():
        fact = facts.get(key)
        if section == "spec" and key not in spec_keys(document["kind"]):
            continue
        if key in keeping.properties:
            if said[key] != (fact or None):
                _put(shown.setdefault(section, {}), key, _sound(key, fact))
        elif is_loose and _is_number(fact) and EVIDENCE[key]["type"] == "string":
            _put(shown.setdefault(section, {}), key, f"{fact:g}")
    on_call = facts.get("on_call") or None
    if "on_call" in keeping.properties and said["on_call"] != on_call:
        shown["integrations"] = _with_on_call(shown.get("integrations", {}), on_call)
    return filled({key: filled(item) if key == "spec" else item for key, item in shown.items()})


def _put_title(metadata: Document, facts: Mapping[str, Any]) -> None:
    title, identifier = facts["$title"], facts["$identifier"]
    if title != (metadata.get("displayName") or identifier):
        _put(metadata, "displayName", title if title != identifier else None)


def _put_owner(metadata: Document, teams: Sequence[str]) -> None:
    owner = metadata.get("owner")
    if owner is None or Reference.team(owner).identifier not in teams:
        _put(metadata, "owner", teams[0] if teams else None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _put(section: Document, key: str, value: Any) -> None:
    if value:
        section[key] = value
    else:
        section.pop(key, None)


def _with_on_call(integrations: Mapping[str, Any], url: Any) -> Document:
    found = {key: item for key, item in integrations.items() if key not in _ON_CALL}
    host = urlsplit(url).hostname if isinstance(url, str) and _is_url(url) else None
    for name in _ON_CALL:
        if name in (host or ""):
            found[name] = {"serviceURL": url}
    return found


def _sound(key: str, value: Any) -> Any:
    """Return the part of a value that a definition has a place for.

    A blueprint may say something else today than when the value was given.
    """
    if EVIDENCE[key]["type"] == "string":
        return value if isinstance(value, str) else None
    items = value if isinstance(value, list) else []
    match key:
        case "links":
            return [item for item in map(_link, items) if item]
        case "contacts":
            return [item for item in map(_contact, items) if item]
    return [item for item in items if _is_text(item)]


def _link(item: Any) -> Document | None:
    if not isinstance(item, dict) or not _is_text(item.get("url")):
        return None
    texts = {key: item[key] for key in ("name", "type", "provider") if _is_text(item.get(key))}
    return {"name": item["url"], "type": "other", **texts, "url": item["url"]}


def _contact(item: Any) -> Document | None:
    if not isinstance(item, dict):
        return None
    if not _is_text(item.get("type")) or not _is_text(item.get("contact")):
        return None
    name = item.get("name")
    named = {"name": name} if isinstance(name, str) and len(name) > 1 else {}
    return {**named, "type": item["type"], "contact": item["contact"]}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
