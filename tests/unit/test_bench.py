"""The benchmark measures what it says, on the workload it says."""

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import rebuild
from portal.bench import dora, evaluate, outcomes
from portal.bench.dora_scan import differing, scan
from portal.bench.dora_workload import History, Sizes, make_services
from portal.bench.workload import RULES_EACH
from portal.management.commands.bench import show
from scorecards.models import Evaluation, LevelChange, Outcome, PastOutcome
from tests.builders import NOW

pytestmark = pytest.mark.django_db


def test_the_evaluation_benchmark_runs_and_counts_its_results():
    steps: list[str] = []
    figures = evaluate.run(entities=250, scorecards=2, now=NOW, report=steps.append)
    assert figures.results == 250 * 2 * RULES_EACH
    assert Evaluation.objects.count() == 500
    assert LevelChange.objects.exists()
    assert {"first evaluation / plain insert", "one rule edited / first evaluation"} <= set(
        figures.ratios
    )
    assert all(value > 0 for value in figures.seconds.values())
    assert steps[0] == "building the workload"


SIZES = Sizes(deployments=300, pull_requests=120, incidents=40)


@pytest.mark.parametrize("has_measures", [False, True], ids=["four keys", "measures"])
def test_the_dora_benchmark_runs_and_counts_its_events(
    monkeypatch: pytest.MonkeyPatch, has_measures: bool
):
    monkeypatch.setattr(dora, "EVENTS", 5)
    figures = dora.run(
        sizes=SIZES,
        services=60,
        small=15,
        ingest=40,
        batch=20,
        has_measures=has_measures,
        now=NOW,
        report=lambda text: None,
    )
    # At 15, at a tenth, at all, and without aggregations.
    assert Entity.objects.of("deployment").count() == 300 + 40 + 4 * 5
    assert Entity.objects.of("pull_request").count() == 120
    assert Entity.objects.of("incident").count() == 40
    assert (figures.services, figures.teams) == (60, 2)
    assert figures.seconds.keys() == {
        "one event at 15, p50",
        "one event at a tenth, p50",
        "full rebuild",
        "full rebuild again",
        "plain aggregate scan",
        "dashboard query",
        "one event, p50",
        "one event, p95",
        "bulk ingest",
        "trend of a team, off samples",
        "rolling up by day",
        "trend of a team, off rollups",
        "clock sweep, nothing moved",
        "clock sweep, a day later",
        "one event without aggregations, p50",
    }
    assert all(value > 0 for value in figures.seconds.values())
    assert figures.ratios.keys() == {
        "full rebuild / plain aggregate scan",
        "one event / one event without aggregations",
        "one event / one event at a tenth",
        "one event / one event at 15",
        "dashboard query / plain aggregate scan",
        "trend off rollups / off samples",
    }
    assert 2 <= figures.counts.pop("service entities refreshed, all batches") <= 40
    assert 2 <= figures.counts.pop("_team entities refreshed, all batches") <= 4
    assert figures.counts == {
        "services whose metrics the plain scan denies after the rebuild": 0,
        "services whose metrics the plain scan denies after the ingest": 0,
        "batches ingested": 2,
        "refreshes of one service in a batch, at most": 1,
        "refreshes of one _team in a batch, at most": 1,
    }
    assert "full rebuild / plain aggregate scan" in show(figures)


def test_events_inserted_as_plain_rows_are_what_the_catalog_would_have_left():
    history = History(make_services(count=60, now=NOW), now=NOW)
    for sizes in (SIZES.share(30), SIZES):
        history.grow(sizes)
    rows = Entity.objects.filter(
        blueprint__identifier__in=["deployment", "pull_request", "incident"]
    )
    before = {row.pk: (row.facts, row.computed, row.problems) for row in rows}
    assert len(before) == sum(SIZES)
    for blueprint in Blueprint.objects.filter(pk__in=rows.values("blueprint")):
        rebuild(blueprint=blueprint, now=NOW)
    assert {row.pk: (row.facts, row.computed, row.problems) for row in rows.all()} == before
    assert EntityRelation.objects.filter(relation="service").count() == sum(SIZES)


def test_the_plain_scan_notices_a_metric_that_is_wrong():
    history = History(make_services(count=60, now=NOW), now=NOW)
    dora.grow(history, SIZES, report=lambda text: None)
    found = scan(now=NOW)
    assert differing(found) == 0
    service = next(iter(found["incident"]))
    found["incident"][service] = (99, *found["incident"][service][1:])
    assert differing(found) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--deployments", "0"], "'0' is not a size; give a whole number from 1"),
        (["--services", "many"], "'many' is not a size; give a whole number from 1"),
        (["--deployments", "500", "--small"], "give less than --deployments"),
    ],
)
def test_sizes_that_cannot_be_measured_are_refused(arguments: list[str], message: str):
    with pytest.raises(CommandError, match=message):
        call_command("bench", "dora", *arguments)


def test_the_outcomes_benchmark_runs_and_writes_what_it_measures():
    steps: list[str] = []
    figures = outcomes.run(entities=30, rules=4, now=NOW, report=steps.append)
    assert figures.outcomes == Outcome.objects.count() == PastOutcome.objects.count() == 120
    assert Evaluation.objects.count() == 30
    assert figures.ratios.keys() == {
        "rate of first outcomes / rate of plain insert",
        "rate of every outcome replaced / rate of plain insert",
        "rate of nothing new / rate of plain insert",
    }
    assert all(value > 0 for value in figures.seconds.values())
    assert "30 entities x 4 reported rules" in show(figures)


def test_no_scorecard_has_as_many_rules():
    with pytest.raises(CommandError, match="at most 63 rules"):
        call_command("bench", "outcomes", "--rules", "64")
