"""Cursors: where a page of a list ended, as a text that means nothing to clients. Pure."""

import base64
import binascii
import re
from typing import Any

from catalog.errors import Invalid

# Numbers that the rows of a list are ordered by, as far as the page went.
Position = tuple[int, ...]
_CURSOR = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})*")


def cursor_of(position: Position | None) -> str | None:
    """Return what stands for a position in answers; None where there is nothing more."""
    if position is None:
        return None
    text = ".".join(map(str, position))
    return base64.urlsafe_b64encode(text.encode()).decode()


def position_of(cursor: Any, *, length: int) -> Position | None:
    """Return the position that a cursor stands for, None without one; raises `Invalid`."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except (AttributeError, UnicodeError, binascii.Error):
        text = ""
    numbers = tuple(map(int, text.split("."))) if _CURSOR.fullmatch(text) else ()
    if len(numbers) != length:
        raise Invalid.at("from", "is not what 'next' said; begin without it")
    return numbers
