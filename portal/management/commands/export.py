"""Export everything of this installation as one file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from catalog.models import Blueprint
from portal import archive


class Command(BaseCommand):
    """Write blueprints, entities, scorecards and the rest as a ZIP of JSON Lines."""

    help = (
        "Export everything as one file that `import` reads: a ZIP with a file of JSON Lines for "
        "each kind. Secrets, tokens and, unless asked for, passwords stay behind; those to be "
        "given again are listed. May be run while the site is in use."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and what is to go into it."""
        parser.add_argument("file", metavar="FILE", help="the file to write; - is standard output")
        parser.add_argument(
            "--only", metavar="KIND,...", help=f"these kinds only, of: {', '.join(archive.NAMES)}"
        )
        parser.add_argument(
            "--blueprint",
            action="append",
            default=[],
            metavar="BLUEPRINT",
            help="only this blueprint and its entities; may be given more than once",
        )
        parser.add_argument(
            "--with-history",
            action="store_true",
            help="also what happened: audit rows, moves between levels, past results",
        )
        parser.add_argument(
            "--with-passwords", action="store_true", help="also the hashes of users' passwords"
        )

    def handle(self, *, file: str, **options: Any) -> None:
        """Export, and say what stayed behind."""
        selection = _selection(options)
        if file == "-":
            manifest = _write(sys.stdout.buffer, selection)
        else:
            manifest = self._write_file(Path(file), selection)
        count = sum(item["count"] for item in manifest.kinds.values())
        # Standard output may be the archive.
        self.stderr.write(f"Exported {count:,} things of {len(manifest.kinds)} kinds.")
        if manifest.secrets:
            self.stderr.write("Left out, to be given again after an import:")
            for name in manifest.secrets:
                self.stderr.write(f"  {name}")

    def _write_file(self, path: Path, selection: archive.Selection) -> archive.Manifest:
        draft = path.with_name(f"{path.name}.part")
        try:
            # Only for who exports: it names people.
            draft.touch(mode=0o600)
            with draft.open("wb") as out:
                manifest = _write(out, selection)
            draft.rename(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
        finally:
            draft.unlink(missing_ok=True)
        return manifest


def _write(out: IO[bytes], selection: archive.Selection) -> archive.Manifest:
    with tqdm(unit=" lines") as bar:

        def show(kind: str, count: int) -> None:
            bar.set_description(kind, refresh=False)
            bar.update(count)

        return archive.write_archive(out, selection=selection, now=timezone.now(), advance=show)


def _selection(options: dict[str, Any]) -> archive.Selection:
    blueprints = frozenset(options["blueprint"])
    known = set(Blueprint.objects.values_list("identifier", flat=True))
    if missing := sorted(blueprints - known):
        raise CommandError(f"There is no blueprint {', '.join(missing)}.")
    names = archive.names_for(has_history=options["with_history"], blueprints=blueprints)
    if options["only"]:
        names = chosen(options["only"])
    return archive.Selection(names, blueprints, has_passwords=options["with_passwords"])


def chosen(text: str) -> frozenset[str]:
    """Return the kinds that a list names; raises `CommandError`."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(names - set(archive.NAMES)):
        known = ", ".join(archive.NAMES)
        raise CommandError(f"There is no kind {', '.join(unknown)}; there are: {known}.")
    return names
