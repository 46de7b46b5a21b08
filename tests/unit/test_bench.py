"""The benchmark measures what it says, on the workload it says."""

import pytest

from portal.bench import evaluate
from portal.bench.workload import RULES_EACH
from scorecards.models import Evaluation, LevelChange
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
