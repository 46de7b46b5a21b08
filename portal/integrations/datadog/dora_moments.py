"""Moments of delivery events: whole numbers come in, RFC 3339 goes out. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Below the first it is seconds (up to the year 5138), below the second milliseconds (the same
# year), from the third on nanoseconds (since 1973). What lies between is microseconds, which no
# client of this dialect sends.
_SECONDS_END = 10**11
_MILLISECONDS_END = 10**14
_NANOSECONDS_BEGIN = 10**17


def moment_of(number: Any, *, path: str) -> datetime:
    """Return the moment that a whole number stands for; its size says the unit.

    Raises `Invalid`.

    >>> moment_of(1693491974, path="started_at") == moment_of(1693491974000, path="started_at")
    True
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise Invalid.at(path, "give a Unix time as a whole number from 0 on")
    if number < _SECONDS_END:
        return _EPOCH + timedelta(seconds=number)
    if number < _MILLISECONDS_END:
        return _EPOCH + timedelta(milliseconds=number)
    if number < _NANOSECONDS_BEGIN:
        raise Invalid.at(path, "give seconds, milliseconds or nanoseconds since 1970")
    return _EPOCH + timedelta(microseconds=number // 1000)


def instant_of(text: Any, *, path: str) -> datetime:
    """Return the moment that a text of RFC 3339 names; raises `Invalid`.

    Without an offset it is taken for UTC.
    """
    found = _read(text)
    if found is None:
        raise Invalid.at(path, "give a time such as 2026-01-31T23:59:59Z")
    return found


def written(moment: datetime) -> str:
    """Return a moment as it is stored and shown: in UTC, a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(text: Any) -> str | None:
    """Return a stored date in that form, whoever wrote it; None where it is none."""
    found = _read(text)
    return None if found is None else written(found)


def microseconds(moment: datetime) -> int:
    """Return a moment as the catalog's queries compare it: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
