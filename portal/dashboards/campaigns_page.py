"""The list of campaigns, and what campaigns under way ask of an entity or a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Case, IntegerField, Value, When

from catalog.models import Entity
from portal.dashboards.campaign_page import is_late, timing_of
from portal.dashboards.formats import day, plural
from portal.dashboards.querystring import QueryString
from scorecards.campaigns import open_for_team, open_rules
from scorecards.models import Campaign, CampaignSnapshot, Rule

PAGE_SIZE = 24
# On the page of a team each costs a query.
MOST_NOTICES = 5
_ORDER = (Campaign.Status.IN_PROGRESS, Campaign.Status.NOT_STARTED, Campaign.Status.COMPLETED)


@dataclass(frozen=True)
class CampaignCard:
    """A campaign in the list: as it stood when it was last looked at, if it has begun."""

    campaign: Campaign
    timing: str
    is_late: bool
    snapshot: CampaignSnapshot | None


@dataclass(frozen=True)
class CampaignsPage:
    """Everything the list of campaigns shows."""

    cards: list[CampaignCard]
    page: Page
    query: QueryString


def campaigns_page(query: QueryString, *, now: datetime) -> CampaignsPage:
    """Return the campaigns: those under way by urgency, those to come, and those completed."""
    place = Case(
        *(When(status=status, then=Value(index)) for index, status in enumerate(_ORDER)),
        output_field=IntegerField(),
    )
    rows = Campaign.objects.with_parts().by_urgency()
    ordered = rows.order_by(place, *rows.query.order_by)
    page = Paginator(ordered, PAGE_SIZE).get_page(query.get("page"))
    campaigns = list(page.object_list)
    return CampaignsPage(cards=cards_of(campaigns, now=now), page=page, query=query)


def cards_of(campaigns: Sequence[Campaign], *, now: datetime) -> list[CampaignCard]:
    """Return campaigns with how far they are; one query."""
    latest = CampaignSnapshot.objects.latest_of([row.pk for row in campaigns])
    return [
        CampaignCard(
            row,
            timing=timing_of(row, now=now),
            is_late=is_late(row, now=now),
            snapshot=latest.get(row.pk),
        )
        for row in campaigns
    ]


@dataclass(frozen=True)
class Notice:
    """What a campaign under way asks: so much "to go", with the rules where it is one entity."""

    campaign: Campaign
    to_go: str
    until: str
    is_late: bool
    rules: list[Rule]


def entity_notices(entity: Entity, *, now: datetime) -> list[Notice]:
    """Return what campaigns under way ask of an entity."""
    return [
        _notice(item.campaign, f"{plural(len(item.rules), 'rule')} to go", item.rules, now=now)
        for item in open_rules(entity, now=now)
    ]


def team_notices(team: str, *, now: datetime) -> list[Notice]:
    """Return what the most urgent campaigns under way ask of a team."""
    return [
        _notice(
            item.campaign,
            f"{item.left:,} of {plural(item.entities, 'entity', 'entities')} to go",
            [],
            now=now,
        )
        for item in open_for_team(team, now=now, most=MOST_NOTICES)
    ]


def _notice(campaign: Campaign, to_go: str, rules: list[Rule], *, now: datetime) -> Notice:
    return Notice(
        campaign,
        to_go=to_go,
        until=day(campaign.due_at) if campaign.due_at else "",
        is_late=is_late(campaign, now=now),
        rules=rules,
    )
