"""What is to be shown for the value of a property. Pure: decides the kind, draws nothing.

The value is read by its property where that says enough, and by its own shape where it does not
(mirrors, values older than their schema). Nothing a tool may have stored makes this fail.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from portal.dashboards.formats import number
from portal.dashboards.properties import Property

SAFE_SCHEMES = ("http", "https")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


class Kind(StrEnum):
    """The ways a value can be drawn."""

    MISSING = "missing"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    LINK = "link"
    MAIL = "mail"
    CHIP = "chip"
    MARKDOWN = "markdown"
    CODE = "code"
    LIST = "list"
    USER = "user"
    TEAM = "team"


@dataclass(frozen=True)
class Shown:
    """A value ready to be drawn: `text` for people, `href` for links, `items` for lists."""

    kind: Kind
    text: str = ""
    href: str = ""
    color: str = ""
    moment: datetime | None = None
    items: tuple["Shown", ...] = ()
    is_true: bool = False


MISSING = Shown(Kind.MISSING)
_PLAIN = Property(identifier="", title="")


def show(value: Any, prop: Property = _PLAIN) -> Shown:
    """Return how to show a value of a property."""
    if value is None or value in ("", [], {}):
        return MISSING
    match value:
        case bool():
            return Shown(Kind.BOOLEAN, "Yes" if value else "No", is_true=value)
        case int() | float():
            return _number(value, prop)
        case str():
            return _text(value, prop)
        case list():
            return Shown(Kind.LIST, items=tuple(show(item, prop) for item in value))
    return _object(value)


def _number(value: int | float, prop: Property) -> Shown:
    color = prop.colors.get(str(value))
    if color:
        return Shown(Kind.CHIP, number(value, prop.unit), color=color)
    return Shown(Kind.NUMBER, number(value, prop.unit))


def _text(value: str, prop: Property) -> Shown:
    color = prop.colors.get(value)
    if color or prop.options:
        return Shown(Kind.CHIP, value, color=color or "none")
    if not prop.type and not prop.format and _INSTANT.match(value):
        return moment(value)
    reader = _READERS.get(prop.format)
    return reader(value) if reader else Shown(Kind.TEXT, value)


def moment(value: str) -> Shown:
    """Return how to show an instant, or the text as it is where it is none."""
    try:
        at = datetime.fromisoformat(value)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return Shown(Kind.TEXT, value)
    return Shown(Kind.MOMENT, value, moment=at)


def link(url: str, *, text: str = "") -> Shown:
    """Return how to show an address: a link only if following it runs nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Shown(Kind.TEXT, text or url)
    if parts.scheme.lower() not in SAFE_SCHEMES or not parts.netloc:
        return Shown(Kind.TEXT, text or url)
    short = f"{parts.netloc.removeprefix('www.')}{parts.path}".rstrip("/")
    return Shown(Kind.LINK, text or short, href=url)


def _object(value: dict[str, Any]) -> Shown:
    """Return how to show an object: a link, or whom to ask, where it has the shape of one."""
    match value:
        case {"url": str(url), **rest} if rest.keys() <= {"displayText"}:
            return link(url, text=str(rest.get("displayText") or ""))
        case {"url": str(url), "name": str(name), **rest} if rest.keys() <= {"type", "provider"}:
            return link(url, text=name)
        case {"contact": str(contact), "type": str(type_), **rest} if rest.keys() <= {"name"}:
            return _contact(contact, type_, name=str(rest.get("name") or ""))
    return Shown(Kind.CODE, json.dumps(value, indent=2, ensure_ascii=False, default=str))


def _as(kind: Kind) -> Callable[[str], Shown]:
    return partial(Shown, kind)


def _contact(contact: str, type_: str, *, name: str) -> Shown:
    if type_ == "email":
        return Shown(Kind.MAIL, contact)
    shown = link(contact, text=name)
    # What is no address to follow is what people look for under the name.
    return shown if shown.kind is Kind.LINK else Shown(Kind.TEXT, f"{name or type_}: {contact}")


_READERS: dict[str, Callable[[str], Shown]] = {
    "date-time": moment,
    "timer": moment,
    "url": link,
    "email": _as(Kind.MAIL),
    "idn-email": _as(Kind.MAIL),
    "markdown": _as(Kind.MARKDOWN),
    "yaml": _as(Kind.CODE),
    "proto": _as(Kind.CODE),
    "user": _as(Kind.USER),
    "team": _as(Kind.TEAM),
}
