"""The filter by conditions: what an address can ask in the query language and in no other way.

An error of this filter names the place that it is about: `path` among its `params`.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django_filters import CharFilter, Filter

from catalog import registry
from catalog.conditions import ConditionError, Query, check_properties, parse
from catalog.errors import Fault
from catalog.forms_conditions import read_json
from catalog.models import TEAM
from catalog.querysets import EntityQuerySet
from catalog.storable import storable_faults
from portal.permissions import EVERYTHING, Sight, sight_of

# What an address carries once it is encoded: servers and proxies cut them at eight thousand bytes.
MAX_QUERY_LENGTH = 4_000


class QueryField(forms.CharField):
    """A query as JSON, parsed."""

    def clean(self, value: Any) -> Query | None:
        """Return the query, None where nothing is asked."""
        text = super().clean(value)
        return _query_of(text) if text else None


def _query_of(text: str) -> Query:
    if len(text) > MAX_QUERY_LENGTH:
        message = f"has {len(text):,} characters and may have {MAX_QUERY_LENGTH:,}; shorten it"
        raise refusal([Fault("query", message)])
    try:
        raw = read_json(text)
    except ValueError as error:
        raise refusal([Fault("query", str(error))]) from None
    # First: the path of a bad node may hold what no answer could be encoded with.
    faults = storable_faults(raw)
    if faults:
        raise refusal(fault.under("query") for fault in faults)
    try:
        return parse(raw)
    except ConditionError as error:
        raise refusal(error.faults) from None


def refusal(faults: Iterable[Fault]) -> forms.ValidationError:
    """Return the error of a form that says each fault with its path."""
    return forms.ValidationError(
        [forms.ValidationError("%(path)s: %(message)s", params=fault.as_json()) for fault in faults]
    )


class QueryForm(forms.Form):
    """Filters of which one is a query: it may name what the entities that are asked for have."""

    def fact_keys(self) -> Collection[str] | None:
        """Return the keys that a query may name, or None where it may name any."""
        name = self.cleaned_data.get("blueprint")
        spec = registry.graph().specs.get(name) if name else None
        return spec.fact_keys if spec else None

    def clean(self) -> dict[str, Any]:
        """Refuse a query about what is not there."""
        query = self.cleaned_data.get("query")
        keys = self.fact_keys() if query else None
        faults = check_properties(query, keys) if keys is not None else []
        if faults:
            self.add_error("query", refusal(faults))
        return self.cleaned_data


class TeamQueryForm(QueryForm):
    """Filters of teams."""

    def fact_keys(self) -> Collection[str]:
        """Return what every team has."""
        return registry.graph().specs[TEAM].fact_keys


class QueryFilter(CharFilter):
    """Keep the entities that a query holds for, as evaluation would answer it now."""

    field_class = QueryField

    def filter(self, qs: EntityQuerySet, value: Query | None) -> EntityQuerySet:
        """Ask the database, if there is a query."""
        return qs.matching(value, now=timezone.now(), sight=sight_in(self)) if value else qs


def sight_in(filter_: Filter) -> Sight:
    """Return what whoever asks sees; filters of pages are made of nothing but that."""
    request = filter_.parent.request
    return sight_of(request.user, request.auth) if request is not None else EVERYTHING
