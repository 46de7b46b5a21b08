"""Entities by scorecards, a level in each cell: what a team owns, or several."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.charts import Slice
from portal.dashboards.columns import Column, LevelColumn, TitleColumn, ordering
from portal.dashboards.distribution import LevelCounts, levels_among, levels_of, slices_of
from portal.dashboards.querystring import QueryString
from scorecards.models import Evaluation, Level, Scorecard

PAGE_SIZE = 50
NAME = "name"


@dataclass(frozen=True)
class HeatCell:
    """A level by a scorecard, None where it does not grade the entity."""

    scorecard: Scorecard
    level: Level | None


@dataclass(frozen=True)
class HeatRow:
    """An entity with its level by each of the heat map's scorecards."""

    entity: Entity
    cells: list[HeatCell]


@dataclass(frozen=True)
class HeatHead:
    """The head of a column: its link sorts, or turns the sorting round.

    Under the column stands how all entities are distributed, not only those on the page.
    """

    title: str
    link: str
    aria_sort: str
    scorecard: Scorecard | None = None
    slices: Sequence[Slice] = ()


@dataclass(frozen=True)
class HeatMap:
    """Entities by scorecards. `heads` are the name and then a scorecard each."""

    heads: list[HeatHead]
    rows: list[HeatRow]
    page: Page
    query: QueryString

    @property
    def noun(self) -> str:
        """Return what the rows are, where they are all of a kind."""
        kinds = {row.entity.blueprint.title for row in self.rows}
        return kinds.pop().lower() if len(kinds) == 1 else "entity"

    @property
    def legend(self) -> list[Level]:
        """Return the levels of the scorecards, each title and colour once, the best first."""
        seen: dict[tuple[str, str], Level] = {}
        for head in self.heads:
            for level in head.scorecard.levels.all() if head.scorecard else ():
                held = seen.setdefault((level.title, level.color), level)
                if level.rank > held.rank:
                    seen[level.title, level.color] = level
        return sorted(seen.values(), key=lambda level: (-level.rank, level.title, level.color))


def heat_map(
    entities: EntityQuerySet, scorecards: Sequence[Scorecard], query: QueryString
) -> HeatMap:
    """Return entities by scorecards whose parts are loaded, a page at a time; four queries.

    Sorted by kind and name unless the address says by which scorecard.
    """
    columns: list[Column] = [TitleColumn(NAME, "Name")]
    columns += [LevelColumn(card.identifier, card.title, "", card) for card in scorecards]
    wanted = query.get("sort")
    column = next((item for item in columns if item.key == wanted.lstrip("-")), None)
    rows = entities.select_related("blueprint").for_table()
    if column is None:
        rows = rows.order_by("blueprint__title", "title", "identifier", "id")
    else:
        rows = rows.order_by(*ordering(column, is_descending=wanted.startswith("-")))
    page = Paginator(rows, PAGE_SIZE).get_page(query.get("page"))
    counts = levels_among(Evaluation.objects.filter(entity__in=entities))
    return HeatMap(
        heads=[
            _head(item, query, sort=wanted if column else NAME, counts=counts) for item in columns
        ],
        rows=_rows(list(page.object_list), scorecards),
        page=page,
        query=query,
    )


def _head(column: Column, query: QueryString, *, sort: str, counts: LevelCounts) -> HeatHead:
    is_sorted = sort.lstrip("-") == column.key
    is_descending = sort.startswith("-")
    goes_down = not is_descending if is_sorted else column.starts_descending
    card = column.scorecard if isinstance(column, LevelColumn) else None
    return HeatHead(
        title=column.title,
        link=str(query.having("sort", f"-{column.key}" if goes_down else column.key)),
        aria_sort=("descending" if is_descending else "ascending") if is_sorted else "",
        scorecard=card,
        slices=slices_of(card, counts.get(card.pk, {})) if card else (),
    )


def _rows(entities: Sequence[Entity], scorecards: Sequence[Scorecard]) -> list[HeatRow]:
    levels = levels_of([entity.pk for entity in entities])
    return [
        HeatRow(entity, [HeatCell(card, levels[entity.pk].get(card.pk)) for card in scorecards])
        for entity in entities
    ]
