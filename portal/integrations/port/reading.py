"""Reading the bodies of this dialect, key by key, with the place of what is wrong. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.errors import Fault, Invalid

# Returns the value as we keep it; raises `ValueError` with what to give.
Reader = Callable[[Any], Any]
# What an integer column holds on every database.
_MAX_COUNT = 2**31 - 1


def text(limit: int, *, is_needed: bool = False) -> Reader:
    """Return a reader of texts; null is the empty text, unless one is needed."""

    def read(value: Any) -> str:
        if value is None and not is_needed:
            return ""
        if not isinstance(value, str) or (is_needed and not value.strip()):
            raise ValueError("give a text")
        if len(value) > limit:
            raise ValueError(f"is too long: at most {limit:,} characters")
        # Bodies are checked as a whole; what stands in a query comes here first.
        if "\x00" in value:
            raise ValueError("holds a NUL; remove it")
        return value

    return read


def truth(value: Any) -> bool:
    """Read true or false; null is false."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError("give true or false")


def json_object(value: Any) -> dict[str, Any]:
    """Read an object; null is the empty one."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise ValueError("give an object")


def count(value: Any) -> int | None:
    """Read a whole number that is not negative and fits a column; null is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
        raise ValueError(f"give a whole number from 0 to {_MAX_COUNT:,}")
    return value


def digits(value: str) -> int | None:
    """Read a whole number as it stands in a query; nothing is none.

    >>> digits("7"), digits("")
    (7, None)
    """
    if not value:
        return None
    return count(int(value) if value.isdecimal() and len(value) <= len(str(_MAX_COUNT)) else "")


def moment(value: Any) -> datetime | None:
    """Read an instant; without a zone it is UTC, and null is none."""
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("give an instant such as 2026-01-31T12:00:00Z") from None


def read_keys(
    body: Mapping[str, Any], table: Mapping[str, tuple[str, Reader]], *, under: str = ""
) -> dict[str, Any]:
    """Return what a body says, by our names; `table` holds those and the readers by its keys.

    Keys that are not in the table are left out: clients send more than we know. Raises `Invalid`
    with everything that is wrong.
    """
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, (name, reader) in table.items():
        if key not in body:
            continue
        try:
            found[name] = reader(body[key])
        except ValueError as error:
            fault = Fault(key, str(error))
            faults.append(fault.under(under) if under else fault)
    if faults:
        raise Invalid(faults)
    return found


_NEEDED: Any = object()


def body_text(body: Mapping[str, Any], key: str, *, default: Any = _NEEDED) -> str:
    """Return the text under a key, which has to be there without a `default`; raises `Invalid`."""
    value = body.get(key) if default is _NEEDED else body.get(key, default)
    if not isinstance(value, str):
        raise Invalid.at(key, "give a text")
    return value
