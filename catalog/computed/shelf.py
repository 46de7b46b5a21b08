"""The stored series: which there are, and filling them with the samples of all events."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from catalog.computed import totals
from catalog.computed.filling import insert_samples
from catalog.computed.graph import CatalogGraph
from catalog.computed.series import Series
from catalog.models import Rollup, Sample
from catalog.models import Series as StoredSeries
from catalog.queries.running import run
from catalog.queries.sql import SQL, sql


class Shelf:
    """The stored series of one refresh: each is looked up once, and filled before it is read.

    What is looked up is locked until the transaction ends: writers share a series with each other,
    but not with whoever fills it, so that no sample is missed and none is made twice.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ids: dict[Series, int] = {}
        self._empty: set[Series] = set()
        self._rolled: set[Series] = set()

    def ids(self, wanted: Iterable[Series]) -> dict[Series, int]:
        """Return the ids of series; those that were never heard of are made, to be filled."""
        wanted = list(wanted)
        by_key = {series.key: series for series in wanted if series not in self._ids}
        if by_key:
            for row in _filled(by_key):
                series = by_key.pop(row.key)
                self._ids[series] = row.id
                if row.is_rolled:
                    self._rolled.add(series)
        # Not shared first: two that share what both are to fill would wait for each other.
        for series in by_key.values():
            StoredSeries.objects.get_or_create(key=series.key)
        if by_key:
            for row in _locked(by_key):
                self._ids[by_key[row.key]] = row.id
                self._empty.add(by_key[row.key])
        return {series: self._ids[series] for series in wanted}

    def filled(self, wanted: Iterable[Series]) -> dict[Series, int]:
        """Return the ids of series, each filled with the samples of all events there are."""
        ids = self.ids(wanted)
        empty = sorted(self._empty & ids.keys(), key=lambda series: series.key)
        for series in empty:
            _fill(series, ids[series], now=self._now)
            self._empty.discard(series)
        if empty and connection.vendor == "postgresql":
            # Until it has counted what came, every plan that reads samples would be a guess.
            run(SQL("ANALYZE catalog_sample, catalog_total"))
        return ids

    def rolled_by(self, among: Iterable[Series]) -> dict[int, str]:
        """Return the series that have rollups, by id, with the column that tells their days."""
        rolled = self._rolled.intersection(among)
        return {self._ids[series]: series.day_column for series in rolled}


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
    """Have every series filled anew that concerns this blueprint."""
    keys = [series.key for series in concerning(graph, blueprint)]
    StoredSeries.objects.filter(key__in=keys).update(filled_at=None)


def concerning(graph: CatalogGraph, blueprint: str) -> list[Series]:
    """Return the series that this blueprint reads or whose events are its entities."""
    inferred = {item.targets for item in graph.inferences.values() if item.blueprint == blueprint}
    return [
        series
        for series, together in graph.planned.items()
        if series.blueprint == blueprint
        or series in inferred
        or any(item.blueprint == blueprint for item in together)
    ]


def drop_unused(graph: CatalogGraph) -> None:
    """Delete the series that nothing is read off, with their samples."""
    unused = StoredSeries.objects.exclude(key__in=[series.key for series in graph.planned])
    unused.delete()


@transaction.atomic
def _fill(series: Series, series_id: int, *, now: datetime) -> None:
    """Make the samples of all events, in the database."""
    row = StoredSeries.objects.select_for_update().get(pk=series_id)
    if row.filled_at is not None:
        return
    Sample.objects.filter(series=series_id).delete()
    insert_samples(series, series_id)
    if not series.is_windowed:
        totals.add_up(series_id)
    # By whoever wants to see days.
    Rollup.objects.filter(series=series_id).delete()
    row.filled_at, row.rolled_at = now, None
    row.save(update_fields=["filled_at", "rolled_at"])


def roll_up(graph: CatalogGraph, *, now: datetime) -> None:
    """Add the samples of all series up by day, where that was not done: a transaction each."""
    for series, id_ in Shelf(now).filled(graph.planned).items():
        with transaction.atomic():
            row = StoredSeries.objects.select_for_update().filter(pk=id_).first()
            if row is not None and row.rolled_at is None:
                totals.roll_up(id_, by=series.day_column)
                row.rolled_at = now
                row.save(update_fields=["rolled_at"])


_LOOKED_UP = """SELECT key, id, rolled_at IS NOT NULL FROM catalog_series
WHERE {condition} AND key IN {keys} ORDER BY id {lock}"""


class Row(NamedTuple):
    """A stored series: whether it has rollups is all that the others need to know of it."""

    key: str
    id: int
    is_rolled: bool


def _filled(keys: Iterable[str]) -> list[Row]:
    """Return the filled series among these; nobody fills or rolls them up anew meanwhile."""
    return _looked_up(keys, condition="filled_at IS NOT NULL", lock="FOR KEY SHARE")


def _locked(keys: Iterable[str]) -> list[Row]:
    return _looked_up(keys, condition="TRUE", lock="FOR UPDATE")


def _looked_up(keys: Iterable[str], *, condition: str, lock: str) -> list[Row]:
    keys = tuple(keys)
    statement = sql(
        _LOOKED_UP,
        condition=SQL(condition),
        keys=SQL(f"({', '.join(['%s'] * len(keys))})", keys),
        lock=SQL(lock if connection.features.has_select_for_update else ""),
    )
    return [Row(*row) for row in run(statement)]
