"""Bring in what was exported, here or elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from catalog.errors import CatalogError, Invalid
from portal import archive
from portal.exclusive import Taken, exclusive
from portal.management.commands.export import chosen
from portal.permissions import Actor

IMPORTER = Actor(label="import", source="command")


class Command(BaseCommand):
    """Bring an archive into this installation, be it empty or in use."""

    help = (
        "Import what `export` wrote, into an empty installation or one in use: what is there and "
        "differs is replaced, what is not in the file stays. Doing it twice changes nothing. Each "
        "kind is written whole or not at all. Only import files that you trust: whoever made one "
        "decides who may do what."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and what of it is to come in."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--only", metavar="KIND,...", help="these kinds only; see `export`")
        parser.add_argument("--dry-run", action="store_true", help="do all, and take it back")
        parser.add_argument(
            "--max-bytes",
            type=int,
            default=archive.MAX_BYTES,
            help="the most that the file may hold unpacked (default: %(default)s)",
        )

    def handle(
        self, *, file: Path, only: str | None, dry_run: bool, max_bytes: int, **_options: Any
    ) -> None:
        """Import with a progress bar, and say what came of it."""
        names = chosen(only) if only else frozenset()
        try:
            with (
                exclusive("rebuild"),
                archive.opened_archive(file, max_bytes=max_bytes) as opened,
                tqdm(unit=" lines") as bar,
            ):
                secrets = opened.secrets

                def show(kind: str, count: int) -> None:
                    bar.set_description(kind, refresh=False)
                    bar.update(count)

                done = archive.import_archive(
                    opened,
                    only=names,
                    by=IMPORTER,
                    clock=timezone.now,
                    watch=show,
                    is_dry=dry_run,
                )
        except Invalid as error:
            lines = "\n".join(f"  {fault.path}: {fault.message}" for fault in error.faults)
            message = f"Of this kind nothing was imported; kinds before it are.\n{lines}"
            raise CommandError(message) from error
        except (archive.ArchiveFault, CatalogError, Taken) as error:
            raise CommandError(f"Nothing was imported: {error}.") from error
        self._tell(done, secrets, is_dry=dry_run)

    def _tell(self, done: archive.Import, secrets: list[str], *, is_dry: bool) -> None:
        for name, tally in done.tallies.items():
            if tally.note:
                self.stdout.write(f"  {name}: {tally.note}")
            elif tally.moved:
                self.stdout.write(f"  {name}: {tally.created:,} new, {tally.changed:,} changed")
        if is_dry:
            self.stdout.write(f"Would import {done.moved:,} things; nothing was written.")
            return
        self.stdout.write(f"Imported {done.moved:,} things.")
        if secrets and done.moved:
            self.stdout.write("To be given again, since secrets are in no archive:")
            for name in secrets:
                self.stdout.write(f"  {name}")
