"""Entities as documents for the programs of users, made from facts. Pure."""

from collections.abc import Mapping
from typing import Any

from catalog.blueprints import BlueprintSpec
from portal.integrations.port.entities_codec import Presenter

# What the history of an entity does not tell.
_UNKNOWN = ("$title", "$icon", "$team", "$createdAt", "$createdBy", "$updatedAt", "$updatedBy")


def entity_document(facts: Mapping[str, Any], spec: BlueprintSpec) -> dict[str, Any]:
    """Return an entity as clients see it, computed values included and scorecards not."""
    return Presenter(spec).present({**dict.fromkeys(_UNKNOWN), **facts})
