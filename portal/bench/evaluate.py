"""The evaluation benchmark: what settling results costs, against what nothing can beat."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from resource import RUSAGE_SELF, getrusage
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from catalog.bulk import chunks, decode, raw_json, update_rows
from catalog.conditions import Clock
from catalog.models import Blueprint, Entity, new_revision
from portal.bench import figures, peers, workload
from scorecards import compiled
from scorecards.models import Evaluation, Fingerprint, Rule, Scorecard
from scorecards.operations.evaluating import evaluate_blueprint, evaluate_scorecard, evaluate_stale

CHUNK = 1_000
SAVES = 200
IN_MEMORY = 20_000
Report = Callable[[str], object]


@dataclass(frozen=True)
class Figures(figures.Figures):
    """What one run measured: seconds, megabytes, million rule results a second, and ratios."""

    entities: int
    scorecards: int
    results: int
    database: str
    seconds: dict[str, float]
    million_results_a_second: dict[str, float]
    ratios: dict[str, float]
    peak_megabytes: float

    @property
    def headline(self) -> str:
        """Return what was measured, in a line."""
        return (
            f"{self.entities:,} entities x {self.scorecards} scorecards = "
            f"{self.results:,} rule results, {self.database}, "
            f"peak {self.peak_megabytes:,.0f} MB"
        )

    @property
    def tables(self) -> list[tuple[str, dict[str, Any], str]]:
        """Return what to show: the title, the values and the form of their numbers."""
        return [
            ("seconds", self.seconds, "{:12,.4f}"),
            ("million results a second", self.million_results_a_second, "{:12,.3f}"),
            ("ratios", self.ratios, "{:12,.2f}"),
        ]


def run(*, entities: int, scorecards: int, now: datetime, report: Report) -> Figures:
    """Build the workload in the connected, empty database and measure everything on it."""
    report("building the workload")
    blueprint = workload.make_blueprint(now)
    workload.make_scorecards(count=scorecards, now=now)
    for _ in workload.make_entities(blueprint, count=entities, now=now):
        pass
    with connection.cursor() as cursor:
        # As a database in use has long done by itself: without it, plans are guesses.
        cursor.execute("ANALYZE")
    report("first evaluation")
    seconds = {"first evaluation": timed(lambda: sweep(now))}
    # Before the measuring itself keeps rows in memory: the peak is the evaluator's.
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    seconds |= _again(now, report)
    report("saving one entity")
    seconds |= _saving(blueprint)
    report("pure evaluation and peers")
    rates = _rates(now, scorecards)
    return Figures(
        entities=entities,
        scorecards=scorecards,
        results=entities * scorecards * workload.RULES_EACH,
        database=connection.vendor,
        seconds={key: round(value, 5) for key, value in seconds.items()},
        million_results_a_second={key: round(value, 4) for key, value in rates.items()},
        ratios={key: round(value, 2) for key, value in _ratios(seconds, rates).items()},
        peak_megabytes=round(peak, 1),
    )


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds a piece of work took."""
    start = perf_counter()
    work()
    return perf_counter() - start


def sweep(now: datetime) -> None:
    """Evaluate every entity of the workload."""
    evaluate_blueprint(blueprint=workload.BLUEPRINT, now=now)


def _again(now: datetime, report: Report) -> dict[str, float]:
    """Measure what comes after the first evaluation, and the limits to hold it against."""
    report("the same rows, plainly inserted")
    seconds = {"plain insert": _plain_insert()}
    report("nothing changed")
    seconds["plain read and decode"] = median(timed(_plain_decode) for _ in range(3))
    seconds["nothing changed"] = median(timed(lambda: sweep(now)) for _ in range(3))
    report("one in a hundred changed")
    _touch(now)
    seconds["1 % changed"] = timed(lambda: sweep(now))
    _touch(now + timedelta(seconds=1))
    seconds["1 % changed, only the stale"] = timed(lambda: evaluate_stale(now=now))
    report("one rule edited")
    scorecard = _edit_rule(now)
    seconds["one rule edited"] = timed(lambda: evaluate_scorecard(scorecard=scorecard, now=now))
    return seconds


def _facts() -> Iterator[list[tuple[int, str]]]:
    """Yield ids and facts of all entities, in the chunks that evaluation reads."""
    last = 0
    owner = Blueprint.objects.get(identifier=workload.BLUEPRINT).pk
    rows = Entity.objects.filter(blueprint_id=owner).annotate(raw=raw_json("facts")).order_by("id")
    while chunk := list(rows.filter(id__gt=last).values_list("id", "raw")[:CHUNK]):
        yield chunk
        last = chunk[-1][0]


def _plain_decode() -> None:
    for chunk in _facts():
        for _, raw in chunk:
            decode(raw)


def _plain_insert() -> float:
    """Return what inserting the very same evaluations costs, with nothing else done."""
    names = [field.column for field in Evaluation._meta.local_concrete_fields if field.name != "id"]
    columns = ", ".join(names)
    table = Evaluation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY id")  # noqa: S608
        rows = cursor.fetchall()
    Evaluation.objects.all()._raw_delete("default")
    marks = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608

    def insert() -> None:
        for batch in chunks(rows, CHUNK * 10):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(statement, batch)

    return timed(insert)


def _touch(now: datetime) -> None:
    """Change one number of every hundredth entity, and mark it stale."""
    ids = Entity.objects.of(workload.BLUEPRINT).order_by("id").values_list("id", flat=True)
    rows = [row for chunk in chunks(ids[::100]) for row in Entity.objects.filter(id__in=chunk)]
    for row in rows:
        row.facts["number_0"] = 100 - (row.facts.get("number_0") or 0)
        row.stale_since = now
    update_rows(rows, fields=["facts", "stale_since"])


def _edit_rule(now: datetime) -> Scorecard:
    rule = Rule.objects.select_related("scorecard").order_by("id")[0]
    query = {
        "combinator": "and",
        "conditions": [{"property": "number_1", "operator": ">=", "value": 50}],
    }
    Rule.objects.filter(pk=rule.pk).update(query=query)
    # As `rescore` marks it.
    rows = Scorecard.objects.filter(pk=rule.scorecard_id)
    rows.update(version=new_revision(), stale_since=now)
    return Scorecard.objects.get(pk=rule.scorecard_id)


def _saving(blueprint: Blueprint) -> dict[str, float]:
    """Return p50 and p99 of a plain save that moves results, and of the same without scorecards."""
    with_scorecards = _saves(blueprint)
    Scorecard.objects.update(status=Scorecard.Status.DRAFT)
    Fingerprint.objects.all()._raw_delete("default")
    without = _saves(blueprint)
    Scorecard.objects.update(status=Scorecard.Status.PUBLISHED)
    return {
        "one save, p50": median(with_scorecards),
        "one save, p99": quantiles(with_scorecards, n=100)[98],
        "one save without scorecards, p50": median(without),
        "one save without scorecards, p99": quantiles(without, n=100)[98],
    }


def _saves(blueprint: Blueprint) -> list[float]:
    taken = []
    for row in Entity.objects.filter(blueprint=blueprint).order_by("id")[:SAVES]:
        row.properties["number_1"] = 100 - row.properties.get("number_1", 0)
        taken.append(timed(row.save))
    return taken


def _rates(now: datetime, scorecards: int) -> dict[str, float]:
    """Return million results a second: ours from memory and from text, and the peers'."""
    ready = compiled.for_blueprint(workload.BLUEPRINT)
    bundle = compiled.bundle_of(ready)
    clock = bundle.prepare(now)
    texts = [raw for chunk in _facts() for _, raw in chunk][:IN_MEMORY]
    facts = [decode(text) for text in texts]
    rules = len(ready) * workload.RULES_EACH

    def rate(work: Callable[[], object]) -> float:
        return len(facts) * rules / median(timed(work) for _ in range(5)) / 1e6

    mine = {
        "tidemark": rate(partial(_each, bundle.evaluate, facts, clock)),
        "tidemark, from JSON": rate(partial(_each, bundle.evaluate_text, texts, clock)),
    }
    return mine | peers.rates(facts, workload.rule_conditions(scorecards * workload.RULES_EACH))


def _each(evaluate: Callable[[Any, Clock], object], items: Sequence[Any], clock: Clock) -> None:
    # Results are not kept: collecting the garbage of a million would be measured with them.
    for item in items:
        evaluate(item, clock)


def _ratios(seconds: dict[str, float], rates: dict[str, float]) -> dict[str, float]:
    ratios = {
        "first evaluation / plain insert": seconds["first evaluation"] / seconds["plain insert"],
        "nothing changed / plain read and decode": seconds["nothing changed"]
        / seconds["plain read and decode"],
        "one rule edited / first evaluation": seconds["one rule edited"]
        / seconds["first evaluation"],
        "one save / one save without scorecards": seconds["one save, p50"]
        / seconds["one save without scorecards, p50"],
    }
    for name, rate in rates.items():
        if not name.startswith("tidemark"):
            mine = "tidemark, from JSON" if name.endswith("from JSON") else "tidemark"
            ratios[f"{mine} / {name}"] = rates[mine] / rate
    return ratios
