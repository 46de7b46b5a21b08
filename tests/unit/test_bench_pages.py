"""The benchmark of the pages runs, a server of two workers included."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.bench.pages_requests import PAGES

# It serves from processes of its own.
pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]


def test_the_pages_benchmark_runs_and_gives_its_figures() -> None:
    environment = dict(os.environ)
    if environment.get("DATABASE_URL", "").startswith("postgres"):
        # The tests are in the database that would be made beside the one that is named.
        environment["DATABASE_URL"] += "_bench"
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "pages", "--entities", "120", "--requests", "8",
         "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    there = set(PAGES) - set(figures["absent"])
    assert (figures["entities"], figures["few"], figures["requests"]) == (120, 120, 8)
    assert set(figures["absent"]) <= {"catalog, grouped by team"}
    assert figures["at_many"].keys() == figures["html_kilobytes"].keys() == there
    assert all(value > 0 for page in figures["at_many"].values() for value in page.values())
    assert {f"{page}, p99 / p50" for page in there} < set(figures["ratios"])
    assert figures["first_load_kilobytes"]["compressed"] <= 120
