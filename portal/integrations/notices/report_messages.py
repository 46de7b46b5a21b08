"""The message of a report, made of its numbers; nothing is read here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.integrations.messages import (
    Arrow,
    Bar,
    Block,
    Chart,
    Context,
    Heading,
    Item,
    Items,
    Message,
    Part,
    Text,
)
from portal.integrations.notices.figures import Baseline, Checks, Figures, ScorecardFigures
from portal.integrations.notices.moves import Move, Moves

MOST_SCORECARDS = 15
MOST_MOVES = 10
MOST_RULES = 5
MOST_TEAMS = 5
# Less than a point is noise.
_LEAST_RISE = 0.005
Link = Callable[..., str]


@dataclass(frozen=True)
class Addresses:
    """How the message leads to pages; each returns an empty text where there is no address."""

    scorecard: Link
    entity: Link
    team: Link


@dataclass(frozen=True)
class Contents:
    """What a report is about: a team or all, a time, and what was found."""

    title: str
    team: str
    since: datetime
    until: datetime
    figures: Figures
    moves: Moves
    baseline: Baseline | None = None
    team_titles: Mapping[str, str] = field(default_factory=dict)
    ending: tuple[Block, ...] = ()


def report_message(contents: Contents, addresses: Addresses) -> Message:
    """Return the message of a report."""
    blocks: list[Block] = [Text(_opening(contents))]
    if contents.figures.scorecards:
        blocks += _levels(contents, addresses)
        blocks.append(chart_of(contents.figures.scorecards))
        blocks += _moves(contents.moves, addresses)
        blocks += _lowest_rules(contents.figures, addresses)
        blocks += _teams(contents, addresses)
    blocks += contents.ending
    blocks.append(Context(_compared(contents)))
    return Message(contents.title, tuple(blocks))


def chart_of(cards: Sequence[ScorecardFigures]) -> Chart:
    """Return the chart of how many entities are at each level of each scorecard."""
    bars = (
        Bar(
            card.title,
            tuple(Part(level.title, level.count, level.color) for level in card.levels),
        )
        for card in cards[:MOST_SCORECARDS]
    )
    return Chart("Entities by level", tuple(bars))


def percent(share: float) -> str:
    """Return a share in words, never rounded up to all or down to nothing.

    >>> percent(0.996)
    '99%'
    """
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    return f"{max(whole, 1) if share > 0 else 0}%"


def _opening(contents: Contents) -> str:
    whose = contents.team or "All teams"
    if not contents.figures.scorecards:
        return f"{whose}: there is no published scorecard to report on."
    share = contents.figures.checks.share
    if share is None:
        return f"{whose}: nothing is graded yet."
    words = f"{whose}: {percent(share)} of all checks pass"
    before = contents.baseline.checks.share if contents.baseline else None
    return f"{words}{_points(share, before)}."


def _points(share: float, before: float | None) -> str:
    """Return by how many points a share moved, in words."""
    if before is None:
        return ""
    moved = round((share - before) * 100)
    if not moved:
        return ", as before"
    noun = "point" if abs(moved) == 1 else "points"
    return f", {'up' if moved > 0 else 'down'} {abs(moved)} {noun}"


def _compared(contents: Contents) -> str:
    days = f"{contents.since:%-d %B %Y} to {contents.until:%-d %B %Y}"
    if contents.baseline is None:
        return f"{days}. The next report tells what changed since this one."
    return f"{days}. Signs and numbers in brackets tell what changed in this time."


def _levels(contents: Contents, addresses: Addresses) -> Iterator[Block]:
    cards = contents.figures.scorecards
    yield Heading("Levels")
    items = (_levels_of(card, contents.baseline, addresses) for card in cards[:MOST_SCORECARDS])
    yield Items(tuple(items), more=max(len(cards) - MOST_SCORECARDS, 0))


def _levels_of(card: ScorecardFigures, baseline: Baseline | None, addresses: Addresses) -> Item:
    before = baseline.levels.get(card.identifier) if baseline else None
    # From the top: what is best comes first, as on the pages.
    levels = [
        f"{level.title} {level.count:,}{_change(level.count, before, level.title)}"
        for level in reversed(card.levels)
    ]
    share = card.checks.share
    passing = f"; {percent(share)} of checks pass" if share is not None else ""
    return Item(card.title, addresses.scorecard(card.identifier), ", ".join(levels) + passing)


def _change(count: int, before: Mapping[str, int] | None, title: str) -> str:
    if before is None or title not in before or count == before[title]:
        return ""
    return f" ({count - before[title]:+,})"


def _moves(moves: Moves, addresses: Addresses) -> Iterator[Block]:
    sides = (
        ("Moved up", moves.up, moves.up_count, Arrow.UP),
        ("Moved down", moves.down, moves.down_count, Arrow.DOWN),
    )
    for title, some, count, arrow in sides:
        if some:
            at_least = "at least " if moves.is_cut else ""
            yield Heading(f"{title}: {at_least}{count:,}")
            items = tuple(move_item(move, addresses.entity, arrow) for move in some)
            yield Items(items, more=max(count - len(some), 0))


def move_item(move: Move, link: Link, arrow: Arrow) -> Item:
    """Return the line of a move."""
    note = f"{move.from_level} → {move.to_level} in {move.scorecard}"
    return Item(move.entity, link(move.blueprint, move.identifier), note, arrow)


def _lowest_rules(figures: Figures, addresses: Addresses) -> Iterator[Block]:
    failing = [
        (count.share, card, count)
        for card in figures.scorecards
        for count in card.rules
        if count.share is not None and count.failed
    ]
    failing.sort(key=lambda item: (item[0], -item[2].failed, item[1].title, item[2].rule.title))
    if not failing:
        return
    yield Heading("Lowest rules")
    yield Items(
        tuple(
            Item(
                count.rule.title,
                addresses.scorecard(card.identifier),
                f"{percent(share)} pass, {count.failed:,} to fix, in {card.title}",
            )
            for share, card, count in failing[:MOST_RULES]
        )
    )


def _teams(contents: Contents, addresses: Addresses) -> Iterator[Block]:
    shares = {
        team: checks.share
        for team, checks in contents.figures.teams.items()
        if checks.share is not None
    }
    top = sorted(shares, key=lambda team: (-shares[team], _called(contents, team)))
    if top:
        yield Heading("Top teams")
        notes = {team: f"{percent(shares[team])} of checks pass" for team in top}
        yield _team_items(contents, addresses, top, notes)
    past = contents.baseline.teams if contents.baseline else {}
    rises = {team: _rise(share, past.get(team)) for team, share in shares.items()}
    improved = [team for team, rise in rises.items() if rise >= _LEAST_RISE]
    improved.sort(key=lambda team: (-rises[team], _called(contents, team)))
    if improved:
        yield Heading("Most improved teams")
        notes = {team: _improved(shares[team], _past(past, team)) for team in improved}
        yield _team_items(contents, addresses, improved, notes)


def _improved(share: float, before: float | None) -> str:
    return f"{percent(share)} of checks pass{_points(share, before)}"


def _rise(share: float, before: Checks | None) -> float:
    past = before.share if before else None
    return share - past if past is not None else 0.0


def _past(past: Mapping[str, Checks], team: str) -> float | None:
    return past[team].share if team in past else None


def _team_items(
    contents: Contents, addresses: Addresses, teams: Sequence[str], notes: Mapping[str, str]
) -> Items:
    items = [
        Item(_called(contents, team), addresses.team(team), notes[team])
        for team in teams[:MOST_TEAMS]
    ]
    return Items(tuple(items))


def _called(contents: Contents, team: str) -> str:
    return contents.team_titles.get(team) or team
