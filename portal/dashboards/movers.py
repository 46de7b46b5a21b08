"""Who gained and who lost levels in a time, and how that adds up for the teams.

Several moves of an entity are one, from where it began to where it ended. Whatever is no longer
graded, or held a level that is gone, moved neither up nor down.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Max, Min, Q
from django.utils.translation import gettext

from catalog.models import TEAM
from portal.dashboards.columns import Reference
from portal.dashboards.moves import Move, moves_of
from portal.permissions import Sight
from scorecards.models import Fingerprint, LevelChange, RuleChange, Scorecard
from scorecards.querysets import LevelChangeQuerySet

# Only so many of the newest changes are looked at: what a page can wait for.
MOST_CHANGES = 20_000
MOST_SHOWN = 5
MOST_NETS = 6
MOST_REASONS = 3


@dataclass(frozen=True)
class Reason:
    """A rule whose result moved along, and what became of it: "Now fails:"."""

    title: str
    word: str


@dataclass(frozen=True)
class Mover:
    """An entity that holds another level than before, with the rules that it is for."""

    move: Move
    reasons: list[Reason]
    more_reasons: int = 0


@dataclass(frozen=True)
class Net:
    """How many of what a team owns rose and fell."""

    team: Reference
    rose: int
    fell: int

    @property
    def net(self) -> int:
        """Return how many more rose than fell."""
        return self.rose - self.fell


@dataclass(frozen=True)
class Movers:
    """The farthest moves up and down, how many there were, and the teams that moved most.

    `cut_at` is when the time began that was looked at, where so much moved since that not all of
    it is read.
    """

    rose: list[Mover]
    fell: list[Mover]
    rose_count: int
    fell_count: int
    nets: list[Net]
    more_nets: int = 0
    cut_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Say whether nothing moved."""
        return not self.rose_count and not self.fell_count


def movers_of(
    scorecard: Scorecard,
    *,
    owned: Q | None,
    teams: Mapping[str, Reference],
    since: datetime,
    sight: Sight,
) -> Movers:
    """Return what moved since a moment by a scorecard whose parts are loaded, with four queries.

    Of what a team owns, where `owned` says what that is. `teams` are those with a title.
    """
    changes = LevelChange.objects.filter(scorecard=scorecard)
    cut = changes.order_by("-id").values_list("id", "at")[MOST_CHANGES : MOST_CHANGES + 1].first()
    recent = changes.filter(at__gt=since).seen_in(sight)
    if cut is not None:
        recent = recent.filter(id__gt=cut[0])
    if owned is not None:
        recent = recent.filter(owned)
    sums, farthest = _moved(recent)
    nets = _nets(sums)
    movers = _movers(scorecard, farthest, since=since)
    return Movers(
        rose=[mover for mover in movers if not mover.move.change.is_drop],
        fell=[mover for mover in movers if mover.move.change.is_drop],
        rose_count=sum(rose for _, rose, _ in sums),
        fell_count=sum(fell for _, _, fell in sums),
        nets=[
            Net(teams.get(team) or Reference(TEAM, team, team), rose, fell)
            for team, rose, fell in nets[:MOST_NETS]
        ],
        more_nets=max(len(nets) - MOST_NETS, 0),
        cut_at=cut[1] if cut is not None and cut[1] > since else None,
    )


# Each entity once, with its first change and its last. Below rank 0 is not being graded at all.
# First how many moved by who owns them, then those that moved farthest: the way is looked for once.
_MOVED = """
WITH moved AS (
    SELECT path.who AS entity_id, path.first_id, path.last_id,
        ended.to_rank - began.from_rank AS ranks
    FROM ({paths}) AS path
    JOIN {change} AS began ON began.id = path.first_id
    JOIN {change} AS ended ON ended.id = path.last_id
    WHERE began.from_rank >= 0 AND ended.to_rank >= 0 AND began.from_rank <> ended.to_rank
), placed AS (
    SELECT first_id, last_id, ROW_NUMBER() OVER (
        PARTITION BY CASE WHEN ranks > 0 THEN 1 ELSE 0 END ORDER BY ABS(ranks) DESC, last_id DESC
    ) AS place
    FROM moved
)
SELECT 0, owned.teams,
    SUM(CASE WHEN ranks > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN ranks < 0 THEN 1 ELSE 0 END)
FROM moved LEFT JOIN {fingerprint} AS owned ON owned.entity_id = moved.entity_id
GROUP BY owned.teams
UNION ALL
SELECT place, NULL, first_id, last_id FROM placed WHERE place <= {most}
"""
Sum = tuple[Sequence[str], int, int]


def _moved(changes: LevelChangeQuerySet) -> tuple[list[Sum], list[tuple[int, int]]]:
    """Return how many rose and fell, by owners, and the ends of the farthest ways, each way."""
    paths = (
        changes.order_by()
        # No column by name, or SQLite goes through all there are in the order of its index.
        .values(who=F("entity_id") + 0)
        .annotate(first_id=Min("id"), last_id=Max("id"))
    )
    inner, params = paths.query.sql_with_params()
    tables = {"change": LevelChange._meta.db_table, "fingerprint": Fingerprint._meta.db_table}
    sql = _MOVED.format(paths=inner, most=MOST_SHOWN, **tables)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    sums = [
        (json.loads(teams) if teams else (), int(rose), int(fell))
        for place, teams, rose, fell in rows
        if not place
    ]
    return sums, [(first, last) for place, _, first, last in sorted(rows, key=_place) if place]


def _place(row: tuple[Any, ...]) -> int:
    return row[0]


def _nets(sums: Iterable[Sum]) -> list[tuple[str, int, int]]:
    """Return the teams that something moved for, those that it came to most for first."""
    by_team: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for teams, rose, fell in sums:
        for team in teams:
            before = by_team[team]
            by_team[team] = (before[0] + rose, before[1] + fell)
    found = [(team, rose, fell) for team, (rose, fell) in by_team.items()]
    return sorted(found, key=lambda item: (-abs(item[1] - item[2]), -item[1] - item[2], item[0]))


def _movers(
    scorecard: Scorecard, paths: Sequence[tuple[int, int]], *, since: datetime
) -> list[Mover]:
    ids = {id_ for path in paths for id_ in path}
    rows = LevelChange.objects.select_related("entity__blueprint").defer(
        "entity__properties", "entity__computed", "entity__facts"
    )
    found = rows.in_bulk(ids)
    whole = [
        _whole(found[first], found[last]) for first, last in paths if {first, last} <= found.keys()
    ]
    reasons = _reasons(scorecard, whole, since=since)
    return [
        Mover(
            move,
            reasons=found[:MOST_REASONS],
            more_reasons=max(len(found) - MOST_REASONS, 0),
        )
        for move in moves_of(whole, [scorecard])
        for found in [reasons.get(move.change.entity_id, [])]
    ]


def _whole(first: LevelChange, last: LevelChange) -> LevelChange:
    """Return two changes of an entity, and what is between them, as one; it is not stored."""
    return LevelChange(
        entity=last.entity,
        scorecard_id=last.scorecard_id,
        from_level=first.from_level,
        from_rank=first.from_rank,
        to_level=last.to_level,
        to_rank=last.to_rank,
        at=last.at,
    )


def _reasons(
    scorecard: Scorecard, changes: Collection[LevelChange], *, since: datetime
) -> Mapping[int, list[Reason]]:
    """Return by entity the rules whose results moved the same way as its level."""
    results = RuleChange.objects.filter(
        entity__in=[change.entity_id for change in changes],
        rule__scorecard=scorecard,
        at__gt=since,
    )
    turned: dict[tuple[int, int], tuple[str, str]] = {}
    fields = results.order_by("id").values_list("entity_id", "rule_id", "before", "after")
    for entity, rule, before, after in fields:
        turned[entity, rule] = (turned.get((entity, rule), (before, after))[0], after)
    reasons: dict[int, list[Reason]] = defaultdict(list)
    for change in changes:
        for rule in scorecard.rules.all():
            word = _word(*turned.get((change.entity_id, rule.pk), ("", "")), is_drop=change.is_drop)
            if word:
                reasons[change.entity_id].append(Reason(rule.title, word))
    return {entity: sorted(found, key=lambda item: item.word) for entity, found in reasons.items()}


def _word(before: str, after: str, *, is_drop: bool) -> str:
    """Say what became of a rule, where that moves an entity this way; else nothing."""
    result = RuleChange.Result
    if before == after:
        return ""
    if after == (result.FAIL if is_drop else result.PASS):
        return gettext("Now fails:") if is_drop else gettext("Now passes:")
    if after == result.SKIP and before == (result.PASS if is_drop else result.FAIL):
        return gettext("No longer counts:")
    return ""
