"""Bring back something that was deleted."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.errors import CatalogError
from catalog.models import Deleted
from catalog.operations import restore
from portal.permissions import Actor


class Command(BaseCommand):
    """Restore an entity or a scorecard by its name."""

    help = (
        "Bring back what was deleted last under a name, with all that was deleted with it: "
        "restore entity service checkout, or restore scorecard '' quality."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, and whether that is all."""
        parser.add_argument("kind", choices=Deleted.Kind.values)
        parser.add_argument("blueprint", help="of an entity; '' for a scorecard")
        parser.add_argument("identifier")
        parser.add_argument("--alone", action="store_true", help="not what was deleted with it")

    def handle(
        self, *, kind: str, blueprint: str, identifier: str, alone: bool, **_options: Any
    ) -> None:
        """Restore it, and say what did not come back with it."""
        row = Deleted.objects.named(kind, blueprint, identifier).first()
        if row is None:
            name = f"{blueprint} '{identifier}'" if blueprint else f"{kind} '{identifier}'"
            raise CommandError(f"No {name} was deleted that is still kept.")
        rows = [row] if alone else list(Deleted.objects.of_batch(row.batch))
        by = Actor(label="restore", source="command")
        try:
            restored = restore(rows=rows, by=by, now=timezone.now())
        except CatalogError as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        self.stdout.write(f"{restored.count:,} restored.")
        for fault in restored.remarks:
            self.stdout.write(f"{fault.path}: {fault.message}")
