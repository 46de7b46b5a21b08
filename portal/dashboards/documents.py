"""What documents of pages and folders may say. Pure.

A page document has the keys of `PageDocument`, all but `identifier` and `type` optional: what is
not there, or null, nobody said. Shapes are judged strictly: types, layouts, how widgets are nested.
What a page is about is not: blueprints, properties, scorecards and types of widgets that do not
exist (yet) are kept, and show as a widget without data. Pages come from tools that also know other
products, and often before what they show.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults
from portal.dashboards.widgets import DASHBOARD, widget_faults

HOME = "$home"
TYPES = ("dashboard", "blueprint-entities", "entity", "home")
VISIBILITIES = ("org", "private")
# What becomes of the identifier of a blueprint in that of the page of its entities.
ENTITY_SUFFIX = "Entity"
MAX_LENGTH = 200
_IDENTIFIER = re.compile(r"^(?!\.{1,2}$)\$?[\w@.+:\\/=-]+$", re.UNICODE)
_LENGTHS = {
    "title": MAX_LENGTH,
    "icon": 100,
    "description": 10_000,
    "blueprint": 100,
    "parent": MAX_LENGTH,
    "after": MAX_LENGTH,
}
# Names of something else: empty, they name nothing.
_NAMES = ("blueprint", "parent", "after")
_FLAGS = ("is_locked", "shows_in_sidebar")


@dataclass(frozen=True)
class PageDocument:
    """What a page is to be; None where the document says nothing."""

    identifier: str
    type: str
    title: str | None = None
    icon: str | None = None
    description: str | None = None
    blueprint: str | None = None
    parent: str | None = None
    after: str | None = None
    widgets: list[dict[str, Any]] | None = None
    page_filters: list[dict[str, Any]] | None = None
    is_locked: bool | None = None
    shows_in_sidebar: bool | None = None
    visibility: str | None = None
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FolderDocument:
    """What a folder is to be; None where the document says nothing."""

    identifier: str
    title: str
    parent: str | None = None
    after: str | None = None


def parse_page(document: Any) -> PageDocument:
    """Read a page document; raises `Invalid` with every place that is wrong."""
    known = _known(document, PageDocument)
    _check([*_page_faults(known)])
    return PageDocument(**known)


def parse_folder(document: Any) -> FolderDocument:
    """Read a folder document; raises `Invalid`.

    Where there is no identifier, it is the title in lower case, with underscores for what is no
    word; where there is no title, it is the identifier in words.
    """
    known = _known(document, FolderDocument)
    title, identifier = known.get("title"), known.get("identifier")
    if not identifier and isinstance(title, str):
        known["identifier"] = re.sub(r"\W+", "_", title.lower()).strip("_")
    elif not title and isinstance(identifier, str):
        known["title"] = title_of(identifier)
    _check([*_identifier_faults(known.get("identifier")), *_text_faults(known, needed="title")])
    return FolderDocument(**known)


def title_of(identifier: str) -> str:
    """Return words for an identifier.

    >>> title_of("engineering_intelligence")
    'Engineering intelligence'
    """
    words = re.sub(r"[_-]+", " ", identifier).strip() or identifier
    return words[0].upper() + words[1:]


def _known(document: Any, kind: type) -> dict[str, Any]:
    """Return what the document says, by keys that there are; raises `Invalid`."""
    if not isinstance(document, Mapping):
        raise Invalid.at("", "give an object")
    _check(storable_faults(dict(document)))
    keys = [item.name for item in fields(kind)]
    unknown = sorted(str(key) for key in document.keys() - keys)
    _check([Fault(key, f"is no key; there are: {', '.join(keys)}") for key in unknown])
    said = {key: document[key] for key in keys if document.get(key) is not None}
    return {key: value for key, value in said.items() if key not in _NAMES or value != ""}


def _check(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(faults)


def _page_faults(known: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _identifier_faults(known.get("identifier"))
    if known.get("type") not in TYPES:
        yield Fault("type", f"give one of {', '.join(TYPES)}")
    yield from _text_faults(known)
    yield from (
        Fault(name, "give true or false")
        for name in _FLAGS
        if not isinstance(known.get(name, False), bool)
    )
    yield from _visibility_faults(known)
    yield from _naming_faults(known)
    if not isinstance(known.get("extras", {}), Mapping):
        yield Fault("extras", "give an object")
    yield from _filter_faults(known.get("page_filters", []))
    yield from widget_faults(known.get("widgets", []), path="widgets")
    if known.get("type") == "dashboard":
        yield from _root_faults(known.get("widgets"))


def _identifier_faults(identifier: Any) -> Iterator[Fault]:
    if not isinstance(identifier, str) or not identifier:
        yield Fault("identifier", "give a text")
    elif len(identifier) > MAX_LENGTH:
        yield Fault("identifier", f"is too long: at most {MAX_LENGTH} characters")
    elif not _IDENTIFIER.fullmatch(identifier):
        yield Fault("identifier", "may hold letters, digits and @ _ . + : \\ / = - only")


def _text_faults(known: Mapping[str, Any], *, needed: str = "") -> Iterator[Fault]:
    for name, length in _LENGTHS.items():
        value = known.get(name, "")
        if not isinstance(value, str) or len(value) > length or (name == needed and not value):
            yield Fault(name, f"give a text of at most {length:,} characters")


def _visibility_faults(known: Mapping[str, Any]) -> Iterator[Fault]:
    visibility = known.get("visibility", "org")
    if visibility not in VISIBILITIES:
        yield Fault("visibility", f"give one of {', '.join(VISIBILITIES)}")
    elif visibility == "private":
        for name in ("parent", "after"):
            if known.get(name):
                yield Fault(name, "a private page stands in no sidebar; leave it out")


def _naming_faults(known: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with how the page is named, and with what it is about."""
    kind, identifier, blueprint = (known.get(key) for key in ("type", "identifier", "blueprint"))
    if (kind == "home") != (identifier == HOME):
        yield Fault("identifier", f"the home page, and no other, is called {HOME}")
    if kind in ("blueprint-entities", "entity") and not blueprint:
        yield Fault("blueprint", "is required for this type of page; name a blueprint")
    elif kind == "entity" and identifier != f"{blueprint}{ENTITY_SUFFIX}":
        yield Fault("identifier", f"the page of its entities is called {blueprint}{ENTITY_SUFFIX}")


def _filter_faults(filters: Any) -> Iterator[Fault]:
    if not isinstance(filters, list):
        yield Fault("page_filters", "give a list of filters")
        return
    for index, item in enumerate(filters):
        if not isinstance(item, Mapping):
            yield Fault(f"page_filters[{index}]", "give an object")
        elif not isinstance(item.get("query", {}), Mapping):
            yield Fault(f"page_filters[{index}].query", "give a query: {combinator, rules}")


def _root_faults(widgets: Any) -> Iterator[Fault]:
    """Yield what is wrong with the root of a dashboard. One without widgets is a new one."""
    if not isinstance(widgets, list) or not widgets:
        return
    root = widgets[0]
    if len(widgets) > 1 or (isinstance(root, Mapping) and root.get("type") != DASHBOARD):
        yield Fault("widgets", f"a dashboard has one widget, of type {DASHBOARD}, with all others")
