"""Widgets that tell and lead: markdown, links, frames, and the values of one entity."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from catalog.models import Entity
from portal.dashboards.boards.sources import Sources, Undrawable
from portal.dashboards.boards.subjects import parse_subject
from portal.dashboards.facts import Fact, fact_of
from portal.dashboards.values import MISSING, Kind, Shown, link

_PLACEHOLDER = re.compile(r"\{\{\s*\.(user|entity)\.([\w.$-]+)\s*\}\}")
FRAMES_SETTING = "TIDEMARK_FRAME_HOSTS"


@dataclass(frozen=True)
class LinkCard:
    """A link with what is said about it."""

    shown: Shown
    description: str


@dataclass(frozen=True)
class Frame:
    """A page of another site, shown within this one."""

    url: str
    host: str


@dataclass(frozen=True)
class Details:
    """Values of an entity."""

    entity: Entity
    facts: list[Fact]


def text_of(widget: Mapping[str, Any], sources: Sources, *, user: Mapping[str, str]) -> Shown:
    """Return the markdown of a widget, its own or that of a property; raises `Undrawable`.

    `user` are the values of the reader that ``{{ .user.email }}`` and the like stand for.
    """
    values: dict[str, Mapping[str, Any]] = {"user": user}
    text = widget.get("markdown")
    if widget.get("source") == "property":
        identifier = widget.get("entityIdentifier") or widget.get("entity")
        entity = sources.entity(widget.get("blueprintIdentifier"), identifier)
        key = parse_subject(str(widget.get("propertyIdentifier") or "")).fact
        sources.about(entity.blueprint.identifier).property(key)
        text = entity.facts.get(key)
        values["entity"] = entity.facts
    filled = _PLACEHOLDER.sub(lambda match: _filled(match, values), str(text or ""))
    return Shown(Kind.MARKDOWN, filled) if filled else MISSING


def _filled(match: re.Match[str], values: Mapping[str, Mapping[str, Any]]) -> str:
    known = values.get(match[1], {})
    found = known.get(match[2], known.get(f"${match[2]}"))
    return "" if found is None else str(found)


def links_of(widget: Mapping[str, Any]) -> list[LinkCard]:
    """Return the links of a widget: an address that leads nowhere safe is shown as text."""
    return [
        LinkCard(
            link(str(item.get("url") or ""), text=str(item.get("title") or "")),
            str(item.get("description") or ""),
        )
        for item in widget.get("links") or []
        if isinstance(item, Mapping)
    ]


def frame_of(widget: Mapping[str, Any]) -> Frame:
    """Return the frame of a widget; raises `Undrawable` where its host is not allowed."""
    url = str(widget.get("url") or "")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Undrawable("url: is no address")
    if parts.scheme != "https" or not parts.hostname:
        raise Undrawable("url: give an address that begins with https://")
    if parts.netloc.lower() not in settings.TIDEMARK_FRAME_HOSTS:
        raise Undrawable(
            f"'{parts.netloc}' may not be shown here; whoever runs this site allows it by "
            f"{FRAMES_SETTING}"
        )
    return Frame(url, parts.netloc)


def details_of(widget: Mapping[str, Any], sources: Sources) -> Details:
    """Return the values of an entity that a widget shows; raises `Undrawable`."""
    entity = sources.entity(widget.get("blueprint"), widget.get("entity"))
    about = sources.about(entity.blueprint.identifier)
    hidden = {parse_subject(str(name)).fact for name in widget.get("hiddenQuery") or []}
    order = [parse_subject(str(name)).fact for name in widget.get("order") or []]
    facts = [fact_of(entity, prop) for key, prop in about.properties.items() if key not in hidden]
    if not widget.get("showEmptyValues"):
        facts = [fact for fact in facts if fact.shown is not MISSING]
    return Details(entity, list(_in_order(facts, order)))


def _in_order(facts: list[Fact], order: list[str]) -> Iterator[Fact]:
    named = {fact.prop.identifier: fact for fact in facts}
    yield from (named[key] for key in order if key in named)
    yield from (fact for fact in facts if fact.prop.identifier not in order)
