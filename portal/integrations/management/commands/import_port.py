"""Move a model over from Port: `manage.py import_port FILE...`."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from catalog.errors import Invalid
from catalog.storable import storable_faults
from portal.integrations.port.exports import Item, read_export
from portal.integrations.port.importing import Report, import_items
from portal.permissions import SHELL

SHOWN_AT_MOST = 50


class Command(BaseCommand):
    """All files are one import, which is taken whole or not at all."""

    help = (
        "Import blueprints, entities, scorecards and pages that were exported from Port as JSON, "
        "in the right order, and tell what was adapted. All of it is taken, or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to read, and how."""
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="a JSON file, or a directory of them"
        )
        parser.add_argument(
            "--blueprint", help="the blueprint of scorecards that do not say whose they are"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would be done, and save nothing"
        )

    def handle(
        self, *, files: list[str], blueprint: str | None, dry_run: bool, **_options: Any
    ) -> None:
        """Read, import and report."""
        try:
            items = [item for path in _paths(files) for item in _items(path, blueprint)]
        except Invalid as error:
            raise CommandError("\n".join(_line(fault) for fault in error.faults)) from error
        with tqdm(total=len(items), unit="item", disable=not sys.stderr.isatty()) as bar:
            report = import_items(
                items=items,
                by=SHELL,
                now=timezone.now(),
                is_trial=dry_run,
                progress=bar.update,
            )
        self._tell(report, is_trial=dry_run)

    def _tell(self, report: Report, *, is_trial: bool) -> None:
        for place, note in report.notes:
            self.stdout.write(f"adapted  {place}: {note}")
        if report.faults:
            lines = [_line(fault) for fault in report.faults[:SHOWN_AT_MOST]]
            if len(report.faults) > SHOWN_AT_MOST:
                lines.append(f"and {len(report.faults) - SHOWN_AT_MOST:,} more")
            raise CommandError("\n".join([*lines, "Nothing was imported."]))
        counts = ", ".join(f"{kind} {count:,}" for kind, count in report.counts.items())
        self.stdout.write(f"{'Would import' if is_trial else 'Imported'}: {counts}.")


def _line(fault: Any) -> str:
    return f"{fault.path.replace(':.', ': ').rstrip(':')}: {fault.message}"


def _paths(names: list[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not found:
            raise CommandError(f"{path} holds no JSON file.")
        yield from found


def _items(path: Path, blueprint: str | None) -> Iterator[Item]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}") from error
    if faults := storable_faults(raw):
        raise Invalid(fault.under(f"{path}:") for fault in faults)
    yield from read_export(raw, place=str(path), blueprint=blueprint)
