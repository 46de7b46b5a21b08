"""Runs on the wire, and what is told about them. Pure."""

from collections.abc import Mapping
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from catalog.storable import storable_faults
from portal.integrations.actions.runs import APPROVALS, ENDINGS, RunChange
from portal.integrations.models import Run, RunLog

_SHORT = 200


def log_document_of(log: RunLog, run: Run) -> dict[str, Any]:
    """Return a line as the wire has it."""
    texts = {"terminationStatus": log.termination_status, "statusLabel": log.status_label}
    return {
        "id": str(log.pk),
        "runId": run.identifier,
        "message": log.message,
        **{name: value for name, value in texts.items() if value},
        "createdAt": timestamp(log.at),
        "createdBy": log.by,
    }


def change_of(body: Mapping[str, Any]) -> RunChange:
    """Return what a body tells about a run; raises `Invalid`."""
    faults = storable_faults(dict(body))
    status = body.get("status")
    if status not in (None, Run.Status.IN_PROGRESS, *ENDINGS):
        faults.append(Fault("status", f"give one of: {', '.join(ENDINGS)}"))
    link = body.get("link")
    links = [link] if isinstance(link, str) else link
    is_list = isinstance(links, list) and all(isinstance(item, str) for item in links)
    if links is not None and not is_list:
        faults.append(Fault("link", "give an address, or a list of them"))
    label = _text(body, "statusLabel", faults, limit=_SHORT)
    external = _text(body, "externalRunId", faults, limit=_SHORT)
    summary = _text(body, "summary", faults)
    if faults:
        raise Invalid(faults)
    return RunChange(
        status=status,
        status_label=label,
        link=links,
        summary=summary,
        message=body.get("message"),
        external_run_id=external,
    )


def _text(
    body: Mapping[str, Any], name: str, faults: list[Fault], *, limit: int = 100_000
) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > limit:
        faults.append(Fault(name, f"give a text of at most {limit:,} characters"))
        return None
    return value


def line_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the message, status and label of a line to be added; raises `Invalid`."""
    faults = storable_faults(dict(body))
    message = _text(body, "message", faults)
    if not message and not faults:
        faults.append(Fault("message", "give a text"))
    status = body.get("terminationStatus")
    if status not in (None, *ENDINGS):
        faults.append(Fault("terminationStatus", f"give one of: {', '.join(ENDINGS)}"))
    label = _text(body, "statusLabel", faults, limit=_SHORT)
    if faults:
        raise Invalid(faults)
    return {"message": message or "", "status": status or "", "label": label or ""}


def decision_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the status and description of an approval; raises `Invalid`."""
    faults = storable_faults(dict(body))
    status = body.get("status")
    if not isinstance(status, str) or status not in APPROVALS:
        faults.append(Fault("status", f"give one of: {', '.join(APPROVALS)}"))
    description = _text(body, "description", faults)
    if faults:
        raise Invalid(faults)
    return {"status": str(status), "description": description or ""}
