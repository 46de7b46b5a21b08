"""The filters of a catalog table, made from what its blueprint says.

Parameters: `q`, `query`, `team`, `property.<id>`, `relation.<id>`, `level.<scorecard>`, and
`behind.<blueprint>.<property>` (see `portal.dashboards.behind`). What is not offered, or cannot be
asked, is ignored, so that an address typed by hand or older than the catalog still shows a table.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KeyTransform
from django_filters import CharFilter, ChoiceFilter, Filter, FilterSet

from catalog.filtersets import FactHolds, SearchFilter
from catalog.filtersets_queries import QueryFilter, QueryForm
from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from catalog.querysets import EntityQuerySet
from portal.dashboards.properties import Property
from portal.dashboards.querystring import MAX_WORDS_LENGTH
from scorecards.models import Evaluation, Level, Scorecard

BELOW = "below:"
UNGRADED = "none"


class PropertyFilter(ChoiceFilter):
    """Keep what has this value of a property."""

    def __init__(self, prop: Property, **extra: Any) -> None:
        self.prop = prop
        self.values = {_key(option): option for option in prop.options}
        choices = [(key, _label(option)) for key, option in self.values.items()]
        super().__init__(choices=choices, label=prop.title, empty_label="Any", **extra)

    def filter(self, qs: EntityQuerySet, value: str) -> EntityQuerySet:
        """Compare the fact as JSON, so that true is not "true"."""
        if not value:
            return qs
        # A name of its own for each filter: an alias may not be made twice.
        name = f"fact_{self.prop.identifier.encode().hex()}"
        fact = KeyTransform(self.prop.identifier, "facts")
        return qs.alias(**{name: fact}).filter(**{name: self.values[value]})


def _key(option: Any) -> str:
    return str(option).lower() if isinstance(option, bool) else str(option)


def _label(option: Any) -> str:
    return {True: "Yes", False: "No"}[option] if isinstance(option, bool) else str(option)


class TeamFilter(ChoiceFilter):
    """Keep what a team owns."""

    def __init__(self, blueprint: Blueprint, teams: Mapping[str, str]) -> None:
        self.is_inherited = (blueprint.ownership or {}).get("type") == "Inherited"
        super().__init__(choices=list(teams.items()), label="Owner", empty_label="Any")

    def filter(self, qs: EntityQuerySet, value: str) -> EntityQuerySet:
        """Read relation rows, which are indexed; inherited ownership has none."""
        if not value:
            return qs
        if self.is_inherited:
            return qs.filter(FactHolds(OWNERSHIP, value))
        rows = EntityRelation.objects.filter(
            relation=OWNERSHIP, target__identifier=value, target__blueprint__identifier=TEAM
        )
        return qs.filter(pk__in=rows.values("source_id"))


class RelationFilter(CharFilter):
    """Keep what is related to one entity. Not offered as a field: other pages link to it."""

    def __init__(self, relation: str, definition: Mapping[str, Any]) -> None:
        self.relation, self.target = relation, definition["target"]
        super().__init__(label=definition.get("title") or relation, max_length=1000)

    def filter(self, qs: EntityQuerySet, value: str) -> EntityQuerySet:
        """Read relation rows, from the target to what points at it."""
        if not value:
            return qs
        rows = EntityRelation.objects.filter(
            relation=self.relation,
            target__identifier=value,
            target__blueprint__identifier=self.target,
        )
        return qs.filter(pk__in=rows.values("source_id"))


class LevelFilter(ChoiceFilter):
    """Keep what is at a level of a scorecard, below one, or not graded."""

    def __init__(self, scorecard: Scorecard) -> None:
        self.scorecard = scorecard
        levels = list(scorecard.levels.all())
        self.levels = {level.title: level for level in levels}
        choices = [(level.title, level.title) for level in levels]
        choices += [(f"{BELOW}{level.title}", f"Below {level.title}") for level in levels[2:]]
        choices.append((UNGRADED, "Not graded"))
        super().__init__(choices=choices, label=scorecard.title, empty_label="Any")

    def filter(self, qs: EntityQuerySet, value: str) -> EntityQuerySet:
        """Read the evaluations of the one scorecard."""
        if not value:
            return qs
        # Asked of one entity after the other, so that a page is read without all the others.
        graded = Evaluation.objects.filter(scorecard=self.scorecard, entity=OuterRef("pk"))
        if value == UNGRADED:
            return qs.filter(~Exists(graded))
        return qs.filter(Exists(graded.filter(level__in=self._wanted(value))))

    def _wanted(self, value: str) -> list[Level]:
        if value in self.levels:
            return [self.levels[value]]
        bound = self.levels[value.removeprefix(BELOW)].rank
        return [level for level in self.levels.values() if level.rank < bound]


class TableFilterSet(FilterSet):
    """The filters that every table has."""

    q = SearchFilter(label="Name", max_length=MAX_WORDS_LENGTH)
    query = QueryFilter(label="Where")

    class Meta:
        model = Entity
        fields: Sequence[str] = ()


class TableForm(QueryForm):
    """The form of a table's filters. `known` is what a query may name."""

    known: Collection[str] = ()

    def fact_keys(self) -> Collection[str]:
        """Return what the entities of the table have."""
        return self.known


def filterset_for(
    blueprint: Blueprint,
    *,
    fact_keys: Collection[str],
    properties: Mapping[str, Property],
    scorecards: Sequence[Scorecard],
    teams: Mapping[str, str],
    more: Mapping[str, Filter],
) -> type[FilterSet]:
    """Return the filters of a blueprint's table, as the class that django-filter takes.

    `more` are filters by the names of their parameters, beside those that the blueprint gives.
    """
    filters: dict[str, Filter] = {**more}
    if blueprint.ownership and teams:
        filters["team"] = TeamFilter(blueprint, teams)
    for scorecard in scorecards:
        filters[f"level.{scorecard.identifier}"] = LevelFilter(scorecard)
    for prop in properties.values():
        if prop.options:
            filters[f"property.{prop.identifier}"] = PropertyFilter(prop)
    for identifier, definition in blueprint.relations.items():
        filters[f"relation.{identifier}"] = RelationFilter(identifier, definition)
    for item in filters.values():
        if isinstance(item, ChoiceFilter):
            item.extra["widget"] = forms.Select(attrs={"class": "input"})
    form = type("BlueprintTableForm", (TableForm,), {"known": fact_keys})
    meta = type("Meta", (TableFilterSet.Meta,), {"form": form})
    return type("BlueprintTableFilterSet", (TableFilterSet,), {**filters, "Meta": meta})
