"""What rows are called in an archive, where their numbers mean nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from catalog.models import Blueprint, Entity
from portal.dashboards.models import Folder
from portal.integrations.models import Channel, Integration
from scorecards.models import Campaign, Level, Rule, Scorecard

# A text where there is one, a list where there are two.
Name = Any
_BY: dict[type[Model], tuple[str, ...]] = {
    get_user_model(): ("username",),
    Blueprint: ("identifier",),
    Entity: ("blueprint__identifier", "identifier"),
    Scorecard: ("identifier",),
    Level: ("scorecard__identifier", "title"),
    Rule: ("scorecard__identifier", "identifier"),
    Campaign: ("identifier",),
    Folder: ("identifier",),
    Channel: ("identifier",),
    Integration: ("identifier",),
}


def names_of(model: type[Model], keys: Collection[Any]) -> dict[Any, Name]:
    """Return the names of rows by their primary keys."""
    rows = model._default_manager.filter(pk__in=keys).values_list("pk", *_BY[model])
    return {pk: parts[0] if len(parts) == 1 else list(parts) for pk, *parts in rows}


def is_name(model: type[Model], name: Name) -> bool:
    """Say whether this could name a row."""
    wanted = len(_BY[model])
    parts = [name] if wanted == 1 else name
    return (
        isinstance(parts, list)
        and len(parts) == wanted
        and all(isinstance(part, str) for part in parts)
    )


def found(model: type[Model], names: Iterable[Name]) -> Mapping[Name, Any]:
    """Return the primary keys of those that are there, by name (a tuple where there are two)."""
    *outer, inner = _BY[model]
    grouped: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name in names:
        parts = as_key(name) if isinstance(name, list | tuple) else (name,)
        grouped[parts[:-1]].add(parts[-1])
    keys: dict[Name, Any] = {}
    for first, last in grouped.items():
        rows = model._default_manager.filter(**dict(zip(outer, first, strict=True)))
        rows = rows.filter(**{f"{inner}__in": last})
        for pk, name in rows.values_list("pk", inner):
            keys[(*first, name) if first else name] = pk
    return keys


def as_key(name: Name) -> Name:
    """Return a name as something to look up by."""
    return tuple(name) if isinstance(name, list) else name
