"""What an address asks of a blueprint's table: its columns, its filters, its order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.forms import BoundField, ChoiceField
from django.utils.functional import cached_property
from django_filters import FilterSet

from catalog.models import TEAM, Blueprint, Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards import advanced, grouping
from portal.dashboards.behind import behind_filters
from portal.dashboards.choosing import (
    Chosen,
    ColumnGroup,
    chosen,
    columns_of,
    offered,
    title_column,
)
from portal.dashboards.columns import Column, ordering
from portal.dashboards.filtersets import filterset_for
from portal.dashboards.grouping import Grouping
from portal.dashboards.properties import Property, properties_of
from portal.dashboards.querystring import Pair, QueryString
from portal.permissions import Sight
from scorecards.models import Level, Rule, Scorecard

_RULE = "rule."
_SORT = "sort"
# The fields of the form beside the filters that are chosen from lists.
_FIELDS = ("q", grouping.NAME)
# What starts so names a part of the catalog, which may be gone.
_NAMING = ("level.", "property.", "relation.")
MOST_IGNORED = 5


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
class Listing:
    """A table before any row is read. `titles` are those of the facts, `teams` those of teams."""

    blueprint: Blueprint
    query: QueryString
    scorecards: list[Scorecard]
    teams: Mapping[str, str]
    titles: Mapping[str, str]
    properties: Mapping[str, Property]
    groups: list[ColumnGroup]
    chosen: Chosen
    filterset: FilterSet
    sorting: Sorting

    @property
    def columns(self) -> list[Column]:
        """Return the columns that are shown, the name first."""
        return self.chosen.columns

    @property
    def entities(self) -> EntityQuerySet:
        """Return what passes the filters, in order, with what rows are made of."""
        order = ordering(self.sorting.column, is_descending=self.sorting.is_descending)
        return self.filterset.qs.defer("properties", "computed", "problems").order_by(*order)

    @property
    def choices(self) -> list[BoundField]:
        """Return the filters that are chosen from a list; the others are typed or linked to."""
        return [field for field in self.filterset.form if isinstance(field.field, ChoiceField)]

    @property
    def kept(self) -> list[Pair]:
        """Return what no field of the filters' form holds, so that it can send that along."""
        return self.query.outside({*_FIELDS, *self._chosen_filters})

    @property
    def kept_by_conditions(self) -> list[Pair]:
        """Return what the form of the conditions has to send along."""
        return self.query.outside({advanced.NAME})

    @property
    def kept_by_sorting(self) -> list[Pair]:
        """Return what the heads of the columns have to send along."""
        return self.query.outside({_SORT})

    @cached_property
    def groupings(self) -> Mapping[str, Grouping]:
        """Return what the table can be grouped by."""
        return grouping.groupings_of(
            self.blueprint, properties=self.properties, scorecards=self.scorecards
        )

    @property
    def grouping(self) -> Grouping | None:
        """Return what it is grouped by: a table of groups has no rows of its own."""
        return self.groupings.get(self.query.get(grouping.NAME))

    @property
    def kept_choices(self) -> list[Pair]:
        """Return what the fields hold that are chosen from lists, for as long as none is there."""
        pairs = self.query.without().written
        return [pair for pair in pairs if pair[0] in self._chosen_filters]

    @cached_property
    def _chosen_filters(self) -> set[str]:
        return {field.name for field in self.choices}

    @property
    def unfiltered(self) -> str:
        """Return the address of the same table without any filter."""
        return str(self.query.without(*self.filterset.filters))

    @property
    def ignored(self) -> list[str]:
        """Return what the address names that is not there, or not any more; the first few."""
        names = [
            name
            for name, _ in self.query.pairs
            if name.startswith(_NAMING) and name not in self.filterset.filters
        ]
        return [name[:100] for name in [*self.chosen.unknown, *names][:MOST_IGNORED]]


def listing_of(
    blueprint: Blueprint, query: QueryString, *, sight: Sight, has_rules: bool = False
) -> Listing:
    """Return what an address asks for; no filter names what is not in `sight`.

    What the address gets wrong (a column that is not there) is as if it had not been said. Rules
    can be chosen in any case, but are loaded only where one is named, or with `has_rules`.
    """
    has_rules = has_rules or _RULE in query.get("columns") or _RULE in query.get(_SORT)
    scorecards = _scorecards(blueprint, has_rules=has_rules)
    team_rows = Entity.objects.all_of(TEAM).order_by("title", "id")
    teams = dict(team_rows.values_list("identifier", "title"))
    properties = properties_of(blueprint)
    titles = advanced.titles_of(blueprint, properties)
    groups = offered(blueprint, properties=properties, scorecards=scorecards, has_rules=has_rules)
    picked = chosen(
        query.get("columns"),
        groups,
        title=title_column(blueprint),
        default=columns_of(blueprint, properties=properties, scorecards=scorecards),
    )
    filters = filterset_for(
        blueprint,
        fact_keys=advanced.fact_keys(titles),
        properties=properties,
        scorecards=scorecards,
        teams=teams,
        more=behind_filters(blueprint.identifier, query, sight=sight),
    )
    return Listing(
        blueprint=blueprint,
        query=query,
        scorecards=scorecards,
        teams=teams,
        titles=titles,
        properties=properties,
        groups=groups,
        chosen=picked,
        filterset=filters(dict(query.pairs), Entity.objects.filter(blueprint=blueprint)),
        sorting=_sorting(picked.columns, groups, query.get(_SORT)),
    )


def _scorecards(blueprint: Blueprint, *, has_rules: bool) -> list[Scorecard]:
    parts = [Prefetch("levels", Level.objects.order_by("rank"))]
    if has_rules:
        rules = Rule.objects.order_by("level__rank", "position", "id")
        parts.append(Prefetch("rules", rules))
    return list(Scorecard.objects.grading(blueprint.pk).prefetch_related(*parts))


def _sorting(shown: Sequence[Column], groups: Sequence[ColumnGroup], sort: str) -> Sorting:
    """Return the order that is asked for; a column need not be shown to sort by it."""
    wanted = sort.removeprefix("-")
    columns = [*shown, *(column for group in groups for column in group.columns)]
    found = next((column for column in columns if column.key == wanted), None)
    return Sorting(found, sort.startswith("-")) if found else Sorting(shown[0])
