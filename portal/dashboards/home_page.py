"""The first page: what my teams own, what to do next, what moved, and how everybody does."""

from dataclasses import dataclass

from portal.dashboards.actions import Step, steps_of
from portal.dashboards.columns import Reference
from portal.dashboards.moves import Move, moves_of
from portal.dashboards.ownership import graded_entities_of, team_references, teams_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.scorecards_page import Overview, overviews
from portal.dashboards.team_page import HeatMap, heat_map, scorecards_of
from scorecards.models import Evaluation, LevelChange
from scorecards.querysets import LevelChangeQuerySet

MOST_STEPS = 8
MOST_MOVES = 10


@dataclass(frozen=True)
class HomePage:
    """Everything the first page shows. Without teams, the parts about mine are empty."""

    teams: list[Reference]
    heat: HeatMap | None
    steps: list[Step]
    moves: list[Move]
    overviews: list[Overview]


def home_page(user_identifier: str, query: QueryString) -> HomePage:
    """Return the first page of a person, or of a visitor, whose identifier is empty."""
    teams = teams_of(user_identifier) if user_identifier else []
    cards = overviews()
    if not teams:
        moves = _moves(LevelChange.objects.all(), cards)
        return HomePage(teams=[], heat=None, steps=[], moves=moves, overviews=cards)
    mine = graded_entities_of(teams)
    scorecards = scorecards_of(mine)
    return HomePage(
        teams=team_references(teams),
        heat=heat_map(mine, scorecards, query),
        steps=steps_of(scorecards, Evaluation.objects.filter(entity__in=mine), limit=MOST_STEPS),
        moves=_moves(LevelChange.objects.filter(entity__in=mine), cards),
        overviews=cards,
    )


def _moves(changes: LevelChangeQuerySet, cards: list[Overview]) -> list[Move]:
    return moves_of(changes.recent()[:MOST_MOVES], [card.scorecard for card in cards])
