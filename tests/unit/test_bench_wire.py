"""The benchmark of the wire dialects runs, a server included."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# It serves from a process of its own.
pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]


def test_the_wire_benchmark_runs_and_gives_its_ratios() -> None:
    environment = dict(os.environ)
    if environment.get("DATABASE_URL", "").startswith("postgres"):
        # The tests are in the database that would be made beside the one that is named.
        environment["DATABASE_URL"] += "_bench"
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "wire", "--batches", "3", "--requests", "40",
         "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    assert (figures["batches"], figures["requests"]) == (3, 40)
    assert figures["ratios"].keys() == {
        "bulk by the dialect / bulk natively",
        "p99 while hammered / p99",
    }
    assert all(value > 0 for value in figures["milliseconds"].values())
