"""What exporters tell about their work, as values. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# The phase of a resync by which the state of the whole is told.
RUNTIME = "__runtime__"
# What is counted of a kind, and the phase and the type of count where exporters put it.
_COUNTS = {
    "read": ("extract", "raw_extracted"),
    "left out": ("transform", "filtered_out"),
    "written": ("load", "loaded"),
    "as before": ("load", "skipped"),
    "failed": ("load", "failed"),
}


@dataclass(frozen=True)
class LogLine:
    """A line that an exporter logged."""

    at: datetime
    level: str
    message: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KindProgress:
    """How far a resync is with one of its kinds; `event` is the id that names the resync."""

    event: str
    identifier: str
    state: str = ""
    kind: str = ""
    index: int = 0
    blueprint: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)


def counts_of(metrics: dict[str, Any]) -> dict[str, int]:
    """Return how many things a resync read of a kind, and what became of them, as far as told.

    >>> counts_of({"phase": {"load": {"object_count_type": {"loaded": {"object_count": 3.0}}}}})
    {'written': 3}
    """
    found = {}
    for what, (phase, kind) in _COUNTS.items():
        count = _inside(metrics, "phase", phase, "object_count_type", kind, "object_count")
        if isinstance(count, int | float):
            found[what] = int(count)
    return found


def _inside(value: Any, *path: str) -> Any:
    """Return what lies at the end of a path; None where it breaks off: anything may be sent."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
