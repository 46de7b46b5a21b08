"""Run a benchmark in a database of its own."""

import json
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from portal.bench import dora, evaluate, load, outcomes, pages, wire, workers
from portal.bench.dora_workload import Sizes
from portal.bench.figures import Figures
from scorecards.models import MAX_RULES


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
        _add_dora(
            benchmarks.add_parser(
                "dora", help="metrics over a year of delivery events, against a plain scan of them"
            )
        )

        reported: ArgumentParser = benchmarks.add_parser(
            "outcomes", help="outcomes that are reported in batches, against plain inserts"
        )
        reported.add_argument("--entities", type=positive, default=10_000)
        reported.add_argument("--rules", type=positive, default=10, help="at most 63")
        reported.add_argument("--json", action="store_true", help="print the figures as JSON")

        wires: ArgumentParser = benchmarks.add_parser(
            "wire", help="the wire dialects, against the native API and beside wrong secrets"
        )
        wires.add_argument("--batches", type=positive, default=100, help="of twenty entities")
        wires.add_argument("--requests", type=positive, default=1_000, help="reads that are timed")
        wires.add_argument("--json", action="store_true", help="print the figures as JSON")

        shown: ArgumentParser = benchmarks.add_parser(
            "pages", help="server time of pages at many entities, against the same at few"
        )
        shown.add_argument("--entities", type=positive, default=100_000)
        shown.add_argument("--requests", type=positive, default=200, help="of each page")
        shown.add_argument("--json", action="store_true", help="print the figures as JSON")

        mixed: ArgumentParser = benchmarks.add_parser(
            "load",
            help="pages, API and writes at once, with scorecards and without; needs a broker",
        )
        mixed.add_argument("--services", type=positive, default=5_000)
        mixed.add_argument("--seconds", type=positive, default=120, help="of each run")
        mixed.add_argument("--writes", type=positive, default=50, help="a second")
        mixed.add_argument("--json", action="store_true", help="print the figures as JSON")

        shared: ArgumentParser = benchmarks.add_parser(
            "workers", help="a full evaluation by one worker and by two; needs a broker"
        )
        shared.add_argument("--entities", type=positive, default=500_000)
        shared.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the benchmark and print what it measured."""
        measures = {
            "evaluate": self._evaluate,
            "dora": self._dora,
            "outcomes": self._outcomes,
            "pages": self._pages,
            "wire": self._wire,
            "workers": self._workers,
            "load": self._load,
        }
        measure = measures[options["benchmark"]]
        if options.get("small") and options["small"] >= options["deployments"]:
            raise CommandError("--small is a part of the deployments; give less than --deployments")
        if options.get("rules", 0) > MAX_RULES:
            raise CommandError(f"a scorecard has at most {MAX_RULES} rules")
        if options["benchmark"] in ("load", "workers") and not settings.CELERY_BROKER_URL:
            raise CommandError("set CELERY_BROKER_URL: this measures workers, which a broker feeds")
        with _database_of_its_own():
            figures = measure(options)
        self.stdout.write(
            json.dumps(figures.as_json(), indent=2) if options["json"] else show(figures)
        )

    def _evaluate(self, options: dict[str, Any]) -> Figures:
        return evaluate.run(
            entities=options["entities"],
            scorecards=options["scorecards"],
            now=timezone.now(),
            report=self._report,
        )

    def _dora(self, options: dict[str, Any]) -> Figures:
        sizes = Sizes(options["deployments"], options["pull_requests"], options["incidents"])
        return dora.run(
            sizes=sizes,
            services=options["services"],
            small=options["small"],
            ingest=options["ingest"],
            batch=options["batch"],
            has_measures=options["measures"],
            # To the second, as the times of the events are.
            now=timezone.now().replace(microsecond=0),
            report=self._report,
        )

    def _outcomes(self, options: dict[str, Any]) -> Figures:
        return outcomes.run(
            entities=options["entities"],
            rules=options["rules"],
            now=timezone.now(),
            report=self._report,
        )

    def _wire(self, options: dict[str, Any]) -> Figures:
        return wire.run(
            batches=options["batches"],
            requests=options["requests"],
            now=timezone.now(),
            report=self._report,
        )

    def _pages(self, options: dict[str, Any]) -> Figures:
        return pages.run(
            entities=options["entities"],
            requests=options["requests"],
            now=timezone.now(),
            report=self._report,
        )

    def _workers(self, options: dict[str, Any]) -> Figures:
        return workers.run(entities=options["entities"], now=timezone.now(), report=self._report)

    def _load(self, options: dict[str, Any]) -> Figures:
        return load.run(
            services=options["services"],
            seconds=options["seconds"],
            writes=options["writes"],
            now=timezone.now(),
            report=self._report,
        )

    def _report(self, text: str) -> None:
        self.stderr.write(f"{text} ...")


def _add_dora(parser: ArgumentParser) -> None:
    """Take the size of the DORA benchmark."""
    for name, default, text in (
        ("deployments", 100_000, "past deployments"),
        ("incidents", 10_000, "past incidents"),
        ("pull-requests", 50_000, "past pull requests"),
        ("services", 1_000, "services that the events are about, fifty to a team"),
        ("ingest", 10_000, "deployments to report in bulk"),
        ("batch", 1_000, "deployments of a batch when they are reported in bulk"),
    ):
        parser.add_argument(
            f"--{name}", type=positive, default=default, help=f"{text} ({default:,})"
        )
    parser.add_argument(
        "--small",
        type=positive,
        nargs="?",
        const=10_000,
        help="measure one event at this many past deployments too (10,000 if no number is given)",
    )
    parser.add_argument(
        "--measures",
        action="store_true",
        help="with DORA's own measures beside the four keys; loading the events takes far longer",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def positive(text: str) -> int:
    """Return a size; raises `ArgumentTypeError` for what is none."""
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"'{text}' is not a size; give a whole number from 1")
    return int(text)


@contextmanager
def _database_of_its_own() -> Iterator[None]:
    """Connect to an empty, migrated database for the length of a block."""
    with tempfile.TemporaryDirectory() as folder:
        name = connection.settings_dict["NAME"]
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def show(figures: Figures) -> str:
    """Return the figures as lines to read."""
    lines = [figures.headline]
    for title, values, form in figures.tables:
        lines += ["", title, *(f"{form.format(value)}  {name}" for name, value in values.items())]
    return "\n".join(lines)
