"""Service definitions v1 to v2.2 as entity definitions v3, and back. Pure.

What a version has no place for is left out on the way back; unknown keys are extensions.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.descriptors.datadog.shapes import service_keys
from catalog.descriptors.references import DEFAULT_NAMESPACE

Document = dict[str, Any]

_LINK_TYPES = {"wiki": "doc", "code": "repo", "url": "other", "oncall": "other", "link": "other"}
_OLD_LINK_TYPES = frozenset(["runbook", "dashboard"])
_LINK_TYPES_OF_V2_1 = frozenset(["doc", "runbook", "repo", "dashboard", "other"])
_CONTACT_TYPES = frozenset(["email", "slack", "microsoft-teams"])
_SYSTEM = "system:"


def filled(document: Mapping[str, Any]) -> Document:
    """Return a document without what is empty: no value, no text, an empty list or object."""
    return {
        key: item
        for key, item in document.items()
        if item is not None and item != "" and item != [] and item != {}
    }


def to_v3(document: Mapping[str, Any], version: str) -> Document:
    """Return a service definition as an entity definition, its `apiVersion` the version it had."""
    known = {key: item for key, item in document.items() if key in service_keys(version)}
    unknown = {key: item for key, item in document.items() if key not in known}
    whole = _from_v1(document) if version == "v1" else known
    links = [_new_link(link) for link in whole.get("links", [])]
    links += [{**link, "type": "repo"} for link in whole.get("repos", [])]
    links += [{**link, "type": "doc"} for link in whole.get("docs", [])]
    # What identifiers may not hold.
    application = "-".join((whole.get("application") or "").split())
    metadata = {
        "name": whole["dd-service"],
        "namespace": DEFAULT_NAMESPACE,
        "displayName": whole.get("display-name"),
        "description": whole.get("description"),
        "owner": whole.get("team") or whole.get("dd-team"),
        "tags": whole.get("tags"),
        "contacts": [_new_contact(contact) for contact in whole.get("contacts", [])],
        "links": links,
    }
    spec = {
        "type": whole.get("type"),
        "languages": whole.get("languages"),
        "lifecycle": whole.get("lifecycle"),
        "tier": whole.get("tier"),
        "componentOf": [f"{_SYSTEM}{application}"] if application else None,
    }
    fingerprints = whole.get("ci-pipeline-fingerprints")
    return filled(
        {
            # The API knows no v1: its kind of definition is the nearest.
            "apiVersion": "v2" if version == "v1" else version,
            "kind": "service",
            "metadata": filled(metadata),
            "spec": filled(spec),
            "integrations": _new_integrations(whole.get("integrations", {})),
            "datadog": {"pipelines": {"fingerprints": fingerprints}} if fingerprints else None,
            "extensions": {**document.get("extensions", {}), **unknown},
        }
    )


def _from_v1(document: Mapping[str, Any]) -> Document:
    """Return a definition of v1 in the words of v2.1."""
    info, org = document["info"], document.get("org", {})
    contact = document.get("contact", {})
    integrations = document.get("integrations", {})
    github = integrations.get("github")
    return {
        "dd-service": info["dd-service"],
        "description": info.get("description"),
        "display-name": info.get("display-name"),
        "tier": info.get("service-tier"),
        "team": org.get("team"),
        "application": org.get("application"),
        "contacts": [
            {"type": type_, "contact": contact[type_]}
            for type_ in ("email", "slack")
            if contact.get(type_)
        ],
        "links": document.get("external-resources", []),
        "repos": [{"name": "Source", "url": github, "provider": "Github"}] if github else [],
        "tags": document.get("tags"),
        "integrations": {"pagerduty": integrations.get("pagerduty")},
    }


def _new_link(link: Mapping[str, Any]) -> Document:
    return {**link, "type": _LINK_TYPES.get(link["type"], link["type"])}


def _new_contact(contact: Mapping[str, Any]) -> Document:
    # Others have no place there, and were only warned about.
    return {key: contact[key] for key in ("name", "type", "contact") if key in contact}


def _new_integrations(integrations: Mapping[str, Any]) -> Document:
    found: Document = {}
    for name, item in integrations.items():
        if name not in ("pagerduty", "opsgenie") or not item:
            continue
        item = {"service-url": item} if isinstance(item, str) else item
        found[name] = filled({"serviceURL": item.get("service-url"), "region": item.get("region")})
    return filled(found)


def from_v3(document: Mapping[str, Any], version: str) -> Document:
    """Return an entity definition as a service definition of a version."""
    metadata, spec = document["metadata"], document.get("spec", {})
    whole = {
        "schema-version": version,
        "dd-service": metadata["name"],
        "team": metadata.get("owner"),
        "application": application_of(spec.get("componentOf", [])),
        "description": metadata.get("description"),
        "tier": spec.get("tier"),
        "lifecycle": spec.get("lifecycle"),
        "type": spec.get("type"),
        "languages": spec.get("languages"),
        "contacts": metadata.get("contacts"),
        "links": metadata.get("links"),
        "tags": metadata.get("tags"),
        "integrations": _old_integrations(document.get("integrations", {})),
        "ci-pipeline-fingerprints": document.get("datadog", {})
        .get("pipelines", {})
        .get("fingerprints"),
        "extensions": document.get("extensions"),
    }
    match version:
        case "v1":
            return _to_v1(whole, metadata.get("displayName"))
        case "v2":
            whole = _to_v2(whole)
        case "v2.1":
            whole["contacts"] = _known_contacts(whole["contacts"])
            whole["links"] = [
                link if link["type"] in _LINK_TYPES_OF_V2_1 else {**link, "type": "other"}
                for link in whole["links"] or []
            ]
    return {key: item for key, item in filled(whole).items() if key in service_keys(version)}


def application_of(references: Iterable[str]) -> str | None:
    """Return the name of the system that something is part of, the first of several.

    >>> application_of(["service:cart", "system:default/shop"])
    'shop'
    """
    names = (ref.removeprefix(_SYSTEM) for ref in references if ref.startswith(_SYSTEM))
    return next((name.removeprefix(f"{DEFAULT_NAMESPACE}/") for name in names), None)


def _to_v2(whole: Document) -> Document:
    links = whole["links"] or []
    integrations = dict(whole["integrations"])
    if "pagerduty" in integrations:
        integrations["pagerduty"] = integrations["pagerduty"]["service-url"]
    return {
        **whole,
        "contacts": _known_contacts(whole["contacts"]),
        "links": [_old_link(link) for link in links if link["type"] not in ("repo", "doc")],
        "repos": [_place(link) for link in links if link["type"] == "repo"],
        "docs": [_place(link) for link in links if link["type"] == "doc"],
        "integrations": integrations,
    }


def _to_v1(whole: Document, title: str | None) -> Document:
    info = {
        "dd-service": whole["dd-service"],
        "display-name": title,
        "description": whole["description"],
        "service-tier": whole["tier"],
    }
    contacts = whole["contacts"] or []
    found = {item["type"]: item["contact"] for item in reversed(contacts)}
    pagerduty = whole["integrations"].get("pagerduty", {}).get("service-url")
    if pagerduty and "://" not in pagerduty:
        pagerduty = f"https://{pagerduty}"
    return filled(
        {
            "schema-version": "v1",
            "info": filled(info),
            "org": filled({"team": whole["team"], "application": whole["application"]}),
            "contact": filled({key: found.get(key) for key in ("email", "slack")}),
            "external-resources": [
                _old_link(link, kept=_OLD_LINK_TYPES | {"repo", "doc"})
                for link in whole["links"] or []
            ],
            "tags": whole["tags"],
            "integrations": filled({"pagerduty": pagerduty}),
            "extensions": whole["extensions"],
        }
    )


def _known_contacts(contacts: Iterable[Document] | None) -> list[Document]:
    return [contact for contact in contacts or [] if contact["type"] in _CONTACT_TYPES]


def _old_link(link: Document, *, kept: frozenset[str] = _OLD_LINK_TYPES) -> Document:
    type_ = link["type"] if link["type"] in kept else "link"
    return {"name": link["name"], "type": type_, "url": link["url"]}


def _place(link: Document) -> Document:
    return filled({key: link.get(key) for key in ("name", "provider", "url")})


def _old_integrations(integrations: Mapping[str, Any]) -> Document:
    found: Document = {}
    for name in ("pagerduty", "opsgenie"):
        item = integrations.get(name, {})
        if "serviceURL" in item:
            found[name] = {"service-url": item["serviceURL"]}
            if name == "opsgenie" and item.get("region") in ("US", "EU"):
                found[name]["region"] = item["region"]
    return found
