"""Taking what was exported elsewhere: blueprints, entities, scorecards and pages, in this order.

All of it or nothing: what is wrong is told for everything, and then nothing is kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.bulk import chunks
from catalog.errors import CatalogError, Fault, Invalid, NotFound
from catalog.models import Blueprint
from portal.integrations.port import blueprints, pages, scorecards
from portal.integrations.port.cards import scorecards_by_name
from portal.integrations.port.entities import Writing, write_many
from portal.integrations.port.exports import KINDS, LEFT_OUT, Item, adapt, numbers_in_rules
from portal.permissions import Actor

BATCH = 500
Progress = Callable[[int], object]


@dataclass
class Report:
    """What an import did: how many of each kind were taken, what was adapted, what is wrong."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    notes: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def import_items(
    *,
    items: Iterable[Item],
    by: Actor,
    now: datetime,
    is_trial: bool = False,
    progress: Progress = lambda count: None,
) -> Report:
    """Take everything, in the right order, or nothing where something is wrong or `is_trial`.

    What exists already becomes what the export says; entities keep what it does not mention.
    Entities that are pointed at and are not part of it are created with nothing but an identifier.
    """
    sorted_items: dict[str, list[Item]] = defaultdict(list)
    report = Report()
    for item in map(adapt, items):
        sorted_items[item.kind].append(item)
    report.notes.extend(
        (item.place, note) for item in sorted_items[LEFT_OUT] for note in item.notes
    )
    with transaction.atomic():
        work = _Import(report, by=by, now=now, progress=progress)
        for kind in KINDS:
            work.take(kind, sorted_items[kind])
        if report.faults or is_trial:
            transaction.set_rollback(True)
    return report


class _Import:
    """One import under way."""

    def __init__(self, report: Report, *, by: Actor, now: datetime, progress: Progress) -> None:
        self.report, self.by, self.now, self.progress = report, by, now, progress

    def take(self, kind: str, items: Sequence[Item]) -> None:
        """Take all the things of a kind."""
        if kind == "entity":
            self._entities(items)
            return
        takers = {"blueprint": self._blueprint, "scorecard": self._scorecard, "page": self._page}
        for item in items:
            try:
                # So that what is wrong with one thing leaves nothing of it behind.
                with transaction.atomic():
                    taken = takers[kind](item)
            except Invalid as error:
                self._refuse(item, error.faults)
            except CatalogError as error:
                self._refuse(item, [Fault("", str(error))])
            else:
                self._note(taken)
            self.progress(1)

    def _refuse(self, item: Item, faults: Iterable[Fault]) -> None:
        self.report.faults.extend(fault.under(f"{item.place}:") for fault in faults)

    def _note(self, item: Item) -> None:
        self.report.counts[item.kind] += 1
        self.report.notes.extend((item.place, note) for note in item.notes)

    def _blueprint(self, item: Item) -> Item:
        row = Blueprint.objects.filter(identifier=item.body.get("identifier")).first()
        if row is None or row.is_system:
            blueprints.create(body=item.body, by=self.by, now=self.now)
        else:
            blueprints.replace_blueprint(blueprint=row, body=item.body, by=self.by, now=self.now)
        return item

    def _scorecard(self, item: Item) -> Item:
        row = _blueprint_of(item.body)
        item = numbers_in_rules(item, _number_keys(row))
        name = item.body.get("identifier")
        write: dict[str, Any] = {"blueprint": row, "by": self.by, "now": self.now}
        body = {key: value for key, value in item.body.items() if key != "id"}
        if name in scorecards_by_name(row):
            scorecards.replace_scorecard(identifier=name, body=body, **write)
        else:
            scorecards.create_scorecard(body=body, **write)
        return item

    def _page(self, item: Item) -> Item:
        try:
            page = pages.find_page(str(item.body.get("identifier")))
        except NotFound:
            pages.create_page(item.body, by=self.by, now=self.now)
        else:
            pages.replace_page(page, item.body, by=self.by, now=self.now)
        return item

    def _entities(self, items: Sequence[Item]) -> None:
        grouped: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            grouped[str(item.body.get("blueprint"))].append(item)
        for name, group in grouped.items():
            row = Blueprint.objects.filter(identifier=name).first()
            for part in chunks(group, BATCH):
                if row is None:
                    for item in part:
                        message = f"there is no blueprint '{name}'; export it too"
                        self._refuse(item, [Fault("blueprint", message)])
                else:
                    self._batch(row, part)
                self.progress(len(part))

    def _batch(self, blueprint: Blueprint, items: Sequence[Item]) -> None:
        writing = Writing(by=self.by, now=self.now, merge=True, create_missing=True)
        results = write_many(blueprint, [item.body for item in items], writing)
        for index, item in enumerate(items):
            if index in results.faults:
                self._refuse(item, results.faults[index])
            else:
                self._note(item)


def _blueprint_of(body: Mapping[str, Any]) -> Blueprint:
    name = body.get("blueprint")
    if not isinstance(name, str):
        message = "does not say of which blueprint it is; name it with --blueprint"
        raise Invalid.at("blueprint", message)
    row = Blueprint.objects.filter(identifier=name).first()
    if row is None:
        raise Invalid.at("blueprint", f"there is no blueprint '{name}'; import it too")
    return row


def _number_keys(row: Blueprint) -> frozenset[str]:
    """Return the properties of a blueprint that are numbers."""
    spec = registry.spec_of(row)
    sections = (
        spec.properties,
        spec.document["calculation_properties"],
        spec.document["aggregation_properties"],
    )
    kinds = {key: item.get("type", "number") for part in sections for key, item in part.items()}
    return frozenset(key for key, kind in kinds.items() if kind == "number")
