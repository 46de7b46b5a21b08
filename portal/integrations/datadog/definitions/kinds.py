"""Kinds of entities, which are blueprints: which there are, and those that clients ask for."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.descriptors.datadog.evidence import EVIDENCE, Keeping, known_evidence
from catalog.descriptors.references import TEAM_KIND
from catalog.errors import Fault, Invalid
from catalog.models import TEAM, Blueprint
from catalog.operations import save_blueprints
from portal.integrations.models import KindNote
from portal.permissions import Actor
from scorecards.packs.extension import extend_blueprint
from scorecards.reach import is_described

# The kind that every installation means by it; packs extend the same blueprint.
SERVICE = "service"
SYSTEM = "system"
_ICONS = {"service": "Microservice", "system": "Package", "datastore": "Database", "api": "Api"}

Document = dict[str, Any]


def kind_of(blueprint: str) -> str:
    """Return the kind of the entities of a blueprint."""
    return TEAM_KIND if blueprint == TEAM else blueprint


def blueprint_of(kind: str) -> str:
    """Return the identifier of the blueprint of a kind."""
    return TEAM if kind == TEAM_KIND else kind


def keeping_of(spec: BlueprintSpec) -> Keeping:
    """Return what the entities of a blueprint keep of definitions."""
    return Keeping(properties=known_evidence(spec.properties), has_owner=spec.ownership is not None)


def kind_document(kind: str, *, title: str = "", description: str = "") -> Document:
    """Return the blueprint of a new kind: everything that definitions say, and an owner."""
    return {
        "identifier": kind,
        "title": title or kind.replace("-", " ").capitalize(),
        "description": description,
        "icon": _ICONS.get(kind, ""),
        "schema": {"properties": EVIDENCE, "required": []},
        "ownership": {"type": "Direct"},
    }


def ensure_kinds(*, kinds: Collection[str], by: Actor, now: datetime) -> dict[str, Blueprint]:
    """Return the blueprints of kinds, made or extended where they lack what definitions say.

    Those that people made are left as they are. Raises `Invalid` where a blueprint is no kind.
    """
    stored = Blueprint.objects.filter(identifier__in=kinds).select_related("kind_note")
    found = {blueprint.identifier: blueprint for blueprint in stored}
    faults = [
        Fault("kind", f"'{name}' holds events here, and no entities of a catalog; choose another")
        for name, blueprint in found.items()
        if not is_described(registry.document_of(blueprint))
    ]
    if faults:
        raise Invalid(faults)
    missing = sorted(set(kinds) - found.keys())
    documents = [kind_document(kind) for kind in missing]
    documents += filter(None, map(_extended, found.values()))
    if documents:
        by.must_edit_catalog("kinds")
        saved = save_blueprints(definitions=documents, by=by, now=now)
        found |= {blueprint.identifier: blueprint for blueprint in saved}
        note_kinds((found[kind] for kind in missing), now=now)
    return found


def note_kinds(blueprints: Iterable[Blueprint], *, now: datetime) -> None:
    """Keep in mind that blueprints are kinds that clients asked for."""
    notes = [KindNote(blueprint=item, created_at=now, updated_at=now) for item in blueprints]
    KindNote.objects.bulk_create(
        notes,
        update_conflicts=True,
        unique_fields=["blueprint"],
        update_fields=["updated_at"],
    )


def is_ours(blueprint: Blueprint) -> bool:
    """Say whether clients of this dialect decide over what a blueprint has."""
    return blueprint.identifier == SERVICE or hasattr(blueprint, "kind_note")


def _extended(blueprint: Blueprint) -> Document | None:
    """Return the document of a blueprint with what it lacks; None where that is nothing."""
    if not is_ours(blueprint):
        return None
    spec = registry.spec_of(blueprint)
    taken = spec.properties.keys() | spec.computed_keys
    return extended(
        registry.document_of(blueprint),
        properties={key: item for key, item in EVIDENCE.items() if key not in taken},
    )


def extended(
    document: Document,
    *,
    properties: Mapping[str, Any] | None = None,
    relations: Mapping[str, Any] | None = None,
) -> Document | None:
    """Return a blueprint with more properties and relations; None where there are no more."""
    if not properties and not relations:
        return None
    addition = {"schema": {"properties": properties or {}}, "relations": relations or {}}
    return extend_blueprint(document, addition)
