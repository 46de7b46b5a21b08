"""The benchmarks that start workers run, and give their figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.alone, pytest.mark.broker]

ROOT = Path(__file__).parents[2]


def figures_of(broker: str, *parts: str) -> dict[str, Any]:
    """Run a benchmark on a database of its own."""
    environment = {**os.environ, "CELERY_BROKER_URL": broker}
    if environment.get("DATABASE_URL", "").startswith("postgres"):
        # The tests are in the database that would be made beside the one that is named.
        environment["DATABASE_URL"] += "_bench"
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", *parts, "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_workers_benchmark_evaluates_everything_each_time(broker_url):
    figures = figures_of(broker_url, "workers", "--entities", "300")
    assert (figures["entities"], figures["rules"]) == (300, 50)
    assert all(seconds > 0 for seconds in figures["seconds"].values())
    assert figures["moved"]["one worker"] == figures["moved"]["two workers"] > 0
    assert figures["ratios"]["one worker / two workers"] > 0


def test_the_load_benchmark_is_answered_without_an_error(broker_url):
    figures = figures_of(broker_url, "load", "--services", "60", "--seconds", "4", "--writes", "5")
    for part in ("with_scorecards", "without_scorecards"):
        assert figures[part]["writes a second"] > 0
        assert figures[part]["requests a second"] > figures[part]["writes a second"]
    assert figures["with_scorecards"]["evaluation lag, p99"] >= 0


def test_what_needs_workers_says_so_without_a_broker():
    environment = {**os.environ, "CELERY_BROKER_URL": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "workers", "--entities", "10"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode
    assert "set CELERY_BROKER_URL" in done.stderr
