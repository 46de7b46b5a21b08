"""The table of a blueprint: out of an address, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page
from django.db.models import Prefetch
from django.forms import BoundField, ChoiceField
from django_filters import FilterSet

from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from portal.dashboards import advanced
from portal.dashboards.advanced import Advanced
from portal.dashboards.applied import Applied, applied_of
from portal.dashboards.behind import PREFIX, behind_filters
from portal.dashboards.charts import Slice
from portal.dashboards.choosing import columns_of
from portal.dashboards.columns import (
    Cell,
    Column,
    LevelColumn,
    Reference,
    RelationColumn,
    Row,
    RuleColumn,
)
from portal.dashboards.distribution import levels_of, masks_of, slices_of
from portal.dashboards.filtersets import filterset_for
from portal.dashboards.properties import properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.table_counts import Found, found_among
from portal.dashboards.table_pages import page_of
from scorecards.models import Level, Scorecard


@dataclass(frozen=True)
class Sorting:
    """The column that a table is sorted by, and which way."""

    column: Column
    is_descending: bool = False

    @property
    def word(self) -> str:
        """Return the direction as assistive technology names it."""
        return "descending" if self.is_descending else "ascending"


@dataclass(frozen=True)
class Heading:
    """The head of a column: its link sorts, or turns the sorting round."""

    column: Column
    link: str
    aria_sort: str


@dataclass(frozen=True)
class TableRow:
    """A row as the template draws it."""

    entity: Entity
    cells: list[tuple[Column, Cell]]


@dataclass(frozen=True)
class Table:
    """Everything the page of a table shows."""

    blueprint: Blueprint
    filterset: FilterSet
    advanced: Advanced
    headings: list[Heading]
    rows: list[TableRow]
    footer: list[list[Slice] | None]
    applied: list[Applied]
    page: Page
    found: Found
    query: QueryString
    sort: str

    @property
    def total(self) -> int:
        """Return how many entities pass the filters."""
        return self.page.paginator.count

    @property
    def is_estimate(self) -> bool:
        """Say whether the total, and what stands at the bottom, is about so."""
        return self.found.is_estimate

    @property
    def choices(self) -> list[BoundField]:
        """Return the filters that are chosen from a list; the others are typed or linked to."""
        return [field for field in self.filterset.form if isinstance(field.field, ChoiceField)]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return the filters that no field of the form holds, so that it can send them along."""
        return [pair for pair in self.query.pairs if pair[0].startswith(("relation.", PREFIX))]


def table_of(blueprint: Blueprint, query: QueryString, *, has_people: bool) -> Table:
    """Return the table that an address asks for; without `has_people` no filter names persons.

    What the address gets wrong (a column that is not there, a page past the end) is as if it had
    not been said.
    """
    levels = Prefetch("levels", Level.objects.order_by("rank"))
    scorecards = list(Scorecard.objects.grading(blueprint.pk).prefetch_related(levels))
    team_rows = Entity.objects.all_of(TEAM).order_by("title", "id")
    teams = dict(team_rows.values_list("identifier", "title"))
    properties = properties_of(blueprint)
    columns = columns_of(blueprint, properties=properties, scorecards=scorecards)
    titles = advanced.titles_of(blueprint, properties)
    filters = filterset_for(
        blueprint,
        fact_keys=advanced.fact_keys(titles),
        properties=properties,
        scorecards=scorecards,
        teams=teams,
        more=behind_filters(blueprint.identifier, query, has_people=has_people),
    )
    filterset = filters(dict(query.pairs), Entity.objects.filter(blueprint=blueprint))
    sorting = _sorting(columns, query.get("sort"))
    page, found = page_of(
        found_among(filterset, blueprint, scorecards),
        sorting.column,
        is_descending=sorting.is_descending,
        number=query.get("page"),
        scorecards=scorecards,
    )
    return Table(
        blueprint=blueprint,
        filterset=filterset,
        advanced=Advanced(
            text=query.get(advanced.NAME),
            faults=list(filterset.errors.get(advanced.NAME, [])),
            titles=titles,
        ),
        headings=[_heading(column, query, sorting) for column in columns],
        rows=rows_of(page.object_list, columns, teams),
        # Counted over all rows, and not just those of the page.
        footer=bars_under(columns, found.levels) if scorecards else [],
        applied=applied_of(filterset, query, titles),
        page=page,
        found=found,
        query=query,
        sort=query.get("sort"),
    )


def _sorting(columns: Sequence[Column], sort: str) -> Sorting:
    wanted = sort.removeprefix("-")
    found = next((column for column in columns if column.key == wanted), None)
    return Sorting(found, sort.startswith("-")) if found else Sorting(columns[0])


def _heading(column: Column, query: QueryString, sorting: Sorting) -> Heading:
    is_sorted = column is sorting.column
    goes_down = not sorting.is_descending if is_sorted else column.starts_descending
    return Heading(
        column=column,
        link=str(query.having("sort", f"-{column.key}" if goes_down else column.key)),
        aria_sort=sorting.word if is_sorted else "",
    )


def rows_of(
    entities: Iterable[Entity], columns: Sequence[Column], teams: Mapping[str, str]
) -> list[TableRow]:
    """Return entities with their cells in all columns but the first; two queries or three."""
    entities = list(entities)
    ids = [entity.pk for entity in entities]
    levels = levels_of(ids)
    has_rules = any(isinstance(column, RuleColumn) for column in columns)
    masks = masks_of(ids) if has_rules else defaultdict(dict)
    related = _related(entities, columns)
    rows = []
    for entity in entities:
        owners = [Reference(TEAM, name, teams.get(name) or name) for name in entity.team]
        relations = {**related[entity.pk], OWNERSHIP: owners}
        row = Row(entity, levels[entity.pk], relations, masks[entity.pk])
        rows.append(TableRow(entity, [(column, column.cell(row)) for column in columns[1:]]))
    return rows


def _related(
    entities: Sequence[Entity], columns: Sequence[Column]
) -> dict[int, dict[str, list[Reference]]]:
    related: dict[int, dict[str, list[Reference]]] = defaultdict(lambda: defaultdict(list))
    names = [column.relation for column in columns if isinstance(column, RelationColumn)]
    if not names:
        return related
    edges = EntityRelation.objects.from_sources([entity.pk for entity in entities]).filter(
        relation__in=names
    )
    for source, relation, *target in edges.values_list(
        "source_id",
        "relation",
        "target__blueprint__identifier",
        "target__identifier",
        "target__title",
    ):
        related[source][relation].append(Reference(target[0], target[1], target[2] or target[1]))
    return related


def bars_under(
    columns: Sequence[Column], counts: Mapping[int, Mapping[int, int]]
) -> list[list[Slice] | None]:
    """Return the distribution under each column of badges, of entities by scorecard and level.

    Under the first column stands what they are of.
    """
    return [
        slices_of(column.scorecard, counts.get(column.scorecard.pk, {}))
        if isinstance(column, LevelColumn) and column.scorecard
        else None
        for column in columns[1:]
    ]
