"""What lists of the catalog can be narrowed to."""

import json
import math
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db import models
from django.db.models import BooleanField, Func, Q
from django.db.models.fields.json import KeyTransform, compile_json_path
from django_filters import (
    CharFilter,
    ChoiceFilter,
    Filter,
    FilterSet,
    IsoDateTimeFilter,
    OrderingFilter,
)
from django_filters.fields import IsoDateTimeField

from catalog.filtersets_queries import QueryFilter, QueryForm, sight_in
from catalog.models import OWNERSHIP, TEAM, Blueprint, Change, Deleted, Entity, EntityRelation
from catalog.querysets import EntityQuerySet
from catalog.seeing import unseen_keys

# Each is a condition of its own, some with a subquery: databases plan hundreds for minutes.
MAX_PAIRS = 20


class FactHolds(Func):
    """Whether the list of facts under a key holds a text."""

    sqlite = "EXISTS(SELECT 1 FROM json_each({facts}, %s) AS item WHERE item.value = %s)"
    postgresql = "({facts} @> %s::jsonb)"
    output_field = BooleanField()

    def __init__(self, key: str, text: str, *, facts: str = "facts") -> None:
        self.key, self.text = key, text
        super().__init__(facts)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Look through the list: SQLite has no containment operator."""
        facts, params = compiler.compile(self.source_expressions[0])
        return self.sqlite.format(facts=facts), [*params, compile_json_path([self.key]), self.text]

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        """Ask for containment."""
        facts, params = compiler.compile(self.source_expressions[0])
        return self.postgresql.format(facts=facts), [*params, json.dumps({self.key: [self.text]})]


def owned_by(team: str, *, prefix: str = "") -> Q:
    """Return the condition that a team owns the entity that `prefix` leads to (``entity__``).

    Direct ownership is read from relation rows, which are indexed; inherited ownership has none
    and is read from the facts.
    """
    rows = EntityRelation.objects.filter(
        relation=OWNERSHIP, target__identifier=team, target__blueprint__identifier=TEAM
    )
    inherited = Q(**{f"{prefix}blueprint__ownership__type": "Inherited"}) & Q(
        FactHolds(OWNERSHIP, team, facts=f"{prefix}facts")
    )
    return Q(**{f"{prefix}pk__in": rows.values("source_id")}) | inherited


class TeamFilter(CharFilter):
    """Keep what a team owns, directly or by inheritance."""

    def filter(self, qs: models.QuerySet, value: str) -> models.QuerySet:
        """Apply the filter where a team is named; `field_name` is the prefix of the entity."""
        return qs.filter(owned_by(value, prefix=self.field_name)) if value else qs


class SearchFilter(CharFilter):
    """Keep the entities that are called like the words."""

    def filter(self, qs: EntityQuerySet, value: str) -> EntityQuerySet:
        """Apply the words, if there are any."""
        return qs.search(value) if value else qs


class MomentField(IsoDateTimeField):
    """A moment that has a place in UTC, where the database compares it."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment in UTC; an offset may lead out of the calendar."""
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


class MomentFilter(IsoDateTimeFilter):
    """Compare with a moment."""

    field_class = MomentField


class RepeatedInput(forms.HiddenInput):
    """Reads every repetition of a parameter."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return the values in the order they were sent."""
        return data.getlist(name) if hasattr(data, "getlist") else list(data.get(name, []))


class PairsField(forms.CharField):
    """A parameter that may be repeated, each time as ``<name>:<value>``."""

    widget = RepeatedInput

    def clean(self, value: list[str]) -> list[tuple[str, str]]:
        """Return the pairs; a value may hold colons of its own."""
        if len(value) > MAX_PAIRS:
            raise forms.ValidationError(f"give it at most {MAX_PAIRS} times")
        return [self._pair(super(PairsField, self).clean(text)) for text in value]

    def _pair(self, text: str) -> tuple[str, str]:
        name, colon, wanted = text.partition(":")
        if not name or not colon:
            raise forms.ValidationError("write <name>:<value>")
        return name, wanted


class PairsFilter(Filter):
    """Keep what holds for every pair that is asked for."""

    field_class = PairsField


class PropertyFilter(PairsFilter):
    """Keep the entities with these values of properties, given or computed.

    What looks like a number or a boolean is also compared as one: addresses know only text.
    """

    def filter(self, qs: EntityQuerySet, value: list[tuple[str, str]]) -> EntityQuerySet:
        """Compare each pair with the facts, as far as they are seen."""
        named = {key for key, _ in value or []}
        unseen = unseen_keys(sight_in(self)) if named else {}
        if closed := sorted(name for name, keys in unseen.items() if keys & named):
            qs = qs.exclude(blueprint__identifier__in=closed)
        for index, (key, wanted) in enumerate(value or []):
            name = f"fact_{index}"
            query = Q((name, wanted))
            for scalar in _scalars(wanted):
                query |= Q((name, scalar))
            qs = qs.alias(**{name: KeyTransform(key, "facts")}).filter(query)
        return qs


def _scalars(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    is_scalar = isinstance(value, bool | int | float) and math.isfinite(value)
    return [value] if is_scalar else []


class Ordering(OrderingFilter):
    """Order by the fields asked for, and then by id, so that pages never overlap."""

    def filter(self, qs: models.QuerySet, value: list[str] | None) -> models.QuerySet:
        """Order the rows; without a wish they keep their order."""
        if not value:
            return qs
        return qs.order_by(*map(self.get_ordering_value, value), "id")


class BlueprintFilterSet(FilterSet):
    """The filters of the list of blueprints."""

    identifier = CharFilter()

    class Meta:
        model = Blueprint
        fields: tuple[str, ...] = ()


class EntityFilterSet(FilterSet):
    """The filters of lists of entities."""

    blueprint = CharFilter("blueprint__identifier", label="Identifier of the blueprint")
    identifier = CharFilter(label="Exact identifier")
    team = TeamFilter("", label="Identifier of the owning team, direct or inherited")
    search = SearchFilter(label="Words that the title or the identifier holds")
    property = PropertyFilter("facts", label="<property>:<value>, may be repeated")
    query = QueryFilter(label="Conditions as JSON, as in the rules of scorecards")
    updated_after = MomentFilter("updated_at", lookup_expr="gt", label="Changed after this")
    ordering = Ordering(fields=("title", "identifier", "created_at", "updated_at"))

    class Meta:
        model = Entity
        fields: tuple[str, ...] = ()
        form = QueryForm


class ChangeFilterSet(FilterSet):
    """The filters of the audit list."""

    kind = CharFilter(label="entity, blueprint, scorecard, user, token, session and so on")
    blueprint = CharFilter(label="Identifier of the blueprint of an entity")
    identifier = CharFilter(label="Identifier of what was changed")
    action = ChoiceFilter(choices=Change.Action.choices)
    actor = CharFilter(label="Who did it")
    source = CharFilter(label="By which door, such as admin, page, api or wire")
    address = CharFilter(label="From where")
    request_id = CharFilter(label="In which request")
    search = CharFilter("identifier", lookup_expr="icontains", label="Part of the identifier")
    since = MomentFilter("at", lookup_expr="gte", label="From this moment on")
    until = MomentFilter("at", lookup_expr="lt", label="Before this moment")

    class Meta:
        model = Change
        fields: tuple[str, ...] = ()


class DeletedFilterSet(FilterSet):
    """The filters of what was deleted."""

    kind = ChoiceFilter(choices=Deleted.Kind.choices)
    blueprint = CharFilter(label="Identifier of the blueprint of an entity")
    identifier = CharFilter(label="Identifier of what was deleted")
    batch = CharFilter(label="What was deleted together")
    deleted_by = CharFilter(label="Who did it")
    since = MomentFilter("deleted_at", lookup_expr="gte", label="From this moment on")

    class Meta:
        model = Deleted
        fields: tuple[str, ...] = ()
