"""The blueprints of this installation, parsed once a process for as long as none is edited."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db.models import Count, Sum

from catalog.blueprints import DOCUMENT_KEYS, BlueprintSpec, parse
from catalog.computed.graph import CatalogGraph
from catalog.errors import Fault, Invalid, NotFound
from catalog.models import Blueprint

Named = TypeVar("Named")

_cached: tuple[Any, CatalogGraph] | None = None


def document_of(blueprint: Blueprint) -> dict[str, Any]:
    """Return the blueprint document, as APIs show and accept it."""
    return {key: getattr(blueprint, key) for key in DOCUMENT_KEYS}


def graph() -> CatalogGraph:
    """Return the graph of all stored blueprints; costs one query where nothing was edited."""
    global _cached
    stamp = Blueprint.objects.aggregate(revisions=Sum("revision"), count=Count("id"))
    if _cached is None or _cached[0] != stamp:
        blueprints = Blueprint.objects.order_by("id")
        _cached = (stamp, CatalogGraph(spec_of(blueprint) for blueprint in blueprints))
    return _cached[1]


def require_blueprints(names: Collection[str]) -> None:
    """Raise `Invalid` unless all of these are identifiers of blueprints."""
    if not names:
        return
    there = sorted(Blueprint.objects.values_list("identifier", flat=True))
    faults = [
        Fault("blueprints", f"there is no blueprint '{name}'; there are: {', '.join(there)}")
        for name in names
        if name not in there
    ]
    if faults:
        raise Invalid(faults)


def spec_of(blueprint: Blueprint) -> BlueprintSpec:
    """Return the parsed form of a stored blueprint."""
    return parse(document_of(blueprint), is_stored=True)


def still_named(known: Mapping[str, Named], identifier: str) -> Named:
    """Return what is known of a blueprint; raises `NotFound`.

    For what was looked up a moment ago: it may have been deleted or renamed since.
    """
    if identifier not in known:
        raise NotFound(f"There is no blueprint '{identifier}' any more.")
    return known[identifier]
