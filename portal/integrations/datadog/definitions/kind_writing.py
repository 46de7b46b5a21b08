"""Writing the kinds that clients add."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.descriptors.datadog.kinds import KindDefinition
from catalog.errors import Invalid
from catalog.models import Blueprint
from catalog.operations import save_blueprints
from portal.integrations.datadog.definitions.kinds import (
    ensure_kinds,
    is_ours,
    kind_document,
    note_kinds,
)
from portal.permissions import Actor


@transaction.atomic
def upsert_kinds(
    *, definitions: Sequence[KindDefinition], by: Actor, now: datetime
) -> list[Blueprint]:
    """Add kinds, or change what they are called; what is not mentioned stays. Raises `Invalid`."""
    names = [item.kind for item in definitions]
    if len(set(names)) < len(names):
        raise Invalid.at("kind", "a kind stands twice; send it once")
    stored = Blueprint.objects.filter(identifier__in=names)
    known = set(stored.values_list("identifier", flat=True))
    blueprints = ensure_kinds(kinds=known, by=by, now=now)
    documents = [_document(item, blueprints.get(item.kind)) for item in definitions]
    save_blueprints(definitions=documents, by=by, now=now)
    rows = Blueprint.objects.filter(identifier__in=names).select_related("kind_note")
    note_kinds((row for row in rows if row.identifier not in known or is_ours(row)), now=now)
    by_name = {row.identifier: row for row in rows.all()}
    return [by_name[name] for name in names]


def _document(item: KindDefinition, blueprint: Blueprint | None) -> dict[str, Any]:
    """Return the blueprint that a kind is to be: what there is, called as it is called now."""
    if blueprint is None:
        return kind_document(item.kind, title=item.title or "", description=item.description or "")
    given = {"title": item.title or None, "description": item.description}
    named = {key: text for key, text in given.items() if text is not None}
    return {**registry.document_of(blueprint), **named}
