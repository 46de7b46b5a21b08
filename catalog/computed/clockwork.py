"""What time alone has moved: samples that came into a window or left one, and begun intervals."""

from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet

from catalog.blueprints import Aggregation
from catalog.computed.arithmetic import SECONDS
from catalog.computed.graph import CatalogGraph, Derived
from catalog.computed.shelf import Shelf
from catalog.computed.walks import owners_of
from catalog.models import Entity, Sample
from catalog.models import Series as StoredSeries
from catalog.queries.dialects import microseconds

# A write that took its moment before the last sweep and ended after it stands with older windows.
OVERLAP = timedelta(hours=1)
# (blueprint, property) -> owner ids
Owners = dict[tuple[str, str], set[int]]


def moved_since_last_time(graph: CatalogGraph, *, now: datetime) -> Owners:
    """Return the owners of values that are read off samples and that time can have moved."""
    moved: Owners = {}
    ids = Shelf(now).filled(graph.planned)
    swept = dict(StoredSeries.objects.values_list("id", "swept_at"))
    for series, together in graph.planned.items():
        since = swept[ids[series]]
        for derived in together:
            if not _source(derived).moves_with_clock:
                continue
            owners = set(Entity.objects.of(derived.blueprint).values_list("id", flat=True))
            if since is not None:
                anchors = _anchors(ids[series], derived, since - OVERLAP, now)
                owners &= owners_of(derived.steps[:-1], anchors)
            moved[derived.blueprint, derived.key] = owners
    return moved


def note_sweep(graph: CatalogGraph, *, now: datetime) -> None:
    """Remember that everything that time moved until now has been looked at."""
    keys = [series.key for series in graph.planned]
    StoredSeries.objects.filter(key__in=keys, filled_at__isnull=False).update(swept_at=now)


def _source(derived: Derived) -> Aggregation:
    if not isinstance(derived.source, Aggregation):
        raise TypeError(f"{derived.key} is not an aggregation")
    return derived.source


def _anchors(series_id: int, derived: Derived, since: datetime, now: datetime) -> set[int]:
    """Return the anchors of which something else is read now than there was then."""
    rows = Sample.objects.filter(series=series_id).order_by()
    crossed = _crossed(derived, since, now)
    anchors = set(rows.filter(crossed).values_list("anchor_id", flat=True)) if crossed else set()
    source = _source(derived)
    if source.is_per_interval:
        anchors |= _ticked(rows, derived, SECONDS[source.interval] * 1_000_000, since, now)
    return anchors


def _crossed(derived: Derived, since: datetime, now: datetime) -> Q | None:
    """Return the samples that stand between the old and the new ends of the window, if it moved."""
    if derived.plan is None or (span := derived.plan.span(now)) is None:
        return None
    before = derived.plan.span(since) or span
    start, end = microseconds(span.start), microseconds(span.end)
    old_start, old_end = microseconds(before.start), microseconds(before.end)
    return Q(window_at__range=sorted((old_start, start))) | Q(
        window_at__range=sorted((old_end, end))
    )


def _ticked(
    rows: "QuerySet[Sample]", derived: Derived, length: int, since: datetime, now: datetime
) -> set[int]:
    """Return the anchors with another number of begun intervals since their first sample."""
    span = derived.plan.span(now) if derived.plan else None
    if span is not None:
        within = (microseconds(span.start), microseconds(span.end))
        rows = rows.filter(window_at__range=within)
    firsts = rows.values_list("anchor_id").annotate(first_at=Min("at"))
    return {
        anchor_id
        for anchor_id, first_at in firsts.filter(first_at__isnull=False)
        if (first_at - microseconds(now)) // length != (first_at - microseconds(since)) // length
    }
