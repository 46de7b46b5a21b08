"""What the templates of a run can read."""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog import registry
from catalog.computed.jq import JqError, evaluate
from catalog.errors import Invalid
from catalog.facts import timestamp
from catalog.models import Entity
from portal.integrations.actions.templates import Template, parse_template
from portal.integrations.entity_documents import entity_document
from portal.integrations.models import Run
from portal.integrations.secrets import reveal_secrets
from portal.sealing import Unsealable

_HIDDEN = "***"


def rendered(run: Run, *, now: datetime) -> dict[str, Any]:
    """Return what a run is to do, with every template filled.

    Raises `Invalid`, and `Unsealable` where a secret cannot be read.
    What comes back may hold secrets: it goes out, and is neither stored nor logged.
    """
    template = parse_template(run.invocation, path="invocationMethod")
    if template.is_constant:
        return dict(run.invocation)
    try:
        result = evaluate(template.program, _context(run, template), now=now)
    except JqError as error:
        raise Invalid.at("invocationMethod", str(error)) from None
    filled = template.filled(result)
    if filled.faults:
        raise Invalid(filled.faults)
    return filled.value


def without_secrets(run: Run, text: str) -> str:
    """Return a text about a run without the secrets that its templates read.

    Servers tell back what they were sent, and programs what they failed at.
    """
    names = _names(parse_template(run.invocation).tree.programs)
    try:
        values = reveal_secrets(names).values() if names else ()
    except Unsealable:
        # Then nothing was filled, and nothing sent.
        return text
    # The longest first: one may be part of another.
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, _HIDDEN).replace(json.dumps(value)[1:-1], _HIDDEN)
    return text


def _context(run: Run, template: Template) -> dict[str, Any]:
    by = {"user": {"email": run.created_by, "identifier": run.created_by}}
    trigger = {"by": by, "at": timestamp(run.created_at), "origin": "API"}
    context = {
        "inputs": run.properties,
        "action": run.about["action"],
        "blueprint": run.about.get("blueprint"),
        "run": {"id": run.identifier, "status": run.status},
        "trigger": run.event["trigger"] if run.event else trigger,
        "user": by["user"],
        "event": run.event,
    }
    if template.reads("entity"):
        context["entity"] = _entity(run)
    if template.reads("secrets"):
        context["secrets"] = reveal_secrets(_names(template.tree.programs))
    return context


def _entity(run: Run) -> dict[str, Any] | None:
    """Return the entity as it is now; for an event that was about one, as it was then."""
    if run.event is not None:
        diff = run.event.get("diff") or {}
        return diff.get("after") or diff.get("before")
    if not run.entity:
        return None
    row = Entity.objects.of(run.blueprint).filter(identifier=run.entity).first()
    if row is None:
        return None
    return entity_document(row.facts, registry.graph().specs[run.blueprint])


def _names(programs: Iterable[str]) -> set[str]:
    """Return the names that stand after `.secrets` in some program."""
    return {name for text in programs for name in re.findall(r"\.secrets\.(\w+)", text)}
