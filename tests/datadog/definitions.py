"""Definitions for tests, with keyword overrides for what a test is about."""

from typing import Any

from tests.datadog.clients import DatadogClient

ENTITY = "/api/v2/catalog/entity"
KIND = "/api/v2/catalog/kind"
RELATION = "/api/v2/catalog/relation"
SERVICES = "/api/v2/services/definitions"


def definition(name: str = "cart", kind: str = "service", **blocks: Any) -> dict[str, Any]:
    """Return a definition of v3; `metadata` is added to the name."""
    metadata = {"name": name, **blocks.pop("metadata", {})}
    return {"apiVersion": "v3", "kind": kind, "metadata": metadata, **blocks}


def service(name: str = "cart", version: str = "v2.2", **keys: Any) -> dict[str, Any]:
    """Return a service definition."""
    return {"schema-version": version, "dd-service": name, **keys}


def upsert(client: DatadogClient, *bodies: Any) -> None:
    """Write definitions of v3, or YAML texts."""
    for body in bodies:
        answer = client.post(ENTITY, body)
        assert answer.status_code == 202, answer.content


def shown(client: DatadogClient, reference: str = "service:cart") -> dict[str, Any]:
    """Return the definition of an entity as it is shown."""
    body = client.get(f"{ENTITY}?filter[ref]={reference}&include=schema").json()
    schema: dict[str, Any] = body["included"][0]["attributes"]["schema"]
    return schema


def names(client: DatadogClient, query: str = "") -> list[str]:
    """Return the names of the entities that a list shows."""
    body = client.get(f"{ENTITY}?{query}").json()
    return [item["attributes"]["name"] for item in body["data"]]


def relation_ids(client: DatadogClient, query: str = "") -> list[str]:
    """Return the ids of the relations that a list shows."""
    return [item["id"] for item in client.get(f"{RELATION}?{query}").json()["data"]]


def chain_of(count: int) -> str:
    """Return the file of so many services, each of a team of its own and depending on the next."""
    return "\n---\n".join(
        f"apiVersion: v3\nkind: service\nmetadata: {{name: s{n}, owner: t{n}}}\n"
        f"spec: {{dependsOn: ['service:s{n + 1}']}}"
        for n in range(count)
    )
