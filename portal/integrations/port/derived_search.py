"""Going through derived entities page by page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from catalog.conditions import Query, reads
from catalog.conditions import predicate as predicate_of
from catalog.errors import Invalid
from portal.integrations.port import cursors
from portal.integrations.port.derived_definitions import Definitions, Facts
from portal.integrations.port.derived_narrowing import narrow
from portal.integrations.port.derived_results import (
    LATE_KEYS,
    Position,
    Result,
    add_late_facts,
    evaluations_of,
    results_of,
)
from portal.integrations.port.listing import SHOWN_AT_MOST

# For one page, so many are looked at.
LOOKED_AT_MOST = 20_000
# Evaluations that are read together, at first and at last.
FIRST_CHUNK, LAST_CHUNK = 50, 2_000

Page = tuple[list[Facts], cursors.Position | None]


def page_of_definitions(
    numbered: Iterable[tuple[int, Facts]],
    query: Query | None,
    *,
    now: datetime,
    limit: int | None,
    after: cursors.Position | None,
) -> Page:
    """Return the next scorecards or rules that a query holds for, and where the page ends."""
    found: list[Facts] = []
    last = after[0] if after else 0
    for number, facts in numbered:
        if number <= last or not _holds(query, facts, now):
            continue
        if len(found) == limit:
            return found, (last,)
        found.append(facts)
        last = number
    return found, None


def page_of_results(
    query: Query | None,
    definitions: Definitions,
    *,
    now: datetime,
    limit: int | None,
    after: cursors.Position | None,
) -> Page:
    """Return the next results that a query holds for, and where the page ends.

    Goes through the evaluations that may have some, a chunk at a time, until the page is full.
    """
    condition = narrow(query, definitions, now=now) & definitions.readable
    page: list[Result] = []
    last = Position(*after) if after else None
    most, looked_at, size = SHOWN_AT_MOST if limit is None else limit, 0, FIRST_CHUNK
    while limit is None or looked_at < LOOKED_AT_MOST:
        evaluations = evaluations_of(condition, after=last, limit=size)
        results = list(results_of(evaluations, definitions, after=last))
        for result in _met(query, results, now):
            if len(page) == most:
                return _facts_of(page), _end(last, limit)
            page.append(result)
            last = result.position
        if len(evaluations) < size:
            return _facts_of(page), None
        last = Position(*evaluations[-1][:2])
        looked_at, size = looked_at + len(results) + 1, min(size * 2, LAST_CHUNK)
    return _facts_of(page), last


def _met(query: Query | None, results: Sequence[Result], now: datetime) -> Iterator[Result]:
    if query is not None and reads(query) & LATE_KEYS:
        add_late_facts(results)
    return (result for result in results if _holds(query, result.facts, now))


def _facts_of(results: Sequence[Result]) -> list[Facts]:
    add_late_facts(results)
    return [result.facts for result in results]


def _end(last: Position | None, limit: int | None) -> Position | None:
    if limit is None:
        raise Invalid.at(
            "", f"finds more than {SHOWN_AT_MOST:,}; narrow it, or read them page by page"
        )
    return last


def _holds(query: Query | None, facts: Facts, now: datetime) -> bool:
    return query is None or predicate_of(query)(facts, now)
