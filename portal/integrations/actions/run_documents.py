"""Runs as documents: on the wire, and for the programs of automations. Pure."""

from typing import Any

from catalog.facts import timestamp
from portal.integrations.models import Run


def run_document(run: Run, *, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a run; `payload` is what it is to do, with templates filled."""
    texts = {
        "statusLabel": run.status_label,
        "summary": run.summary,
        "externalRunId": run.external_run_id,
        "message": run.message,
        "requiredApproval": _required(run.required_approval),
        "approval": run.approval,
    }
    return {
        "id": run.identifier,
        "status": str(run.status),
        "action": run.about["action"],
        "blueprint": run.about.get("blueprint"),
        "entity": run.about.get("entity"),
        "properties": run.properties,
        "payload": payload or run.invocation,
        "link": run.link,
        **{name: value for name, value in texts.items() if value},
        "endedAt": timestamp(run.ended_at) if run.ended_at else None,
        "createdAt": timestamp(run.created_at),
        "createdBy": run.created_by,
        "updatedAt": timestamp(run.updated_at),
        "updatedBy": run.updated_by,
    }


def _required(raw: Any) -> Any:
    """Return what approval is asked for, in the one form that clients read."""
    return {"type": "ANY"} if raw is True else raw
