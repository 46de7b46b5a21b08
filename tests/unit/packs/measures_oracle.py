"""DORA's own measures over plain rows, in plain loops: the judge of the pack's definitions.

It shares nothing with the product: rows have datetimes, windows are written out here.
"""

import statistics
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]

MONTH = timedelta(days=30)
MINIMUM = 5
ATTRIBUTION = timedelta(hours=24)


def measure(rows: Rows, services: set[str], *, is_team: bool, now: datetime) -> Row:
    """Return what the owner of these services must have; `rows` are by kind and identifier."""
    mine = {
        kind: {key: row for key, row in by_key.items() if row["service"] in services}
        for kind, by_key in rows.items()
    }
    found: Row = {}
    periods = [("", now - MONTH, now), ("_before", now - 2 * MONTH, now - MONTH)]
    for suffix, start, end in periods:
        values = _period(rows, mine, start, end)
        ever = any(_is_success(row) for row in mine["deployment"].values())
        share = len(services) if is_team else 1
        successes = values["dora_successful_deployments"]
        values["dora_deployment_frequency"] = (
            successes * 7 / (30 * share) if ever and share else None
        )
        found |= {f"{key}{suffix}": value for key, value in values.items()}
    for key in [key for key in found if f"{key}_before" in found and key in MEASURES]:
        now_, before = found[key], found[f"{key}_before"]
        is_known = now_ is not None and before is not None and before != 0
        found[f"{key}_change"] = (now_ - before) / before * 100 if is_known else None
    open_ones = [row for row in mine["incident"].values() if row["resolved_at"] is None]
    found["dora_open_incidents"] = len(open_ones)
    found["dora_unattributed_incidents"] = sum(
        _cause(row, rows) is None and now - MONTH <= row["opened_at"] <= now
        for row in mine["incident"].values()
    )
    return found


MEASURES = (
    "dora_deployment_frequency",
    "dora_lead_time",
    "dora_change_failure_rate",
    "dora_recovery_time",
    "dora_rework_rate",
)


def _is_success(row: Row) -> bool:
    return row["environment"] == "production" and row["status"] == "success"


def _is_finished(row: Row) -> bool:
    return row["environment"] == "production" and row["status"] in ("success", "failure")


def _cause(incident: Row, rows: Rows) -> str | None:
    """Return the deployment that is named, or the latest of the service in the day before."""
    if incident["caused_by"]:
        return incident["caused_by"]
    found = [
        (row["deployed_at"], key)
        for key, row in rows["deployment"].items()
        if _is_finished(row)
        and row["service"] == incident["service"]
        and timedelta(0) <= incident["opened_at"] - row["deployed_at"] <= ATTRIBUTION
    ]
    return max(found)[1] if found else None


def _period(rows: Rows, mine: Rows, start: datetime, end: datetime) -> Row:
    incidents = rows["incident"].values()
    blamed = {_cause(row, rows) for row in incidents}
    fixing = {row["resolved_by"] for row in incidents}
    finished = {
        key: row
        for key, row in mine["deployment"].items()
        if _is_finished(row) and start <= row["deployed_at"] <= end
    }
    failed = [k for k, row in finished.items() if row["status"] == "failure" or k in blamed]
    rework = [
        key
        for key, row in finished.items()
        if (key in fixing if row["is_rework"] is None else row["is_rework"])
    ]
    succeeded = [row for row in finished.values() if row["status"] == "success"]
    shipped = []
    for row in mine["pull_request"].values():
        first = rows["deployment"].get(row["deployment"] or "")
        if first and _is_success(first) and start <= first["deployed_at"] <= end:
            shipped.append(_hours(row["first_commit_at"] or row["opened_at"], first))
    changes = [hours for hours in shipped if hours is not None]
    dated = [_hours(row["first_commit_at"], row) for row in succeeded if row["first_commit_at"]]
    commits = [hours for hours in dated if hours is not None]
    minutes = [
        (row["resolved_at"] - row["opened_at"]).total_seconds() / 60
        for row in mine["incident"].values()
        if _cause(row, rows) and row["resolved_at"] and start <= row["resolved_at"] <= end
    ]
    total = len(finished)
    return {
        "dora_deployments": total,
        "dora_successful_deployments": len(succeeded),
        "dora_failed_deployments": len(failed),
        "dora_rework_deployments": len(rework),
        "dora_changes": len(changes),
        "dora_dated_deployments": len(commits),
        "dora_recoveries": len(minutes),
        "dora_lead_time": _median(changes or commits),
        "dora_recovery_time": _median(minutes),
        "dora_change_failure_rate": _rate(len(failed), total),
        "dora_rework_rate": _rate(len(rework), total),
    }


def _hours(start: datetime, deployment: Row) -> float | None:
    hours = (deployment["deployed_at"] - start).total_seconds() / 3600
    return hours if hours >= 0 else None


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if len(values) >= MINIMUM else None


def _rate(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole >= MINIMUM else None
