"""The filters of a table that an address names, in words, each with the link that lifts it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django_filters import FilterSet

from portal.dashboards import advanced
from portal.dashboards.behind import BehindFilter
from portal.dashboards.querystring import QueryString

_FAULTS = {advanced.NAME: "not understood"}


@dataclass(frozen=True)
class Applied:
    """A filter in force, with the link that lifts it. One with a fault is not in force."""

    title: str
    value: str
    link: str
    fault: str = ""


def applied_of(
    filterset: FilterSet, query: QueryString, titles: Mapping[str, str]
) -> list[Applied]:
    """Return the filters that an address names; `titles` are those of the facts."""
    given = {name: query.get(name) for name in filterset.filters}
    asked = filterset.form.cleaned_data.get(advanced.NAME)
    parts = advanced.parts_of(asked) if asked else []
    if parts:
        given.pop(advanced.NAME)
    where = [
        Applied(
            title=filterset.filters[advanced.NAME].label,
            value=advanced.in_words(part.query, titles),
            link=str(query.having(advanced.NAME, part.rest)),
        )
        for part in parts
    ]
    return where + [
        Applied(
            title=filterset.filters[name].label,
            value=_in_words(filterset, name, value, titles),
            link=str(query.without(name)),
            fault=_FAULTS.get(name, "unknown") if name in filterset.errors else "",
        )
        for name, value in given.items()
        if value
    ]


def _in_words(filterset: FilterSet, name: str, value: str, titles: Mapping[str, str]) -> str:
    item, asked = filterset.filters[name], filterset.form.cleaned_data.get(name)
    if name == advanced.NAME:
        return advanced.in_words(asked, titles) if asked else advanced.clipped(value)
    if isinstance(item, BehindFilter) and asked:
        return item.in_words(asked)
    return dict(item.extra.get("choices", ())).get(value, value)
