"""Pages and folders between the wire and ours. Pure."""

from collections.abc import Mapping
from typing import Any

# Ours to theirs, where they differ.
NAMES = {
    "page_filters": "pageFilters",
    "is_locked": "locked",
    "shows_in_sidebar": "showInSidebar",
}
PAGE_KEYS = (
    "identifier", "type", "title", "icon", "description", "blueprint", "parent", "after",
    "widgets", "page_filters", "is_locked", "shows_in_sidebar", "visibility",
)  # fmt: skip
SIDEBAR = "catalog"
# Left out where only an overview is asked for.
_LARGE = ("widgets", "page_filters")
# What answers hold besides, and may be sent back.
_OWN = ("id", "createdAt", "createdBy", "updatedAt", "updatedBy")
_OWN_OF_FOLDERS = (*_OWN, "sidebar", "sidebarType")


def page_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a page document that a body is about; what has no meaning is extra."""
    keys = {NAMES.get(key, key): key for key in PAGE_KEYS}
    document = {keys[name]: value for name, value in body.items() if name in keys}
    extras = {name: value for name, value in body.items() if name not in keys and name not in _OWN}
    return document | {"extras": extras}


def page_body(
    document: Mapping[str, Any], stamps: Mapping[str, Any], *, is_compact: bool = False
) -> dict[str, Any]:
    """Return a page as answers show it: what was not sent is not there, extras are as sent."""
    shown = {
        NAMES.get(key, key): document[key]
        for key in PAGE_KEYS
        if document[key] is not None and not (is_compact and key in _LARGE)
    }
    return document["extras"] | shown | dict(stamps)


def folder_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a folder document that a body is about."""
    return {name: value for name, value in body.items() if name not in _OWN_OF_FOLDERS}


def sidebar_item(
    document: Mapping[str, Any], stamps: Mapping[str, Any], *, kind: str
) -> dict[str, Any]:
    """Return a folder or a page as the sidebar shows it: `kind` is "folder" or "page"."""
    return {
        "identifier": document["identifier"],
        "title": document["title"] or document["identifier"],
        "sidebar": SIDEBAR,
        "parent": document["parent"],
        "after": document["after"],
        "sidebarType": kind,
        **stamps,
    }
