"""Compute the demo's DORA numbers a second time, straight from its files.

This is the judge of the product's own computation, so it shares nothing with it: plain loops over
the JSONL and the standard library. Keep it that way.
"""

import json
import math
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[3] / "scorecards" / "packs" / "demo"

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)

METRICS = (
    "deployment_frequency",
    "total_deployments",
    "lead_time_for_changes",
    "total_incidents",
    "change_failure_rate",
    "mean_time_to_recovery",
)


@dataclass(frozen=True)
class Reckoning:
    """What the oracle found.

    `services` and `teams` map identifiers to {property identifier: value}, tiers included.
    `service_levels` and `team_levels` map identifiers to {scorecard identifier: level title}.
    """

    services: dict[str, dict[str, Any]]
    teams: dict[str, dict[str, Any]]
    service_levels: dict[str, dict[str, str]]
    team_levels: dict[str, dict[str, str]]


def reckon(*, now: datetime, shift: timedelta | None = None, folder: Path = DEMO) -> Reckoning:
    """Compute everything as it should be at `now`, with `shift` added to every time in the files.

    Without `shift`, the newest time in the files is moved to the second of `now`.
    """
    if shift is None:
        shift = now.astimezone(UTC).replace(microsecond=0) - newest(folder)
    services = _read(folder, "services")
    events = {
        kind: _read(folder, kind, shift) for kind in ("deployments", "pull_requests", "incidents")
    }
    owned: dict[str, set[str]] = {}
    for service in services:
        owned.setdefault(service["organization"], set()).add(service["identifier"])
    of_services = {
        service["identifier"]: _measure_service(events, service["identifier"], now)
        for service in services
    }
    of_teams = {team: _measure_team(events, owns, now) for team, owns in owned.items()}
    return Reckoning(
        services=of_services,
        teams=of_teams,
        service_levels={key: _service_levels(value) for key, value in of_services.items()},
        team_levels={key: _team_levels(value) for key, value in of_teams.items()},
    )


def newest(folder: Path = DEMO) -> datetime:
    """Return the newest time in the files."""
    times = []
    for kind in ("services", "deployments", "pull_requests", "incidents"):
        for row in _read(folder, kind):
            times += [value for value in row.values() if isinstance(value, datetime)]
    return max(times)


def _read(folder: Path, kind: str, shift: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    rows = []
    for line in (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for key, value in row.items():
            if key.endswith("_at") and value is not None:
                naive = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
                row[key] = naive.replace(tzinfo=UTC) + shift
        rows.append(row)
    return rows


def _measure(events: dict[str, list[dict]], services: set[str], now: datetime) -> dict[str, Any]:
    deployed = [
        row["created_at"]
        for row in events["deployments"]
        if row["service"] in services
        and row["status"] == "success"
        and row["environment"] == "production"
    ]
    hours = [
        (row["merged_at"] - row["created_at"]).total_seconds() / 3600
        for row in events["pull_requests"]
        if row["service"] in services
        and row["merged_at"] is not None
        and now - MONTH <= row["merged_at"] <= now
    ]
    incidents = [row for row in events["incidents"] if row["service"] in services]
    minutes = [
        (row["resolved_at"] - row["created_at"]).total_seconds() / 60
        for row in incidents
        if row["resolved_at"] is not None
    ]
    return {
        "deployment_frequency": _per_week(deployed, now),
        "total_deployments": len(deployed),
        "lead_time_for_changes": statistics.fmean(hours) if hours else None,
        "total_incidents": len(incidents),
        "change_failure_rate": len(incidents) / len(deployed) * 100 if deployed else 0,
        "mean_time_to_recovery": statistics.fmean(minutes) if minutes else None,
    }


def _per_week(times: list[datetime], now: datetime) -> float:
    if not times:
        return 0
    return len(times) / max(1, math.ceil((now - min(times)) / WEEK))


def _measure_service(events: dict[str, list[dict]], service: str, now: datetime) -> dict[str, Any]:
    found = _measure(events, {service}, now)
    return found | _tiers(found, found["deployment_frequency"])


def _measure_team(events: dict[str, list[dict]], owns: set[str], now: datetime) -> dict[str, Any]:
    found = _measure(events, owns, now) | {"services_count": len(owns)}
    deploys = found["total_deployments"] > 0 and len(owns) > 0
    per_service = found["deployment_frequency"] / len(owns) if deploys else None
    found["deployment_frequency_per_service"] = per_service
    return found | _tiers(found, per_service or 0)


def _tiers(found: dict[str, Any], per_week: float) -> dict[str, str]:
    deployed = found["total_deployments"] > 0
    hours = found["lead_time_for_changes"]
    minutes = found["mean_time_to_recovery"]
    return {
        "deploy_freq_tier": _tier(deployed, [per_week >= 7, per_week >= 1, per_week >= 0.25]),
        "lead_time_tier": _tier(hours is not None, _at_most(hours, 24, 168, 720)),
        "cfr_tier": _tier(deployed, _at_most(found["change_failure_rate"], 5, 20, 30)),
        "mttr_tier": _tier(minutes is not None, _at_most(minutes, 60, 1440, 10080)),
    }


def _at_most(value: float | None, *limits: float) -> list[bool]:
    return [value is not None and value <= limit for limit in limits]


def _tier(is_known: bool, elite_high_medium: list[bool]) -> str:
    if not is_known:
        return "Low"
    for name, holds in zip(("Elite", "High", "Medium"), elite_high_medium, strict=True):
        if holds:
            return name
    return "Low"


def _service_levels(found: dict[str, Any]) -> dict[str, str]:
    return {
        "dora_deploy_freq": _frequency_level(found["deployment_frequency"]),
        **{f"dora_{key}": level for key, level in _shared_levels(found).items()},
    }


def _team_levels(found: dict[str, Any]) -> dict[str, str]:
    return {
        "team_dora_deploy_freq": _frequency_level(found["deployment_frequency_per_service"]),
        **{f"team_dora_{key}": level for key, level in _shared_levels(found).items()},
    }


def _frequency_level(per_week: float | None) -> str:
    found = per_week or 0
    return _level([found >= 0.25, found >= 1, found >= 7])


def _shared_levels(found: dict[str, Any]) -> dict[str, str]:
    failures = _at_most(found["change_failure_rate"], 30, 20, 5)
    minutes = _at_most(found["mean_time_to_recovery"], 43200, 1440, 60)
    return {
        "lead_time": _level(_at_most(found["lead_time_for_changes"], 720, 168, 24)),
        "cfr": _level([held and found["total_deployments"] > 0 for held in failures]),
        "mttr": _level([held and found["total_incidents"] > 0 for held in minutes]),
    }


def _level(bronze_silver_gold: list[bool]) -> str:
    reached = "Basic"
    for name, holds in zip(("Bronze", "Silver", "Gold"), bronze_silver_gold, strict=True):
        if not holds:
            return reached
        reached = name
    return reached
