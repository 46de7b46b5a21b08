"""Reading what clients send about entities, into drafts for the operations."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from portal.permissions import Rights

DRAFT_KEYS = ("title", "icon", "team", "properties", "relations")
# Shown with an entity and not for clients to set; accepted and passed over, so that what was read
# can be changed and sent back.
READ_ONLY_KEYS = frozenset(
    ["computed", "problems", "scorecards", "datasource"]
    + ["created_at", "created_by", "updated_at", "updated_by"]
)
MAX_BATCH = 5_000


def draft_of(body: Any, *, address: Mapping[str, str] | None = None) -> EntityDraft:
    """Return what a body wants an entity to be; raises `Invalid`.

    `address` holds blueprint and identifier where the address names them: the body may repeat
    them, not contradict.
    """
    faults = list(_draft_faults(body, address or {}))
    if faults:
        raise Invalid(faults)
    identifier = address["identifier"] if address else body.get("identifier")
    return EntityDraft(
        identifier=identifier, **{key: body[key] for key in DRAFT_KEYS if key in body}
    )


def _draft_faults(body: Any, address: Mapping[str, str]) -> Iterator[Fault]:
    if not isinstance(body, dict):
        yield Fault("", "give an object")
        return
    known = {"blueprint", "identifier", *DRAFT_KEYS}
    for key in body.keys() - known - READ_ONLY_KEYS:
        yield Fault(key, f"there is no such field; there are: {', '.join(sorted(known))}")
    for key, wanted in address.items():
        if body.get(key, wanted) != wanted:
            yield Fault(key, f"the address says '{wanted}'; an entity keeps its {key}")
    if not address and not isinstance(body.get("identifier"), str):
        yield Fault("identifier", "give a text")


def without_echo(body: Mapping[str, Any], entity: Entity | None) -> dict[str, Any]:
    """Leave out teams that the body only repeats, where they are not the entity's own to set.

    Inherited ownership is shown, and refused when written: what was read could not be sent back.
    """
    is_own = entity is None or (entity.blueprint.ownership or {}).get("type") == "Direct"
    if is_own or body.get("team") != entity.team:
        return dict(body)
    return {key: value for key, value in body.items() if key != "team"}


def blueprint_of(body: Mapping[str, Any], *, rights: Rights) -> Blueprint:
    """Return the blueprint that a body names, of those that may be read; raises `Invalid`."""
    name = body.get("blueprint")
    if not isinstance(name, str):
        raise Invalid.at("blueprint", "give the identifier of a blueprint")
    rows = rights.readable(Blueprint.objects.all(), via="pk")
    found = rows.filter(identifier=name).first()
    if found is None:
        raise Invalid.at("blueprint", f"there is no blueprint '{name}'", is_missing=True)
    return found


def batch_of(body: Mapping[str, Any]) -> tuple[list[EntityDraft], bool]:
    """Return the drafts of a bulk request and whether to merge; raises `Invalid`."""
    items = body.get("entities")
    if not isinstance(items, list):
        raise Invalid.at("entities", "give a list of entities")
    if len(items) > MAX_BATCH:
        raise Invalid.at(
            "entities", f"{len(items):,} are too many: send at most {MAX_BATCH:,} in one call"
        )
    if not isinstance(body.get("merge", True), bool):
        raise Invalid.at("merge", "give true or false")
    unknown = sorted(body.keys() - {"blueprint", "entities", "merge"})
    if unknown:
        raise Invalid.at(
            unknown[0], "there is no such field; there are: blueprint, entities, merge"
        )
    drafts, faults = [], []
    for index, item in enumerate(items):
        try:
            drafts.append(_batch_draft(item, body["blueprint"]))
        except Invalid as error:
            faults.extend(fault.under(f"entities[{index}]") for fault in error.faults)
    if faults:
        raise Invalid(faults)
    return drafts, body.get("merge", True)


def _batch_draft(item: Any, blueprint: str) -> EntityDraft:
    draft = draft_of(item)
    if item.get("blueprint", blueprint) != blueprint:
        raise Invalid.at("blueprint", f"the batch is of '{blueprint}'; send others on their own")
    return draft
