"""Run a benchmark in a database of its own."""

import json
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from portal.bench import evaluate


class Command(BaseCommand):
    """Measure, and print ratios: seconds depend on the machine, ratios hardly do."""

    help = (
        "Measure in a temporary database beside the configured one, and print seconds and ratios. "
        "docs/performance.md tells how to read them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the benchmark and its size."""
        benchmarks = parser.add_subparsers(dest="benchmark", required=True)
        evaluation: ArgumentParser = benchmarks.add_parser(
            "evaluate", help="scorecards over many entities, against plain reads, inserts and peers"
        )
        evaluation.add_argument("--entities", type=int, default=100_000)
        evaluation.add_argument("--scorecards", type=int, default=10, help="of five rules each")
        evaluation.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the benchmark and print what it measured."""
        with tempfile.TemporaryDirectory() as folder:
            name = connection.settings_dict["NAME"]
            if connection.vendor == "sqlite":
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            try:
                figures = evaluate.run(
                    entities=options["entities"],
                    scorecards=options["scorecards"],
                    now=timezone.now(),
                    report=lambda text: self.stderr.write(f"{text} ..."),
                )
            finally:
                connection.creation.destroy_test_db(name, verbosity=0)
        self.stdout.write(
            json.dumps(figures.as_json(), indent=2) if options["json"] else show(figures)
        )


def show(figures: evaluate.Figures) -> str:
    """Return the figures as lines to read."""
    lines = [
        f"{figures.entities:,} entities x {figures.scorecards} scorecards = "
        f"{figures.results:,} rule results, {figures.database}, "
        f"peak {figures.peak_megabytes:,.0f} MB"
    ]
    for title, values, form in (
        ("seconds", figures.seconds, "{:12,.4f}"),
        ("million results a second", figures.million_results_a_second, "{:12,.3f}"),
        ("ratios", figures.ratios, "{:12,.2f}"),
    ):
        lines += ["", title, *(f"{form.format(value)}  {name}" for name, value in values.items())]
    return "\n".join(lines)
