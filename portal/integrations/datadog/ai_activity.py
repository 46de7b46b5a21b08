"""The use of AI tools: what is reported for a person and a day, read and kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from catalog.errors import Invalid
from portal.integrations.models import AiActivity

TYPE = "ai_impact_user_activity"
MAX_ENTRIES = 1_000
_MAX_NAMES = 100
_EMAIL = re.compile(r"[^@\s]+@[^@.\s]+(?:\.[^@.\s]+)+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_KEYS = ("user_email", "day", "is_active", "tools", "models")
# How tools are called that go by several names.
_CANONICAL = {"github_copilot": "copilot"}


@dataclass(frozen=True)
class Activity:
    """What one person did with AI tools on one day. Names are as they are kept."""

    user_email: str
    day: date
    is_active: bool
    tools: list[str]
    models: list[str]


def read_entries(body: Any) -> list[Activity]:
    """Return what was reported; raises `Invalid` naming the first entry that is wrong."""
    entries = body.get("data") if isinstance(body, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_ENTRIES:
        raise Invalid.at("data", f"give a list of 1 to {MAX_ENTRIES:,} entries")
    return [_entry(entry, f"data[{index}]") for index, entry in enumerate(entries)]


def record_activity(*, entries: Sequence[Activity], now: datetime) -> None:
    """Keep what was reported, once for each person, day and tool; the last word counts."""
    rows = {
        (entry.user_email, entry.day, tool): (entry.is_active, entry.models)
        for entry in entries
        for tool in entry.tools
    }
    AiActivity.objects.bulk_create(
        [
            AiActivity(
                user_email=email,
                day=day,
                tool=tool,
                is_active=is_active,
                model_names=models,
                reported_at=now,
            )
            # In one order: two batches that overlap wait for each other instead of dead-locking.
            for (email, day, tool), (is_active, models) in sorted(rows.items())
        ],
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=("user_email", "day", "tool"),
        update_fields=("is_active", "model_names", "reported_at"),
    )


def _entry(entry: Any, path: str) -> Activity:
    if not isinstance(entry, dict) or entry.get("type") != TYPE:
        raise Invalid.at(path, f'give an object of the type "{TYPE}"')
    attributes = entry.get("attributes")
    if not isinstance(attributes, dict):
        raise Invalid.at(f"{path}.attributes", "give an object")
    for key in attributes:
        if key not in _KEYS:
            raise Invalid.at(f"{path}.{key[:60]}", f"is unknown; there are {', '.join(_KEYS)}")
    is_active = attributes.get("is_active")
    if not isinstance(is_active, bool):
        raise Invalid.at(f"{path}.is_active", "give true or false")
    return Activity(
        user_email=_email(attributes.get("user_email"), f"{path}.user_email"),
        day=_day(attributes.get("day"), f"{path}.day"),
        is_active=is_active,
        tools=_unique(_tools(attributes, path)),
        models=_unique(name.strip().lower() for name in _names(attributes, "models", path)),
    )


def _email(value: Any, path: str) -> str:
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        raise Invalid.at(path, "give an e-mail address")
    return value.lower()


def _day(value: Any, path: str) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Invalid.at(path, "give a day such as 2026-05-26")


def _tools(attributes: Mapping[str, Any], path: str) -> Iterator[str]:
    names = _names(attributes, "tools", path)
    if not names:
        raise Invalid.at(f"{path}.tools", "give at least one name")
    for name in names:
        snake = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or name.strip()
        yield _CANONICAL.get(snake, snake)


def _names(attributes: Mapping[str, Any], key: str, path: str) -> list[str]:
    value = attributes.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MAX_NAMES:
        raise Invalid.at(f"{path}.{key}", f"give a list of at most {_MAX_NAMES} names")
    for index, name in enumerate(value):
        if not isinstance(name, str) or not name.strip() or len(name) > 100:
            raise Invalid.at(f"{path}.{key}[{index}]", "give a name of at most 100 characters")
    return value


def _unique(names: Any) -> list[str]:
    return list(dict.fromkeys(names))
