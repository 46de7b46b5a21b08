"""The workers benchmark: a full evaluation of very many entities, by one worker and by two."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter, sleep
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from portal.bench import figures, workload
from portal.bench.pages_serving import task_workers
from portal.bench.pages_workload import analyze
from portal.permissions import SYSTEM
from scorecards.models import LevelChange, Scorecard
from scorecards.operations import save_scorecard

RULES = 50
EITHER = 6
NAME = "bench_0"
Report = Callable[[str], object]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: seconds and ratios."""

    entities: int
    rules: int
    database: str
    seconds: dict[str, float]
    moved: dict[str, int]
    ratios: dict[str, float]

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return f"{self.entities:,} entities x {self.rules} rules, {self.database}"

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("seconds", self.seconds, "{:12,.1f}"),
            ("changes of levels", self.moved, "{:12,}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(*, entities: int, now: datetime, report: Report) -> Figures:
    """Build the workload in the connected, empty database and measure everything on it.

    A scorecard of fifty rules is edited, so that every entity has to be evaluated: its rules stand
    at other levels, and then again where they stood.
    """
    report(f"building {entities:,} entities")
    blueprint = workload.make_blueprint(now)
    for _ in workload.make_entities(blueprint, count=entities, now=now):
        pass
    analyze()
    seconds, moved = {}, {}
    # The first evaluation inserts what the others update, and is not compared with them.
    for name, count, shift in (
        ("first evaluation, two workers", 2, 0),
        ("one worker", 1, 1),
        ("two workers", 2, 0),
    ):
        report(name)
        seconds[name] = round(_evaluated(count, shift), 2)
        analyze()
        moved[name] = LevelChange.objects.count() - sum(moved.values())
    return Figures(
        entities=entities,
        rules=RULES,
        database=connection.vendor,
        seconds=seconds,
        moved=moved,
        ratios={
            "one worker / two workers": round(seconds["one worker"] / seconds["two workers"], 2)
        },
    )


def _evaluated(workers: int, shift: int) -> float:
    """Return how many seconds it takes from saving the scorecard until nothing is stale."""
    with task_workers(workers, broker=settings.CELERY_BROKER_URL):
        start = perf_counter()
        save_scorecard(definition=_document(shift), by=SYSTEM, now=timezone.now())
        while Scorecard.objects.filter(stale_since__isnull=False).exists():
            sleep(0.1)
        return perf_counter() - start


def _conditions() -> list[list[workload.Condition]]:
    """Return the conditions of the rules: so many each that most entities pass most rules."""
    parts = iter(workload.rule_conditions(RULES * EITHER))
    return [[part for _ in range(EITHER) for part in next(parts)] for _ in range(RULES)]


def _document(shift: int) -> dict[str, Any]:
    """Return a scorecard of fifty rules whose levels are shifted by some places."""
    levels = ("Bronze", "Bronze", "Silver", "Silver", "Gold")
    document = workload.scorecard_document(0, workload.rule_conditions(len(levels)))
    rules = [
        {
            "identifier": f"rule_{number}",
            "title": f"Rule {number}",
            "level": levels[(number + shift) % len(levels)],
            "query": {"combinator": "or", "conditions": conditions},
        }
        for number, conditions in enumerate(_conditions())
    ]
    return {**document, "identifier": NAME, "rules": rules}
