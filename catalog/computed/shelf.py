"""The stored series: which there are, and filling them with the samples of all events."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import BigIntegerField, F, FloatField, Value
from django.db.models.functions import Cast

from catalog.computed import totals
from catalog.computed.graph import CatalogGraph
from catalog.computed.rows import SampleRow
from catalog.computed.series import Series
from catalog.models import Entity, Sample
from catalog.models import Series as StoredSeries
from catalog.queries.typed import MomentOf, NumberOf
from catalog.querysets import EntityQuerySet

# For queries that do not read the clock.
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


class Shelf:
    """The stored series of one refresh: each is looked up once, and filled before it is read."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ids: dict[Series, int] = {}
        self._empty: set[Series] = set()

    def ids(self, wanted: Iterable[Series]) -> dict[Series, int]:
        """Return the ids of series; those that were never heard of are made, to be filled."""
        wanted = list(wanted)
        by_key = {series.key: series for series in wanted if series not in self._ids}
        if by_key:
            rows = StoredSeries.objects.filter(key__in=by_key)
            stored = {key: (id_, at) for id_, key, at in rows.values_list("id", "key", "filled_at")}
            for key, series in sorted(by_key.items()):
                if key not in stored:
                    stored[key] = (StoredSeries.objects.get_or_create(key=key)[0].pk, None)
                self._ids[series], filled_at = stored[key]
                if filled_at is None:
                    self._empty.add(series)
        return {series: self._ids[series] for series in wanted}

    def filled(self, wanted: Iterable[Series]) -> dict[Series, int]:
        """Return the ids of series, each filled with the samples of all events there are."""
        ids = self.ids(wanted)
        for series in sorted(self._empty & ids.keys(), key=lambda series: series.key):
            _fill(series, ids[series], now=self._now)
            self._empty.discard(series)
        return ids


def doubt(graph: CatalogGraph, *, edited: Collection[str]) -> None:
    """Have the series filled anew that nobody keeps, and those of edited blueprints.

    What is not in the graph is no longer written with its events, and an edit may take relation
    rows away without telling of each.
    """
    kept = [
        series.key
        for series in graph.planned
        if series.blueprint not in edited and series.holder not in edited
    ]
    StoredSeries.objects.exclude(key__in=kept).update(filled_at=None)


def distrust(graph: CatalogGraph, blueprint: str) -> None:
    """Have every series filled anew that this blueprint reads or whose events are its entities."""
    keys = [
        series.key
        for series, together in graph.planned.items()
        if series.blueprint == blueprint or any(item.blueprint == blueprint for item in together)
    ]
    StoredSeries.objects.filter(key__in=keys).update(filled_at=None)


def drop_unused(graph: CatalogGraph) -> None:
    """Delete the series that no aggregation reads, with their samples."""
    unused = StoredSeries.objects.exclude(key__in=[series.key for series in graph.planned])
    unused.delete()


@transaction.atomic
def _fill(series: Series, series_id: int, *, now: datetime) -> None:
    """Make the samples of all events, in the database."""
    row = StoredSeries.objects.select_for_update().get(pk=series_id)
    if row.filled_at is not None:
        return
    events = Entity.objects.of(series.blueprint).order_by("id")
    # In a statement before the one that reads: what somebody is writing is waited for.
    if connection.features.has_select_for_update:
        locked = events.select_for_update(of=("self",), no_key=True)
        for _ in locked.values_list("id", flat=True).iterator():
            pass
    Sample.objects.filter(series=series_id).delete()
    _insert(_sampled(series, events), series_id)
    totals.add_up(series_id)
    row.filled_at = now
    row.save(update_fields=["filled_at"])


def _sampled(series: Series, events: EntityQuerySet) -> EntityQuerySet:
    """Return the events of a series with what their samples hold, a row for each anchor."""
    if series.query:
        events = events.matching(series.query, now=NO_MOMENT)
    if series.is_of_event:
        events = events.filter(outgoing__relation=series.relation)
        anchor = F("outgoing__target_id")
    else:
        events = events.filter(
            incoming__relation=series.relation,
            incoming__source__blueprint__identifier=series.holder,
        )
        anchor = F("incoming__source_id")
    nothing = Value(None)
    return events.order_by().values_list(
        anchor,
        "id",
        MomentOf(series.at_key) if series.at_key else Cast(nothing, BigIntegerField()),
        MomentOf(series.window_key) if series.window_key else Cast(nothing, BigIntegerField()),
        NumberOf(series.value_key) if series.value_key else Cast(nothing, FloatField()),
    )


def _insert(rows: EntityQuerySet, series_id: int) -> None:
    quote = connection.ops.quote_name
    columns = [Sample._meta.get_field(name).column for name in SampleRow._fields]
    names = ", ".join(map(quote, columns))
    query, params = rows.query.sql_with_params()
    table = quote(Sample._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT %s, found.* FROM ({query}) AS found",  # noqa: S608
            [series_id, *params],
        )
