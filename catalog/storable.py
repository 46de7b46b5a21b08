"""What JSON allows and no database keeps: NUL, half surrogate pairs, infinities, endless nesting,
integers beyond every float.

Pure. Such values are refused before anything is looked up, on every database alike, so that a
catalog kept in SQLite can always move to PostgreSQL.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from catalog.errors import Fault

MAX_DEPTH = 50
# No smaller integer is beyond the floats, which arithmetic and jq turn numbers into.
_LONG_NUMBER = re.compile(rf"[0-9]{{{sys.float_info.max_10_exp + 1}}}")
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
    is_deep = text.count("[") + text.count("{") > MAX_DEPTH
    return is_deep or "\\u0000" in text or _LONG_NUMBER.search(text) is not None


def _search(value: Any, path: str, depth: int) -> Iterator[Fault]:
    if depth > MAX_DEPTH:
        yield Fault(path, _DEPTH)
        return
    match value:
        case str() if not _is_text(value):
            yield Fault(path, _TEXT)
        case int() | float() if not abs(value) <= sys.float_info.max:
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
