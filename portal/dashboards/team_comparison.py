"""Two to four teams side by side: what they own, how it is graded, and their own numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import USER, Entity
from portal.dashboards.charts import Slice
from portal.dashboards.directions import directions
from portal.dashboards.distribution import slices_of
from portal.dashboards.facts import fact_of, facts_of, in_order
from portal.dashboards.formats import number, share
from portal.dashboards.ownership import graded_entities_of
from portal.dashboards.properties import Property, properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.team_columns import Everybody, Reads, TeamName
from portal.dashboards.team_figures import Moves, passes_of, together
from portal.dashboards.teams_list import team_scorecards
from portal.permissions import Sight
from scorecards.counts import Counts
from scorecards.models import Evaluation, Level, Rule, Scorecard
from scorecards.score_rows import asked_of, mean_score

MOST_TEAMS = 4
# What an address says that asks for every rule, not only for those that teams differ in.
ALL = "all"


@dataclass(frozen=True)
class Cell:
    """What a row says of a team. `mark` says in a word where it is the best or the worst."""

    text: str = ""
    note: str = ""
    level: Level | None = None
    slices: Sequence[Slice] = ()
    mark: str = ""
    is_better: bool = False


@dataclass(frozen=True)
class Line:
    """A row: what is compared, and a cell for each team."""

    title: str
    cells: list[Cell]
    hint: str = ""
    link: str = ""

    @property
    def is_known(self) -> bool:
        """Say whether there is anything to compare."""
        return any(cell.text or cell.level for cell in self.cells)

    @property
    def differs(self) -> bool:
        """Say whether one team is better than another."""
        return any(cell.mark for cell in self.cells)


@dataclass(frozen=True)
class Section:
    """Rows that belong together. `scorecard` is what they are the rules of, if they are."""

    key: str
    title: str
    lines: list[Line]
    scorecard: Scorecard | None = None


@dataclass(frozen=True)
class ComparedTeam:
    """A team at the head of a column, with the address without it."""

    entity: Entity
    without: str


@dataclass(frozen=True)
class Comparison:
    """Everything the comparison shows."""

    teams: list[ComparedTeam]
    sections: list[Section]
    rules: list[Section]
    # How many rules are not shown, since all fare alike; and the addresses with and without them.
    alike: int
    all_rules: str
    is_whole: bool
    choose: str

    @property
    def may_grow(self) -> bool:
        """Say whether there is room for another team."""
        return len(self.teams) < MOST_TEAMS


def team_comparison(
    teams: Sequence[Entity], query: QueryString, *, now: datetime, sight: Sight
) -> Comparison:
    """Return the comparison of some teams of one blueprint, which is loaded."""
    blueprint = teams[0].blueprint
    cards, grades = team_scorecards(blueprint, sight)
    names = [TeamName(team.pk, team.identifier, str(team)) for team in teams]
    reads = Reads(names, cards, Everybody(now=now))
    counts = [reads.counts.get(name.identifier, {}) for name in names]
    graded = [card for card in cards if any(found.get(card.pk) for found in counts)]
    ruled = [
        Section(f"rules-{card.pk}", card.title, _rule_lines(card, counts), card) for card in graded
    ]
    is_whole = query.get("rules") == ALL
    rules = ruled if is_whole else [_differing(section) for section in ruled]
    return Comparison(
        teams=[ComparedTeam(team, _without(query, team)) for team in teams],
        sections=[
            Section("standing", _("Standing"), list(_standing(names, reads, sight=sight))),
            Section("cards", _("Scorecards"), [_card_line(card, counts) for card in graded]),
            Section("grades", _("The teams themselves"), _own_lines(teams, reads, cards, grades)),
        ],
        rules=[section for section in rules if section.lines],
        alike=_count(ruled) - _count(rules),
        all_rules=str(query.having("rules", "" if is_whole else ALL)),
        is_whole=is_whole,
        choose=str(query.having("choose", "1")),
    )


def _differing(section: Section) -> Section:
    return replace(section, lines=[line for line in section.lines if line.differs])


def _count(sections: Sequence[Section]) -> int:
    return sum(len(section.lines) for section in sections)


def _without(query: QueryString, team: Entity) -> str:
    pair = ("team", team.identifier)
    return str(QueryString(tuple(item for item in query.pairs if item != pair)))


def _standing(names: Sequence[TeamName], reads: Reads, *, sight: Sight) -> Iterator[Line]:
    everybody = reads.everybody
    asked = asked_of(rule for card in reads.scorecards for rule in card.rules.all())
    means = [
        mean_score(
            asked, Evaluation.objects.filter(entity__in=graded_entities_of([team]).seen_in(sight))
        )
        for team in (name.identifier for name in names)
    ]
    passes = [
        together(passes_of(card, found) for card in reads.scorecards if (found := of.get(card.pk)))
        for of in (reads.counts.get(name.identifier, {}) for name in names)
    ]
    owned = [everybody.owned.get(name.identifier, 0) for name in names]
    yield Line(_("Owns"), [Cell(number(count)) for count in owned])
    if sight.sees(USER):
        members = [everybody.members.get(name.identifier, 0) for name in names]
        yield Line(_("Members"), [Cell(number(count)) for count in members])
    yield _shares(_("Score"), means, hint=_("The mean of the scores of what a team owns"))
    yield _shares(
        _("Rules passed"),
        [item.share for item in passes],
        hint=_("Of the results that count, all scorecards"),
        notes=[_of(item.passed, item.counting) for item in passes],
    )
    moves = [everybody.moves.get(name.identifier, Moves()) for name in names]
    yield Line(_("Levels gained in 30 days"), [Cell(number(item.risen)) for item in moves])
    yield Line(_("Levels lost in 30 days"), [Cell(number(item.fallen)) for item in moves])


def _shares(
    title: str,
    values: Sequence[float | None],
    *,
    hint: str = "",
    notes: Sequence[str] = (),
    slices: Sequence[Sequence[Slice]] = (),
) -> Line:
    cells = [
        Cell(
            text="" if value is None else share(value),
            note=notes[index] if notes and value is not None else "",
            slices=slices[index] if slices else (),
            **mark,
        )
        for index, (value, mark) in enumerate(zip(values, marks(values), strict=True))
    ]
    return Line(title, cells, hint=hint)


def _card_line(card: Scorecard, counts: Sequence[Mapping[int, Counts]]) -> Line:
    found = [of.get(card.pk) or Counts() for of in counts]
    passes = [passes_of(card, item) for item in found]
    line = _shares(
        card.title,
        [item.share for item in passes],
        notes=[_of(item.passed, item.counting) for item in passes],
        slices=[slices_of(card, item.levels) if item.total else () for item in found],
    )
    return Line(line.title, line.cells, hint=card.description, link=card.identifier)


def _rule_lines(card: Scorecard, counts: Sequence[Mapping[int, Counts]]) -> list[Line]:
    rules = [rule for rule in card.rules.all() if rule.is_enabled]
    return [_rule_line(rule, [of.get(card.pk) or Counts() for of in counts]) for rule in rules]


def _rule_line(rule: Rule, counts: Sequence[Counts]) -> Line:
    pairs = [(of.passed[rule.pk], of.passed[rule.pk] + of.failed[rule.pk]) for of in counts]
    line = _shares(
        rule.title,
        [passed / counting if counting else None for passed, counting in pairs],
        notes=[_of(*pair) for pair in pairs],
    )
    return Line(line.title, line.cells, hint=rule.level.title)


def _of(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {"part": number(part), "whole": number(whole)}


def _own_lines(
    teams: Sequence[Entity],
    reads: Reads,
    cards: Sequence[Scorecard],
    grades: Sequence[Scorecard],
) -> list[Line]:
    """Return the levels of the teams themselves, and the numbers that they are graded by."""
    lines = []
    for card in grades:
        held = reads.grades.get(card.pk, {})
        levels = [held.get(team.identifier) for team in teams]
        ranks = [level.rank if level else None for level in levels]
        cells = [
            Cell(level=level, **mark) for level, mark in zip(levels, marks(ranks), strict=True)
        ]
        if any(levels):
            lines.append(Line(card.title, cells, hint=card.description, link=card.identifier))
    ways = directions([*cards, *grades])
    numbers = [_number_line(prop, teams, ways) for prop in _numbers(teams, ways)]
    return lines + [line for line in numbers if line.is_known]


def _numbers(teams: Sequence[Entity], ways: Mapping[str, int]) -> list[Property]:
    """Return the numbers of teams worth comparing: those that rules grade, and measures."""
    properties = properties_of(teams[0].blueprint)
    results = {item.fact.prop for item in in_order(facts_of(teams[0], properties)).results}
    return [
        prop
        for prop in properties.values()
        if prop.is_number and (prop.identifier in ways or prop in results)
    ]


def _number_line(prop: Property, teams: Sequence[Entity], ways: Mapping[str, int]) -> Line:
    facts = [fact_of(team, prop) for team in teams]
    values = [_value(team.facts.get(prop.identifier)) for team in teams]
    way = ways.get(prop.identifier, 0)
    found = marks([None if value is None else way * value for value in values])
    cells = [
        Cell(fact.shown.text, **(mark if way else {}))
        for fact, mark in zip(facts, found, strict=True)
    ]
    return Line(prop.title, cells, hint=prop.description)


def _value(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def marks(values: Sequence[float | None]) -> list[dict[str, Any]]:
    """Return for each value the word that says whether it is the best, the worst or neither.

    Nothing is said where all are equal, nor of what is not known.
    """
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return [{} for _value in values]
    best, worst = (_("better"), _("worse")) if len(values) == 2 else (_("best"), _("worst"))
    words = {max(known): {"mark": best, "is_better": True}, min(known): {"mark": worst}}
    return [{} if value is None else words.get(value, {}) for value in values]
