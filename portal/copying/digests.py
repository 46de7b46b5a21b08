"""Whether two databases hold the same rows, in whatever order they give them out."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from portal.sealing import Sealed

# What PostgreSQL's JSON writes otherwise: it has no exponents and no negative zero.
_WRITTEN_OTHERWISE = re.compile(r"\de[+-]?\d|-0\.0")


@dataclass
class Digest:
    """The number of rows, and a sum of what each comes to."""

    count: int = 0
    total: int = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, as Django reads them."""
        for row in rows:
            text = _text(row)
            if _WRITTEN_OTHERWISE.search(text):
                text = _text(_plain(row))
            hashed = sha256(text.encode()).digest()
            self.total = (self.total + int.from_bytes(hashed[:16], "big")) % 2**128
            self.count += 1


def _text(row: Sequence[Any]) -> str:
    return json.dumps(row, sort_keys=True, default=_shown)


def _shown(value: Any) -> str:
    if isinstance(value, Sealed):
        return value.text
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


def _plain(value: Any) -> Any:
    """Return a value with whole numbers written as such, however large."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value
