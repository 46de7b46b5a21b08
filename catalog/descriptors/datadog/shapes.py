"""The shapes of catalog files, as JSON Schema: v3 by kind, service definitions by version. Pure.

Facts of the schemas that Datadog publishes under the Apache Licence 2.0, written down anew; where
they and its API know different keys, both are taken.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from catalog import schemas
from catalog.errors import Fault

Shape = dict[str, Any]

_TEXT: Shape = {"type": "string"}
_WORD: Shape = {"type": "string", "minLength": 1}
_URL: Shape = {"type": "string", "format": "uri"}
_FREE: Shape = {"type": "object"}


def _list(item: Shape, **rest: Any) -> Shape:
    return {"type": "array", "items": item, **rest}


def _closed(properties: Mapping[str, Shape], *required: str) -> Shape:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


_TEXTS = _list(_TEXT)
_IF_EMAIL: Shape = {"properties": {"type": {"const": "email"}}, "required": ["type"]}
_EMAIL: Shape = {"properties": {"contact": {"format": "email"}}}
_CONTACT = _closed({"name": {**_TEXT, "minLength": 2}, "type": _TEXT, "contact": _TEXT}, "type",
                   "contact")  # fmt: skip
_LINK = _closed({"name": _TEXT, "type": _TEXT, "url": _URL, "provider": _TEXT}, "name", "type",
                "url")  # fmt: skip
_METADATA = _closed(
    {
        "name": _WORD,
        "namespace": _WORD,
        "displayName": _TEXT,
        "description": _TEXT,
        "owner": _TEXT,
        "additionalOwners": _list(_closed({"name": _TEXT, "type": _TEXT}, "name")),
        "tags": _TEXTS,
        "contacts": _list({**_CONTACT, "if": _IF_EMAIL, "then": _EMAIL}),
        "links": _list(_LINK),
        "inheritFrom": _TEXT,
        "id": _WORD,
        "managed": _FREE,
    },
    "name",
)
_INTEGRATIONS = _closed(
    {
        "pagerduty": _closed({"serviceURL": _WORD}, "serviceURL"),
        "opsgenie": _closed({"serviceURL": _WORD, "region": _WORD}, "serviceURL"),
        "jiraServiceManagementOps": _closed({"teamURL": _WORD}, "teamURL"),
        "sentry": _closed({"projectSlugs": _list(_WORD, minItems=1)}, "projectSlugs"),
        "terraform": _closed(
            {"workspaceIds": _list({**_TEXT, "pattern": "^ws-[a-zA-Z0-9]+$"}, minItems=1)},
            "workspaceIds",
        ),
    }
)
_NAMED_QUERIES = _list({"type": "object", "properties": {"name": _TEXT, "query": _TEXT}})
_PRODUCTS = _closed(
    {
        "codeLocations": _list(
            {"type": "object", "properties": {"repositoryURL": _TEXT, "paths": _TEXTS}}
        ),
        "events": _NAMED_QUERIES,
        "logs": _NAMED_QUERIES,
        "pipelines": _closed({"fingerprints": _TEXTS}),
        "performanceData": _closed({"tags": _TEXTS}),
    }
)
_INTERFACE: Shape = {
    **_closed({"fileRef": _URL, "definition": _FREE}),
    "oneOf": [{"required": ["fileRef"]}, {"required": ["definition"]}],
}
_SPEC_KEYS: dict[str, Shape] = {
    "type": _TEXT,
    "lifecycle": _WORD,
    "tier": _WORD,
    "languages": _TEXTS,
    "interface": _INTERFACE,
    "dependsOn": _TEXTS,
    "dependencyOf": _TEXTS,
    "componentOf": _TEXTS,
    "components": _TEXTS,
    "implementedBy": _TEXTS,
}
_COMMON = ("type", "lifecycle", "tier")
_ANY_KIND = (*_COMMON, "dependsOn", "dependencyOf", "componentOf")
SPEC_OF_KIND: dict[str, tuple[str, ...]] = {
    "service": (*_COMMON, "languages", "dependsOn", "componentOf"),
    "system": (*_COMMON, "components", "componentOf"),
    "application": ("lifecycle", "tier", "components"),
    "api": (*_COMMON, "interface", "implementedBy", "componentOf"),
}
KIND: Shape = {**_TEXT, "pattern": "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", "maxLength": 100}
V3_VERSIONS = ("v3", "v2.2", "v2.1", "v2")

_PAGERDUTY = r"^(https?://)?[a-zA-Z\d_\-.]+\.pagerduty\.com/service-directory/(P[a-zA-Z\d_\-]+)/?$"
_OLD_PAGERDUTY = r"https://[a-zA-Z0-9_\-]+.pagerduty\.com/service-directory/P[a-zA-Z0-9_\-]+"
_OPSGENIE = r"^(https?://)?[a-zA-Z\d_\-.]+\.opsgenie\.com/service/([a-zA-Z\d_\-]+)/?$"
_PAGERDUTY_URL: Shape = {**_TEXT, "pattern": _PAGERDUTY}
_ON_CALL_OBJECTS = _closed(
    {
        "pagerduty": _closed({"service-url": _PAGERDUTY_URL}, "service-url"),
        "opsgenie": _closed(
            {
                "service-url": {**_TEXT, "pattern": _OPSGENIE},
                "region": {"enum": ["US", "EU"]},
            },
            "service-url",
        ),
    }
)
# What a contact is at the least; more is only warned about (see `CONTACT_RULES`).
_LOOSE_CONTACTS = _list(
    {
        "type": "object",
        "properties": {"name": _TEXT, "type": _TEXT, "contact": _TEXT},
        "required": ["type", "contact"],
    }
)
_OLD_LINK_TYPES = ["doc", "wiki", "runbook", "url", "repo", "dashboard", "oncall", "code", "link"]
_OLD_LINK = _closed({"name": _TEXT, "type": {"enum": _OLD_LINK_TYPES}, "url": _URL}, "name",
                    "type", "url")  # fmt: skip
_PLACE = _closed({"name": _WORD, "provider": _WORD, "url": _URL}, "name", "url")
_SINCE_V2: dict[str, Shape] = {
    "dd-service": _WORD,
    "team": _TEXT,
    "contacts": _LOOSE_CONTACTS,
    "tags": _TEXTS,
    "integrations": _ON_CALL_OBJECTS,
    "extensions": _FREE,
}
_SINCE_V2_1: dict[str, Shape] = {
    **_SINCE_V2,
    "application": _TEXT,
    "description": _TEXT,
    "tier": _TEXT,
    "lifecycle": _TEXT,
    "links": _list(
        _closed(
            {
                "name": _TEXT,
                "type": {"enum": ["doc", "runbook", "repo", "dashboard", "other"]},
                "url": _URL,
                "provider": _TEXT,
            },
            "name",
            "type",
            "url",
        )
    ),
}
_SERVICE_KEYS: dict[str, dict[str, Shape]] = {
    "v1": {
        "info": _closed(
            {
                "dd-service": _WORD,
                "description": _TEXT,
                "display-name": _TEXT,
                "service-tier": _TEXT,
            },
            "dd-service",
        ),
        "org": _closed({"team": _TEXT, "application": _TEXT}),
        "contact": _closed({"email": _TEXT, "slack": _TEXT}),
        "external-resources": _list(_OLD_LINK),
        "tags": _TEXTS,
        "integrations": _closed(
            {"pagerduty": {**_TEXT, "pattern": _OLD_PAGERDUTY}, "github": _URL}
        ),
        "extensions": _FREE,
    },
    "v2": {
        **_SINCE_V2,
        "team": _WORD,
        "dd-team": _WORD,
        "links": _list({**_OLD_LINK, "properties": {**_OLD_LINK["properties"], "name": _WORD}}),
        "repos": _list(_PLACE),
        "docs": _list(_PLACE),
        "integrations": _closed(
            {"pagerduty": _PAGERDUTY_URL, "opsgenie": _ON_CALL_OBJECTS["properties"]["opsgenie"]}
        ),
    },
    "v2.1": _SINCE_V2_1,
    "v2.2": {
        **_SINCE_V2_1,
        "type": {"enum": ["web", "db", "cache", "function", "browser", "mobile", "custom"]},
        "languages": _TEXTS,
        "links": _list(_LINK),
        "ci-pipeline-fingerprints": _TEXTS,
    },
}
SERVICE_VERSIONS = tuple(_SERVICE_KEYS)
_IF_SLACK: Shape = {"properties": {"type": {"const": "slack"}}, "required": ["type"]}
_SECURE: Shape = {"properties": {"contact": {"pattern": "^https://.+"}}}
_STRICT_CONTACT: Shape = {
    **_closed(
        {
            "name": {**_TEXT, "minLength": 2},
            "type": {"enum": ["email", "slack", "microsoft-teams"]},
            "contact": _TEXT,
        }
    ),
    "allOf": [{"if": _IF_EMAIL, "then": _EMAIL}, {"if": _IF_SLACK, "then": _SECURE}],
}
_OPEN_CONTACT: Shape = {
    **_CONTACT,
    "if": _IF_EMAIL,
    "then": _EMAIL,
    "else": {"properties": {"contact": {"format": "uri"}}},
}
_CONTACT_RULES: dict[str, Shape] = {
    "v1": {
        "contact": {
            "properties": {
                "email": {"format": "email"},
                "slack": {"pattern": "^https://.+"},
            }
        }
    },
    "v2": {"contacts": {"items": _STRICT_CONTACT}},
    "v2.1": {"contacts": {"items": _STRICT_CONTACT}},
    "v2.2": {"contacts": {"items": _OPEN_CONTACT}},
}


@cache
def _entity_checker(kind: str) -> jsonschema_rs.Draft202012Validator:
    keys = SPEC_OF_KIND.get(kind, _ANY_KIND)
    return schemas.validator_of(
        _closed(
            {
                "apiVersion": {"enum": list(V3_VERSIONS)},
                "kind": KIND,
                "metadata": _METADATA,
                "spec": _closed({key: _SPEC_KEYS[key] for key in keys}),
                "integrations": _INTEGRATIONS,
                "datadog": _PRODUCTS,
                "extensions": _FREE,
            },
            "apiVersion",
            "kind",
            "metadata",
        )
    )


@cache
def _service_checker(version: str) -> jsonschema_rs.Draft202012Validator:
    keys = _SERVICE_KEYS[version]
    required = ["info"] if version == "v1" else ["schema-version", "dd-service"]
    # Unknown keys are no fault: they are kept among the extensions.
    shape = {"type": "object", "properties": keys, "required": required}
    return schemas.validator_of(shape)


@cache
def _contact_checker(version: str) -> jsonschema_rs.Draft202012Validator:
    return schemas.validator_of({"properties": _CONTACT_RULES[version]})


def spec_keys(kind: str) -> tuple[str, ...]:
    """Return the keys that `spec` of an entity of a kind may have."""
    return SPEC_OF_KIND.get(kind, _ANY_KIND)


def service_keys(version: str) -> frozenset[str]:
    """Return the keys of a service definition of a version."""
    return frozenset([*_SERVICE_KEYS[version], "schema-version"])


def entity_faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with an entity definition of v3."""
    kind = document.get("kind")
    # One checker for all kinds that anybody may think of.
    known = kind if isinstance(kind, str) and kind in SPEC_OF_KIND else ""
    return schemas.faults(_entity_checker(known), document)


def service_faults(document: Mapping[str, Any], version: str) -> list[Fault]:
    """Return what is wrong with a service definition, contacts that lead nowhere aside."""
    return schemas.faults(_service_checker(version), document)


def contact_warnings(document: Mapping[str, Any], version: str) -> list[dict[str, str]]:
    """Return what is doubtful about the contacts of a service definition, which is kept."""
    return [
        {
            "message": error.message,
            "keyword-location": _pointer(error.schema_path),
            "instance-location": _pointer(error.instance_path),
        }
        for error in _contact_checker(version).iter_errors(document)
    ]


def _pointer(parts: list[str | int]) -> str:
    return "".join(f"/{part}" for part in parts)
