"""Do the periodic work now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from catalog.operations import rebuild_stale, refresh_clock_values, seal
from scorecards import operations


class Command(BaseCommand):
    """Bring what moves with the clock up to date, and evaluate what was left behind."""

    help = (
        "Work out the values that move with the clock and evaluate entities and scorecards that "
        "are stale, and seal the audit log: what the scheduler does every few minutes, done now."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once."""
        now = timezone.now()
        looked_at = rebuild_stale(now=now) + refresh_clock_values(now=now)
        evaluated = operations.sweep(now=now)
        seal(now=now)
        self.stdout.write(f"Worked out {looked_at:,} entities, evaluated {evaluated:,} entities.")
