"""Work out every computed value and every evaluation again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from catalog import operations as catalog_operations
from catalog.models import Blueprint
from scorecards import operations
from scorecards.models import Scorecard


class Command(BaseCommand):
    """Work out facts, computed properties and evaluations, blueprint by blueprint."""

    help = (
        "Work out the facts, computed properties, evaluations and counters again, trusting "
        "nothing that is stored. Safe at any time and to repeat; writes only what differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the blueprints to rebuild."""
        parser.add_argument(
            "blueprints", nargs="*", help="identifiers of blueprints; none means all of them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild with a progress bar over entities."""
        rows = Blueprint.objects.order_by("id")
        if options["blueprints"]:
            rows = rows.filter(identifier__in=options["blueprints"])
            missing = set(options["blueprints"]) - {row.identifier for row in rows}
            if missing:
                raise CommandError(f"there is no blueprint {', '.join(sorted(missing))}")
        now = timezone.now()
        total = sum(row.entities.count() for row in rows)
        with tqdm(total=total, desc="Rebuilding", unit=" entities") as bar:
            for row in rows:
                catalog_operations.distrust_samples(blueprint=row)
            for row in rows:
                catalog_operations.rebuild(blueprint=row, now=now, advance=bar.update)
                operations.reevaluate(blueprint=row.identifier, now=now)
        for scorecard in Scorecard.objects.filter(blueprints__in=rows).distinct():
            operations.recount(scorecard=scorecard)
        self.stdout.write(f"Rebuilt {total:,} entities.")
