"""Keeping the counters whole: adding their rows up, counting anew, and remembering each day."""

from collections import Counter as Sums
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet

from catalog.bulk import chunks, insert_rows
from scorecards import compiled as compiling
from scorecards.counts import EVERYBODY, PARTS, Counts, counts_by_team, counts_of
from scorecards.models import Counter, Evaluation, Scorecard, ScorecardSnapshot
from scorecards.operations.counting import (
    FIELDS,
    Tally,
    as_text,
    lock_entities,
)
from scorecards.operations.rows import rows_of, stored_rows

CHUNK = 1_000


@transaction.atomic
def uncount(*, entity_ids: Collection[int]) -> None:
    """Take entities that are about to be deleted out of the counters."""
    for ids in chunks(sorted(entity_ids), CHUNK):
        lock_entities(ids)
        grading = Evaluation.objects.filter(entity__in=ids).values("scorecard")
        versions = Scorecard.objects.filter(id__in=grading).values_list("id", "version")
        scorecards = {item.id: item for item in compiling.of_versions(versions)}
        tally = Tally()
        for row in stored_rows(ids, scorecards).values():
            tally.take(row, scorecards[row.scorecard_id])
        tally.write()


def tidy() -> None:
    """Add up the rows of every counter that has several."""
    for scorecard_id, team, blueprint_id in _in_several_rows():
        _add_up(Counter.objects.filter(scorecard=scorecard_id, team=team, blueprint=blueprint_id))


def _in_several_rows() -> list[tuple[int, str, int]]:
    keys = ("scorecard_id", "team", "blueprint_id")
    rows = Counter.objects.order_by().values_list(*keys).annotate(rows=Count("id"))
    return [(scorecard, team, kind) for scorecard, team, kind, _ in rows.filter(rows__gt=1)]


@transaction.atomic
def _add_up(rows: "QuerySet[Counter]") -> None:
    """Put one row in the place of several; those that somebody else is adding up are left alone."""
    found = list(rows.order_by("id").select_for_update(skip_locked=True))
    counts = Counts()
    for row in found:
        counts.add(row.levels, row.passed, row.failed)
    Counter.objects.filter(id__in=[row.pk for row in found]).delete()
    parts = (counts.levels, counts.passed, counts.failed)
    if found and any(any(part.values()) for part in parts):
        key = (found[0].scorecard_id, found[0].blueprint_id, found[0].team)
        insert_rows(Counter, [(*key, *map(as_text, parts))], fields=FIELDS)


@transaction.atomic
def recount(*, scorecard: Scorecard, advance: Callable[[int], object] = lambda count: None) -> None:
    """Count a scorecard anew from its evaluations; `advance` hears of so many at a time."""
    # Evaluations that moved and are not committed point at this row, so it is had when they are
    # through; and those that come later wait for this to end.
    locked = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    (ready,) = compiling.of_versions([(locked.pk, locked.version)])
    Counter.objects.filter(scorecard=scorecard).delete()
    evaluations = Evaluation.objects.filter(scorecard=scorecard).order_by("entity_id")
    last, tally = 0, Tally()
    while rows := rows_of(evaluations.filter(entity__gt=last)[:CHUNK]):
        for row in rows:
            tally.add(row, ready)
        last = rows[-1].entity_id
        advance(len(rows))
    tally.write()


def take_snapshots(*, now: datetime) -> int:
    """Keep the counts as they stand, for scorecards that have none of this day; return how many."""
    day = now.date()
    taken = ScorecardSnapshot.objects.filter(day=day, team=EVERYBODY).values("scorecard")
    due = Scorecard.objects.published().exclude(id__in=taken)
    rows = [row for scorecard in due.with_parts().order_by("id") for row in _snapshots(scorecard)]
    insert_rows(
        ScorecardSnapshot,
        [(*row, day) for row in rows],
        fields=("scorecard", "team", *PARTS, "day"),
        unique=("scorecard", "team", "day"),
    )
    return len(rows)


def _snapshots(scorecard: Scorecard) -> Iterator[tuple[int, str, str, str, str]]:
    titles = {level.pk: level.title for level in scorecard.levels.all()}
    identifiers = {rule.pk: rule.identifier for rule in scorecard.rules.all()}
    everybody = counts_of([scorecard.pk])[scorecard.pk]
    for team, counts in {EVERYBODY: everybody, **counts_by_team(scorecard.pk)}.items():
        yield (
            scorecard.pk,
            team,
            _named(counts.levels, titles),
            _named(counts.passed, identifiers),
            _named(counts.failed, identifiers),
        )


def _named(sums: Sums[int], names: Mapping[int, str]) -> str:
    return as_text({names[id_]: count for id_, count in sums.items() if id_ in names})
