"""Log lines, metrics and examples of exporters on the wire. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from portal.integrations.port.reading import (
    Reader,
    count,
    digits,
    json_object,
    moment,
    read_keys,
    text,
)
from portal.integrations.reports import KindProgress, LogLine

if TYPE_CHECKING:
    from portal.integrations.models import IntegrationLog, KindExample, Resync, ResyncKind

# What a line may take; what is longer is cut, and says so.
MAX_MESSAGE = 10_000
MAX_NAME = 200
MAX_STATE = 50
LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
_OTHER_LEVELS = {"WARN": "WARNING", "FATAL": "CRITICAL", "EXCEPTION": "ERROR", "SUCCESS": "INFO"}

_NAME = text(MAX_NAME)
_NEEDED = text(MAX_NAME, is_needed=True)
_PROGRESS: Mapping[str, tuple[str, Reader]] = {
    "eventId": ("event", _NEEDED),
    "kindIdentifier": ("identifier", _NEEDED),
    "syncState": ("state", text(MAX_STATE)),
    "kind": ("kind", _NAME),
    "kindIndex": ("index", lambda value: count(value) or 0),
    "blueprint": ("blueprint", _NAME),
    "metrics": ("metrics", json_object),
}


def _level(value: Any) -> str:
    """Read a level by any of its names; empty where it is none."""
    name = str(value or "").upper()
    name = _OTHER_LEVELS.get(name, name)
    return name if name in LEVELS else ""


def _wanted_level(value: Any) -> str:
    if value and not _level(value):
        raise ValueError(f"give one of {', '.join(LEVELS)}")
    return _level(value)


_LOG_QUERY: Mapping[str, tuple[str, Reader]] = {
    "limit": ("limit", digits),
    "level": ("level", _wanted_level),
    "log_id": ("before", digits),
    "timestamp": ("until", lambda value: moment(value or None)),
}


def read_logs(body: Mapping[str, Any], *, now: datetime) -> list[LogLine]:
    """Return the lines in a body. A line is kept whatever is odd about it: it may be the last."""
    return [_line(item, now) for item in _objects(body, "logs")]


def _line(item: Mapping[str, Any], now: datetime) -> LogLine:
    try:
        at = moment(item.get("timestamp")) or now
    except ValueError:
        at = now
    extra = item.get("extra")
    return LogLine(
        at=at,
        level=_level(item.get("level")) or "INFO",
        message=_cut(_as_text(item.get("message"))),
        extra=_bounded(extra if isinstance(extra, dict) else {}),
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(message: str) -> str:
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[:MAX_MESSAGE]} ... ({len(message):,} characters)"


def _bounded(extra: dict[str, Any]) -> dict[str, Any]:
    length = len(json.dumps(extra, ensure_ascii=False))
    return extra if length <= MAX_MESSAGE else {"left out": f"{length:,} characters"}


def read_many_progress(body: Mapping[str, Any]) -> list[KindProgress]:
    """Return how far several kinds are."""
    items = _objects(body, "syncKindsMetrics")
    return [_progress(item, f"syncKindsMetrics[{index}]") for index, item in enumerate(items)]


def read_progress(body: Mapping[str, Any], *, event: str, identifier: str) -> KindProgress:
    """Return how far the kind is that the address names.

    What the body calls it holds: addresses write a space as they write a plus.
    """
    item = body.get("syncKindMetrics")
    if not isinstance(item, dict):
        raise Invalid.at("syncKindMetrics", "give an object")
    named = {"eventId": event, "kindIdentifier": identifier, **item}
    return _progress(named, "syncKindMetrics")


def _progress(item: Mapping[str, Any], path: str) -> KindProgress:
    found = read_keys(item, _PROGRESS, under=path)
    missing = [key for key in ("eventId", "kindIdentifier") if key not in item]
    if missing:
        raise Invalid(Fault(f"{path}.{key}", "is missing") for key in missing)
    return KindProgress(**found)


def read_event(body: Mapping[str, Any]) -> str:
    """Return the resync that a body is about."""
    if "eventId" not in body:
        raise Invalid.at("eventId", "is missing")
    return read_keys(body, {"eventId": _PROGRESS["eventId"]})["event"]


def read_examples(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the examples in a body."""
    return _objects(body, "examples")


def read_kind(kind: str) -> str:
    """Return the kind that an address names."""
    return read_keys({"kind": kind}, {"kind": ("kind", _NEEDED)})["kind"]


def read_log_query(query: Mapping[str, str]) -> dict[str, Any]:
    """Return which log lines are wanted."""
    return read_keys(query, _LOG_QUERY)


def read_event_query(query: Mapping[str, str]) -> str:
    """Return which resync is wanted; empty where the last one is."""
    return read_keys(query, {"resyncId": ("event", _NAME)}).get("event", "")


def _objects(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of objects that a body has to hold."""
    items = body.get(key)
    if not isinstance(items, list):
        raise Invalid.at(key, "give a list")
    faults = [
        Fault(f"{key}[{index}]", "give an object")
        for index, item in enumerate(items)
        if not isinstance(item, dict)
    ]
    if faults:
        raise Invalid(faults)
    return items


def write_log(row: "IntegrationLog") -> dict[str, Any]:
    """Return a log line."""
    return {
        "_id": str(row.pk),
        "timestamp": timestamp(row.at),
        "level": row.level,
        "message": row.message,
        "extra": row.extra,
    }


def write_resync(row: "Resync") -> dict[str, Any]:
    """Return what a resync is known by and how it goes."""
    return {
        "eventId": row.event,
        "syncState": row.state,
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
    }


def write_progress(row: "ResyncKind") -> dict[str, Any]:
    """Return how far a resync is with a kind."""
    return {
        "kindIdentifier": row.identifier,
        "kind": row.kind,
        "kindIndex": row.index,
        "blueprint": row.blueprint,
        "syncState": row.state,
        "metrics": row.metrics,
        "updatedAt": timestamp(row.updated_at),
    }


def write_examples(rows: Iterable["KindExample"]) -> list[dict[str, Any]]:
    """Return examples of a kind."""
    return [
        {"_id": str(row.pk), "data": row.data, "createdAt": timestamp(row.created_at)}
        for row in rows
    ]
