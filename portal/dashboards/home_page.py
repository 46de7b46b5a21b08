"""The first page: what my teams had best do, what fell, what is due, and how everybody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import Blueprint
from portal.dashboards.actions import Fix, Step, fixes_of, steps_of
from portal.dashboards.boards.board_page import Drawn, Reader, board_page
from portal.dashboards.campaigns_page import CampaignCard, cards_of
from portal.dashboards.columns import Reference
from portal.dashboards.formats import many
from portal.dashboards.heat import HeatMap, heat_map
from portal.dashboards.models import Page, TableView
from portal.dashboards.moves import Move, moves_of
from portal.dashboards.ownership import graded_entities_of, team_references
from portal.dashboards.querystring import QueryString
from portal.dashboards.scorecards_page import Overview, overviews
from portal.dashboards.shelf import visible_boards
from portal.dashboards.table_views import link_of
from portal.dashboards.team_page import scorecards_of
from portal.dashboards.visitors import Visitor
from portal.dashboards.week import Week, week_of
from portal.permissions import Sight
from scorecards.models import Campaign, Evaluation, LevelChange, Scorecard
from scorecards.querysets import LevelChangeQuerySet

MOST_FIXES = 12
MOST_STEPS = 8
MOST_MOVES = 8
MOST_CAMPAIGNS = 3
MOST_SHORTCUTS = 8
# Of what everybody's entities did, only so many of the newest moves are looked at.
MOST_CHANGES = 5_000


@dataclass(frozen=True)
class Shortcut:
    """A page of one's own, or one for everybody, as a card."""

    title: str
    address: str
    icon: str = ""
    note: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class HomePage:
    """Everything the first page shows. Without teams, the parts about mine are empty.

    `rows` are the widgets that somebody put on the first page.
    """

    teams: list[Reference]
    heat: HeatMap | None
    fixes: list[Fix]
    steps: list[Step]
    week: Week
    moves: list[Move]
    campaigns: list[CampaignCard]
    shortcuts: list[Shortcut]
    overviews: list[Overview]
    rows: list[list[Drawn]]
    is_empty: bool

    @property
    def team(self) -> str:
        """Return the team that lists of failures are narrowed to: mine, where it is one."""
        return self.teams[0].identifier if len(self.teams) == 1 else ""

    @property
    def compared(self) -> str:
        """Return the address where my teams stand side by side; empty where it is one."""
        pairs = tuple(("team", team.identifier) for team in self.teams[:4])
        return str(QueryString(pairs)) if len(pairs) > 1 else ""


def home_page(query: QueryString, *, visitor: Visitor, reader: Reader, now: datetime) -> HomePage:
    """Return the first page of a person, or of a visitor."""
    sight = reader.sight
    cards = overviews(sight)
    teams = sorted(visitor.teams)
    page = HomePage(
        teams=team_references(teams) if teams else [],
        heat=None,
        fixes=[],
        steps=[],
        week=Week([], []),
        moves=[],
        campaigns=_campaigns(now),
        shortcuts=[*_boards(visitor), *_views(visitor, sight)],
        overviews=cards,
        rows=_widgets(reader, now),
        is_empty=not cards and not Blueprint.objects.filter(is_system=False).exists(),
    )
    if teams:
        return _with_mine(page, teams, query, sight=sight, now=now)
    changes = LevelChange.objects.newest(MOST_CHANGES).seen_in(sight)
    scorecards = [card.scorecard for card in cards]
    return replace(
        page, week=week_of(changes, scorecards, now=now), moves=_moves(changes, scorecards)
    )


def _with_mine(
    page: HomePage, teams: Sequence[str], query: QueryString, *, sight: Sight, now: datetime
) -> HomePage:
    mine = graded_entities_of(teams).seen_in(sight)
    scorecards = scorecards_of(mine)
    evaluations = Evaluation.objects.filter(entity__in=mine)
    changes = LevelChange.objects.filter(entity__in=mine)
    return replace(
        page,
        heat=heat_map(mine, scorecards, query),
        fixes=fixes_of(scorecards, evaluations)[:MOST_FIXES],
        steps=steps_of(scorecards, evaluations, limit=MOST_STEPS),
        week=week_of(changes, scorecards, now=now),
        moves=_moves(changes, scorecards),
    )


def _moves(changes: LevelChangeQuerySet, scorecards: Sequence[Scorecard]) -> list[Move]:
    return moves_of(changes.recent()[:MOST_MOVES], scorecards)


def _campaigns(now: datetime) -> list[CampaignCard]:
    """Return the campaigns under way that are due first."""
    campaigns = list(Campaign.objects.running().with_parts()[:MOST_CAMPAIGNS])
    return cards_of(campaigns, now=now) if campaigns else []


def _boards(visitor: Visitor) -> list[Shortcut]:
    """Return dashboards: first those that only their maker sees, then everybody's."""
    rows = visible_boards(visitor).exclude(shows_in_sidebar=False)
    found = [
        Shortcut(
            str(row),
            reverse("board", args=[row.identifier]),
            icon=row.icon or "",
            note=row.description or _("Dashboard"),
            is_own=row.visibility == Page.Visibility.PRIVATE,
        )
        for row in rows.defer("widgets")
        if visitor.may_read(row)
    ]
    found.sort(key=lambda item: (not item.is_own, item.title.casefold()))
    return found[:MOST_SHORTCUTS]


def _views(visitor: Visitor, sight: Sight) -> list[Shortcut]:
    """Return the tables that a person has saved."""
    if not visitor.username:
        return []
    views = TableView.objects.filter(owner=visitor.user.pk).select_related("blueprint")
    return [
        Shortcut(
            view.title,
            f"{reverse('catalog_table', args=[view.blueprint.identifier])}{link_of(view)}",
            icon=view.blueprint.icon or view.blueprint.identifier,
            note=many(view.blueprint.title),
            is_own=not view.is_shared,
        )
        for view in views.exclude(blueprint__in=sight.hidden).order_by("title", "id")[
            :MOST_SHORTCUTS
        ]
    ]


def _widgets(reader: Reader, now: datetime) -> list[list[Drawn]]:
    """Return what was put on the first page, without what this page shows anyway."""
    stored = Page.objects.filter(type=Page.Type.HOME).order_by("id").first()
    if stored is None or not stored.widgets:
        return []
    rows = board_page(stored, reader, now=now).rows
    kept = ([item for item in row.widgets if item.template or item.is_broken] for row in rows)
    return [row for row in kept if row]
