"""What JSON allows and no database keeps: NUL, half surrogate pairs, infinities, endless nesting.

Pure. Such values are refused before anything is looked up, on every database alike, so that a
catalog kept in SQLite can always move to PostgreSQL.
"""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from catalog.errors import Fault

MAX_DEPTH = 50
_TEXT = "holds a character that cannot be stored (NUL or half a surrogate pair); remove it"
_NUMBER = "is not a finite number; give one, or null"
_DEPTH = f"is nested more than {MAX_DEPTH} levels deep; flatten it"


def storable_faults(value: Any) -> list[Fault]:
    """Return a fault for everything in a JSON value that cannot be stored."""
    return list(_search(value, "", 0)) if _looks_odd(value) else []


def _looks_odd(value: Any) -> bool:
    """Tell the common case, that nothing is wrong anywhere, in one pass in C."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
        text.encode()
    except (ValueError, TypeError, RecursionError):
        return True
    return "\\u0000" in text or text.count("[") + text.count("{") > MAX_DEPTH


def _search(value: Any, path: str, depth: int) -> Iterator[Fault]:
    if depth > MAX_DEPTH:
        yield Fault(path, _DEPTH)
        return
    match value:
        case str() if not _is_text(value):
            yield Fault(path, _TEXT)
        case float() if not isfinite(value):
            yield Fault(path, _NUMBER)
        case dict():
            for key, item in value.items():
                if not _is_text(str(key)):
                    yield Fault(path, f"a key {_TEXT}")
                    continue
                yield from _search(item, f"{path}.{key}" if path else str(key), depth + 1)
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _search(item, f"{path}[{index}]", depth + 1)


def _is_text(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
