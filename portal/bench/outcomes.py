"""The benchmark of reported outcomes: what their batches cost beside plain inserts of the rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from catalog.bulk import chunks
from catalog.models import Entity
from portal.bench import figures, workload
from portal.bench.evaluate import sweep, timed
from portal.permissions import SYSTEM
from scorecards.models import Outcome, OutcomeBatch, PastOutcome, Rule, RuleChange
from scorecards.operations import Said, apply_batch, save_scorecard, store_batch

# Entities of one batch, which is applied in one transaction.
ENTITIES_EACH = 1_000
LEVELS = ("Bronze", "Silver", "Gold")
STATES = ("PASS", "FAIL", "PASS", "SKIP")
REMARK = "See https://ci.example.com/runs/4711"
Report = Callable[[str], object]
Batch = dict[tuple[int, int], Said]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: seconds, outcomes a second, and ratios."""

    entities: int
    rules: int
    outcomes: int
    database: str
    seconds: dict[str, float]
    outcomes_a_second: dict[str, int]
    ratios: dict[str, float]

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return f"{self.entities:,} entities x {self.rules} reported rules, {self.database}"

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("seconds", self.seconds, "{:12,.3f}"),
            ("outcomes a second", self.outcomes_a_second, "{:12,}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(*, entities: int, rules: int, now: datetime, report: Report) -> Figures:
    """Measure in the connected, empty database."""
    report("building the workload")
    _prepare(entities, rules, now)
    report("the same rows, plainly inserted")
    batches = list(_batches(0))
    seconds = {"plain insert": timed(lambda: _plain_insert(batches, now))}
    Outcome.objects.all().delete()
    for turn, name in enumerate(("first outcomes", "every outcome replaced")):
        report(name)
        at = now + timedelta(minutes=turn)
        batches = list(_batches(turn))
        seconds[name] = timed(lambda: _arrive(batches, at))  # noqa: B023 - run at once
    report("nothing new")
    seconds["nothing new"] = timed(lambda: _arrive(batches, now + timedelta(hours=1)))
    outcomes = entities * rules
    _require(outcomes)
    return Figures(
        entities=entities,
        rules=rules,
        outcomes=outcomes,
        database=connection.vendor,
        seconds={name: round(value, 4) for name, value in seconds.items()},
        outcomes_a_second={name: round(outcomes / value) for name, value in seconds.items()},
        ratios={
            f"rate of {name} / rate of plain insert": round(seconds["plain insert"] / value, 2)
            for name, value in seconds.items()
            if name != "plain insert"
        },
    )


def _prepare(entities: int, rules: int, now: datetime) -> None:
    blueprint = workload.make_blueprint(now)
    for _ in workload.make_entities(blueprint, count=entities, now=now):
        pass
    document = {
        "identifier": "bench_reported",
        "title": "Reported",
        "blueprints": [workload.BLUEPRINT],
        "rules": [
            {
                "identifier": f"rule_{number}",
                "title": f"Rule {number}",
                "level": LEVELS[number % len(LEVELS)],
                "query": None,
            }
            for number in range(rules)
        ],
    }
    save_scorecard(definition=document, by=SYSTEM, now=now)
    with connection.cursor() as cursor:
        # As a database in use has long done by itself: without it, plans are guesses.
        cursor.execute("ANALYZE")
    # Evaluated before anything is reported, as entities are; so every outcome moves a result.
    sweep(now)


def _batches(turn: int) -> Iterator[Batch]:
    """Yield what is said of every pair, in batches; something else of each at every turn."""
    rules = list(Rule.objects.order_by("id").values_list("id", flat=True))
    ids = Entity.objects.of(workload.BLUEPRINT).order_by("id").values_list("id", flat=True)
    for chunk in chunks(ids, ENTITIES_EACH):
        yield {
            (rule, entity): Said(STATES[(entity + index + turn) % len(STATES)], REMARK)
            for entity in chunk
            for index, rule in enumerate(rules)
        }


def _arrive(batches: list[Batch], now: datetime) -> None:
    """Store every batch and apply it, as the door and the worker do one after the other."""
    for said in batches:
        batch = store_batch(said=said, by=SYSTEM, now=now)
        apply_batch(batch_id=batch.pk, now=now)


def _plain_insert(batches: list[Batch], now: datetime) -> None:
    """Insert the rows of the first turn with `bulk_create`, in transactions of the same size."""
    for said in batches:
        with transaction.atomic():
            Outcome.objects.bulk_create(
                Outcome(
                    rule_id=rule,
                    entity_id=entity,
                    state=what.state,
                    remark=what.remark,
                    created_at=now,
                    reported_at=now,
                    reported_by=SYSTEM.label,
                )
                for (rule, entity), what in said.items()
            )


def _require(outcomes: int) -> None:
    """Raise where not everything was written that the figures are about."""
    counts = (Outcome.objects.count(), PastOutcome.objects.count())
    failed = OutcomeBatch.objects.exclude(status=OutcomeBatch.Status.DONE).count()
    if counts != (outcomes, outcomes) or failed or not RuleChange.objects.exists():
        raise RuntimeError(f"{counts} outcomes and past ones of {outcomes}, {failed} not applied")
