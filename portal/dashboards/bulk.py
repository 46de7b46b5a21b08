"""Changing many rows of a table at once: what is chosen, and what a change of it touches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.models import OWNERSHIP, Blueprint, Entity, EntityRelation
from catalog.operations import MOST_CHOSEN
from portal.dashboards.bulk_changes import Change, Refused
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import Table

MOST_NAMED = 20
MOST_TOUCHED = 10


@dataclass(frozen=True)
class Chosen:
    """The entities that a change is about; `gone` of those that were named are not there."""

    ids: list[int]
    gone: int = 0

    @property
    def text(self) -> str:
        """Return the ids as the confirmation sends them back: those that were shown, no others."""
        return ",".join(map(str, self.ids))


def chosen_in(data: QueryDict, blueprint: Blueprint, table: Table | None) -> Chosen:
    """Return what a form names: rows, or with `table` all that pass; raises `Refused`."""
    entities = Entity.objects.filter(blueprint=blueprint)
    if table is not None:
        if any(item.fault for item in table.applied):
            raise Refused(_("A filter of this table is not understood; take it away first."))
        entities = table.listing.filterset.qs
        wanted = None
    else:
        named = [*data.getlist("id"), *data.get("ids", "").split(",")]
        # No database looks for a number that does not fit its keys.
        wanted = {int(text) for text in named if text.isdecimal() and len(text) < 16}
        _require_few(len(wanted))
        entities = entities.filter(pk__in=wanted)
    ids = list(entities.order_by("pk").values_list("pk", flat=True)[: MOST_CHOSEN + 1])
    if table is not None and len(ids) > MOST_CHOSEN:
        _require_few(table.total)
    if not ids:
        raise Refused(_("Choose rows first: tick the boxes beside their names."))
    return Chosen(ids, gone=len(wanted) - len(ids) if wanted is not None else 0)


def _require_few(count: int) -> None:
    if count > MOST_CHOSEN:
        message = _("{count} are chosen, and {most} can be changed at once: narrow the filters.")
        raise Refused(message.format(count=f"{count:,}", most=f"{MOST_CHOSEN:,}"))


@dataclass(frozen=True)
class Touched:
    """Entities of a kind that point at some of the chosen by a relation; they may require them."""

    kind: str
    relation: str
    count: int
    is_required: bool


def touched_by(entity_ids: Sequence[int]) -> list[Touched]:
    """Return what points at entities from elsewhere, the most first."""
    rows = EntityRelation.objects.filter(target__in=entity_ids).exclude(source__in=entity_ids)
    counts = rows.order_by().values_list("source__blueprint__identifier", "relation")
    specs = registry.graph().specs
    found = [
        _touched(specs[blueprint], relation, count)
        for blueprint, relation, count in counts.annotate(Count("source", distinct=True))
        if blueprint in specs
    ]
    return sorted(found, key=lambda item: (not item.is_required, -item.count, item.kind))


def _touched(spec: BlueprintSpec, relation: str, count: int) -> Touched:
    kind = str(spec.document.get("title") or spec.identifier)
    if relation == OWNERSHIP:
        return Touched(kind, _("Owner"), count, is_required=False)
    known = spec.relations.get(relation)
    is_required = known is not None and known.is_required
    return Touched(kind, known.title if known else relation, count, is_required)


@dataclass(frozen=True)
class BulkPage:
    """What the confirmation shows."""

    blueprint: Blueprint
    action: str
    change: Change
    chosen: Chosen
    names: list[str]
    touched: list[Touched]
    query: QueryString
    faults: list[str]

    @property
    def more(self) -> int:
        """Return how many are not named."""
        return len(self.chosen.ids) - len(self.names)


def bulk_page(
    *,
    blueprint: Blueprint,
    action: str,
    change: Change,
    chosen: Chosen,
    query: QueryString,
    faults: Iterable[str] = (),
) -> BulkPage:
    """Return the page that asks whether to do it."""
    rows = Entity.objects.filter(pk__in=chosen.ids).only("title", "identifier")
    touched = touched_by(chosen.ids)[:MOST_TOUCHED] if change.is_deletion else []
    if change.is_deletion and not any(item.is_required for item in touched):
        del change.fields["with_dependents"]
    return BulkPage(
        blueprint=blueprint,
        action=action,
        change=change,
        chosen=chosen,
        names=[str(row) for row in rows.order_by("title", "id")[:MOST_NAMED]],
        touched=touched,
        query=query,
        faults=list(faults),
    )
