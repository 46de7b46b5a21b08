"""The list of teams, with what tells them apart, sorted by any of it.

The names of all teams are loaded, and what they are sorted by; all else only for those on the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from catalog.models import TEAM, USER, Blueprint, Entity, EntityRelation
from portal.dashboards.columns import Reference
from portal.dashboards.ownership import team_relations
from portal.dashboards.querystring import QueryString
from portal.dashboards.team_columns import (
    CardColumn,
    Everybody,
    GradeColumn,
    MembersColumn,
    MovesColumn,
    NameColumn,
    OwnedColumn,
    PassedColumn,
    Reads,
    TeamColumn,
    TeamName,
)
from portal.permissions import Sight
from scorecards.models import Scorecard

PAGE_SIZE = 25
# Of more, no table can be read: which ones is chosen.
MOST_CARDS = 6
MOST_CARDS_UNASKED = 4


@dataclass(frozen=True)
class TeamRow:
    """A team in the list, with its cells in all columns but the first."""

    team: TeamName
    parents: list[str]
    cells: list[tuple[TeamColumn, Any]]
    is_chosen: bool


@dataclass(frozen=True)
class Head:
    """The head of a column: its link sorts, or turns the sorting round."""

    column: TeamColumn
    link: str
    aria_sort: str


@dataclass(frozen=True)
class CardChoice:
    """A scorecard that may have a column."""

    scorecard: Scorecard
    is_shown: bool


@dataclass(frozen=True)
class TeamsPage:
    """Everything the list of teams shows. `within` is the team whose sub-teams they are, if any."""

    heads: list[Head]
    rows: list[TeamRow]
    choices: list[CardChoice]
    chosen: list[Reference]
    within: Reference | None
    page: Page
    query: QueryString

    @property
    def words(self) -> str:
        """Return what names are searched for."""
        return self.query.get("q")

    @property
    def sort(self) -> str:
        """Return what the address sorts by."""
        return self.query.get("sort")

    @property
    def is_narrowed(self) -> bool:
        """Say whether not all teams are shown."""
        return bool(self.words or self.within)

    @property
    def has_choices(self) -> bool:
        """Say whether there are more scorecards than columns."""
        return len(self.choices) > MOST_CARDS_UNASKED

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what choosing teams keeps: what is shown, and teams that stand in no row of it."""
        shown = {row.team.identifier for row in self.rows}
        teams = [("team", item.identifier) for item in self.chosen if item.identifier not in shown]
        return [pair for pair in self.query.pairs if pair[0] in ("card", "within")] + teams


def teams_page(
    query: QueryString, chosen: Sequence[Reference], *, now: datetime, sight: Sight
) -> TeamsPage:
    """Return the list of teams as its address asks for it; members where people are in `sight`.

    What the address gets wrong is as if it had not been said.
    """
    blueprint = Blueprint.objects.get(identifier=TEAM)
    cards, grades = team_scorecards(blueprint, sight)
    shown = _shown(cards, query)
    columns = _columns(shown, grades, sight=sight)
    within = _within(blueprint, query)
    names = _names(blueprint, within=within, words=query.get("q"))
    column = next((c for c in columns if c.key == query.get("sort").removeprefix("-")), columns[0])
    is_descending = query.get("sort") == f"-{column.key}"
    everybody = Everybody(now=now)
    ordered = _in_order(names, column, Reads(None, cards, everybody), is_descending=is_descending)
    page = Paginator(ordered, PAGE_SIZE).get_page(query.get("page"))
    return TeamsPage(
        heads=[_head(item, query, by=column, is_descending=is_descending) for item in columns],
        rows=_rows(
            page.object_list,
            columns,
            Reads(page.object_list, cards, everybody),
            parents=_parents(page.object_list, blueprint),
            chosen=chosen,
        ),
        choices=[CardChoice(card, card in shown) for card in cards],
        chosen=list(chosen),
        within=within,
        page=page,
        query=query,
    )


def team_scorecards(blueprint: Blueprint, sight: Sight) -> tuple[list[Scorecard], list[Scorecard]]:
    """Return the published scorecards of what teams own, and those of teams themselves."""
    cards = Scorecard.objects.published().seen_in(sight).with_parts().order_by("title", "id")
    found = [(card, {row.pk for row in card.blueprints.all()}) for card in cards]
    return (
        [card for card, kinds in found if kinds - {blueprint.pk}],
        [card for card, kinds in found if kinds == {blueprint.pk}],
    )


def _shown(cards: Sequence[Scorecard], query: QueryString) -> list[Scorecard]:
    wanted = {value for key, value in query.pairs if key == "card"}
    chosen = [card for card in cards if card.identifier in wanted]
    return chosen[:MOST_CARDS] or list(cards[:MOST_CARDS_UNASKED])


def _columns(
    cards: Sequence[Scorecard], grades: Sequence[Scorecard], *, sight: Sight
) -> list[TeamColumn]:
    members = [MembersColumn("members", _("Members"))] if sight.sees(USER) else []
    return [
        NameColumn("name", _("Team")),
        OwnedColumn("owns", _("Owns"), _("Entities that scorecards grade")),
        *members,
        PassedColumn("passed", _("Rules passed"), _("Of the results that count, all scorecards")),
        MovesColumn("moves", _("Moved, 30 days"), _("Levels gained and lost")),
        *(CardColumn(f"card:{card.identifier}", card.title, scorecard=card) for card in cards),
        *(GradeColumn(f"grade:{card.identifier}", card.title, scorecard=card) for card in grades),
    ]


def _within(blueprint: Blueprint, query: QueryString) -> Reference | None:
    found = Entity.objects.filter(blueprint=blueprint, identifier=query.get("within")).first()
    return Reference(TEAM, found.identifier, str(found)) if found else None


def _names(blueprint: Blueprint, *, within: Reference | None, words: str) -> list[TeamName]:
    rows = Entity.objects.filter(blueprint=blueprint).search(words)
    if within:
        below = EntityRelation.objects.filter(
            relation__in=team_relations(blueprint),
            target__blueprint=blueprint,
            target__identifier=within.identifier,
        )
        rows = rows.filter(pk__in=below.values("source_id"))
    return [
        TeamName(pk, identifier, title or identifier)
        for pk, identifier, title in rows.order_by("id").values_list("id", "identifier", "title")
    ]


def _in_order(
    names: Sequence[TeamName], column: TeamColumn, reads: Reads, *, is_descending: bool
) -> list[TeamName]:
    """Return teams in order: those of which nothing is known last, and equal ones by name."""
    weights = {name.pk: column.weight(name, reads) for name in names}
    by_name = sorted(names, key=lambda name: (name.title.casefold(), name.pk))
    known = [name for name in by_name if weights[name.pk] is not None]
    # A stable sort, either way.
    known.sort(key=lambda name: weights[name.pk], reverse=is_descending)
    return known + [name for name in by_name if weights[name.pk] is None]


def _head(column: TeamColumn, query: QueryString, *, by: TeamColumn, is_descending: bool) -> Head:
    is_sorted = column is by
    goes_down = not is_descending if is_sorted else column.starts_descending
    word = "descending" if is_descending else "ascending"
    return Head(
        column,
        link=str(query.having("sort", f"-{column.key}" if goes_down else column.key)),
        aria_sort=word if is_sorted else "",
    )


def _rows(
    names: Sequence[TeamName],
    columns: Sequence[TeamColumn],
    reads: Reads,
    *,
    parents: Mapping[int, list[str]],
    chosen: Sequence[Reference],
) -> list[TeamRow]:
    picked = {item.identifier for item in chosen}
    return [
        TeamRow(
            team=name,
            parents=parents.get(name.pk, []),
            cells=[(column, column.value(name, reads)) for column in columns[1:]],
            is_chosen=name.identifier in picked,
        )
        for name in names
    ]


def _parents(names: Sequence[TeamName], blueprint: Blueprint) -> dict[int, list[str]]:
    relations = team_relations(blueprint)
    found: dict[int, list[str]] = {}
    if not relations:
        return found
    rows = EntityRelation.objects.from_sources([name.pk for name in names])
    for source, identifier, title in rows.filter(relation__in=relations).values_list(
        "source_id", "target__identifier", "target__title"
    ):
        found.setdefault(source, []).append(title or identifier)
    return found
