"""Delete what blueprints keep no longer, now."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from catalog.models import Retention
from catalog.operations import doomed_by_retention, retain_all


class Command(BaseCommand):
    """Run the retention of every blueprint that has one."""

    help = (
        "Delete the entities that are older than their blueprint keeps them: what is done once a "
        "day, done now. They cannot be restored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether only to say what would go."""
        parser.add_argument(
            "--dry-run", action="store_true", help="say how many would go, and delete nothing"
        )

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        """Delete, telling how far it is, or only count."""
        now = timezone.now()
        if dry_run:
            self._count(now)
            return
        for kept in retain_all(now=now, advance=self._tell):
            if kept.refusal:
                self.stdout.write(f"{kept.blueprint}: nothing was deleted: {kept.refusal}.")
                continue
            left = f"; {kept.required:,} stay, which others require" if kept.required else ""
            self.stdout.write(f"{kept.blueprint}: {kept.gone:,} deleted{left}.")

    def _count(self, now: datetime) -> None:
        for row in Retention.objects.select_related("blueprint").order_by("blueprint__identifier"):
            count = doomed_by_retention(row, now=now).count()
            date = row.property or "when they were made"
            self.stdout.write(
                f"{row.blueprint.identifier}: {count:,} are older than {row.days:,} days by {date}."
            )

    def _tell(self, row: Retention, count: int) -> None:
        self.stderr.write(f"{row.blueprint.identifier}: {count:,} more deleted")
