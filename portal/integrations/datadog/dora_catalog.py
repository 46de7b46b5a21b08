"""Where delivery events go in the catalog: the blueprints of the DORA pack."""

from collections.abc import Sequence
from datetime import datetime

from catalog import registry
from catalog.errors import Invalid
from catalog.models import Blueprint
from catalog.operations import EntityDraft, Outcome, upsert_entities
from portal.permissions import Actor
from scorecards.operations import install_pack

DEPLOYMENT, INCIDENT = "deployment", "incident"
DATASOURCE = "datadog/dora"
PACK = "dora"
# What the blueprints must have for an event to fit; an older pack lacks some of it.
_NEEDED = {
    DEPLOYMENT: {
        "properties": {
            "version", "sha", "deployed_at", "status", "environment", "started_at", "env", "team",
            "repository", "custom_tags", "change_failure", "remediation_type",
        },
        "relations": {"service"},
    },
    INCIDENT: {
        "properties": {
            "opened_at", "resolved_at", "severity", "services", "env", "version", "team", "sha",
            "repository", "custom_tags", "is_change_failure",
        },
        "relations": {"service", "affected", "part_of", "caused_by", "resolved_by"},
    },
}  # fmt: skip


def write(
    blueprint: str,
    drafts: Sequence[EntityDraft],
    *,
    by: Actor,
    now: datetime,
    datasource: str = DATASOURCE,
) -> Outcome:
    """Write drafts of a blueprint; services that nobody knows yet are made. Raises `Invalid`.

    Without a `datasource` the entities stay those of whoever wrote them last.
    """
    try:
        return upsert_entities(
            blueprint=Blueprint.objects.get(identifier=blueprint),
            drafts=drafts,
            by=by,
            now=now,
            datasource=datasource,
            create_missing=True,
        )
    except Invalid as error:
        raise Invalid(fault.out_of("entities[0]") for fault in error.faults)


def require_pack(*, by: Actor, now: datetime) -> None:
    """Install the pack where its blueprints are missing, or older than events need them."""
    specs = registry.graph().specs
    for blueprint, needed in _NEEDED.items():
        spec = specs.get(blueprint)
        if (
            spec is None
            or needed["properties"] - spec.properties.keys()
            or needed["relations"] - spec.relations.keys()
        ):
            by.must_edit_catalog(f"the blueprints of the pack '{PACK}'")
            install_pack(name=PACK, by=by, now=now)
            return
