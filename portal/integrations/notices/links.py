"""Addresses of pages for those who are not on the site: empty where the site does not know its own.

It is told by the setting `TIDEMARK_URL`: what a task sends was not asked for by any request.
"""

from django.conf import settings
from django.urls import reverse

from portal.integrations.messages import Links


def entity_link(blueprint: str, identifier: str) -> str:
    """Return the address of an entity's page."""
    return _whole(reverse("entity", args=[blueprint, identifier]))


def scorecard_link(identifier: str) -> str:
    """Return the address of a scorecard's page."""
    return _whole(reverse("scorecard", args=[identifier]))


def team_link(identifier: str) -> str:
    """Return the address of a team's page."""
    return _whole(reverse("team", args=[identifier]))


def home_links(team: str = "") -> tuple[Links, ...]:
    """Return the block of links that ends a message; none where there are none."""
    if not settings.TIDEMARK_URL:
        return ()
    links = [("Open the scorecards", _whole(reverse("scorecards")))]
    if team:
        links.insert(0, ("Open the team", team_link(team)))
    return (Links(tuple(links)),)


def campaign_links(identifier: str) -> tuple[Links, ...]:
    """Return the block of links that ends what is told of a campaign; none where there are none."""
    if not settings.TIDEMARK_URL:
        return ()
    return (Links((("Open the campaign", _whole(reverse("campaign", args=[identifier]))),)),)


def _whole(path: str) -> str:
    return f"{settings.TIDEMARK_URL}{path}" if settings.TIDEMARK_URL else ""
