"""The icons of the pages: drawings in `static/tidemark/icons.svg`, on a 16 by 16 grid. Pure.

Blueprints name icons freely; a name that has no drawing here gets the letter of its title.
"""

from html import escape

DRAWINGS = frozenset([
    "api", "book", "bug", "check", "clock", "close", "cloud", "columns", "copy",
    "database", "deployment",
    "down", "download", "external", "filter", "flag", "folder", "gauge", "grip",
    "home", "incident", "left",
    "lock", "logout", "medal", "menu", "moon", "more", "package", "pencil", "plus",
    "pull-request", "right", "scorecard", "screen", "search", "service", "settings", "skip",
    "sun", "team", "trash", "up", "user", "widget-bars", "widget-details", "widget-frame",
    "widget-heat", "widget-lines", "widget-links", "widget-number", "widget-pie", "widget-table",
    "widget-text", "wrench",
])  # fmt: skip

# Names that blueprints use for the same things.
_ALIASES = {
    "microservice": "service", "component": "service", "rocket": "deployment",
    "environment": "cloud", "cluster": "cloud", "aws": "cloud", "alert": "incident",
    "pagerduty": "incident", "opsgenie": "incident", "git": "pull-request",
    "github": "pull-request", "gitlab": "pull-request", "pullrequest": "pull-request",
    "pull_request": "pull-request", "gitpullrequest": "pull-request", "_team": "team",
    "_user": "user", "teams": "team", "users": "user", "person": "user", "docs": "book",
    "table": "database", "library": "package", "issue": "bug", "blueprint": "package",
}  # fmt: skip


def drawn(name: str) -> str:
    """Return the name of the drawing for an icon's name, or an empty string."""
    folded = name.strip().lower()
    known = _ALIASES.get(folded, folded)
    return known if known in DRAWINGS else ""


def icon(name: str, *, sprite: str) -> str:
    """Draw an icon beside a text that says the same, hidden from readers of the text."""
    return (
        f'<svg class="icon" aria-hidden="true"><use href="{escape(sprite)}#{escape(name)}"/></svg>'
    )


def sign(*names: str, title: str, sprite: str) -> str:
    """Draw the first of the names that has a drawing, or the first letter of the title."""
    for name in names:
        if name and drawn(name):
            return icon(drawn(name), sprite=sprite)
    letter = escape(title.strip()[:1].upper() or "?")
    return f'<span class="icon-letter" aria-hidden="true">{letter}</span>'
