"""What a scorecard reaches that follows the catalog: the blueprints it grades, what it may read.

Such a scorecard grades whatever is owned or described, not only services. Deployments, incidents
and pull requests are neither: they are events, and their owners are those of what they belong to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.models import Blueprint
from catalog.system import SYSTEM
from scorecards.documents import Reach
from scorecards.packs import evidence_keys

# What describes an entity, by property, with the JSON type that the property has. A blueprint that
# has one of that name and another type means something else by it.
DESCRIBED = {
    "links": "array",
    "contacts": "array",
    "lifecycle": "string",
    "tier": "string",
    "on_call": "string",
    "slo_count": "number",
    "monitor_count": "number",
    "reports_versions": "boolean",
    "correlates_logs": "boolean",
}


def described_blueprints() -> QuerySet[Blueprint]:
    """Return the blueprints whose entities are owned directly or described, by identifier.

    The portal's own (teams, users) are not among them.
    """
    names = described_in(registry.graph().specs.values())
    return Blueprint.objects.filter(identifier__in=names).order_by("identifier")


def reach_in(specs: Iterable[BlueprintSpec]) -> Reach:
    """Return what these blueprints come to for a scorecard that follows the catalog."""
    return Reach(blueprints=described_in(specs), keys=evidence_keys())


def described_in(specs: Iterable[BlueprintSpec]) -> list[str]:
    """Return which of these blueprints have entities that are owned directly or described."""
    return sorted(spec.identifier for spec in specs if is_described(spec.document))


def is_described(blueprint: Mapping[str, Any]) -> bool:
    """Say whether entities of a blueprint document are owned directly, or can be described."""
    if blueprint["identifier"] in SYSTEM:
        return False
    ownership = blueprint.get("ownership") or {}
    return ownership.get("type") == "Direct" or has_any(blueprint, DESCRIBED)


def has_any(blueprint: Mapping[str, Any], types: Mapping[str, str]) -> bool:
    """Say whether a blueprint document has one of these given properties, of the type it is of."""
    given = (blueprint.get("schema") or {}).get("properties") or {}
    return any(key in given and given[key]["type"] == type_ for key, type_ in types.items())
