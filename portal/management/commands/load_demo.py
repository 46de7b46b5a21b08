"""Load the demo catalog, once."""

import logging
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from portal import demo

TOTAL = 7_697


class Command(BaseCommand):
    """Load 19 open-source services with two years of deployments, pull requests and incidents."""

    help = (
        "Load the demo: 19 real open-source services with their teams, deployments, pull requests "
        "and incidents, graded by all packs, with a campaign and reports that are not sent. Does "
        "nothing when it is there already."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo with a progress bar, unless it is there."""
        if demo.is_loaded():
            self.stdout.write("The demo is loaded already.")
            return
        # What its changes set off is nothing that who tries it should have to read.
        logging.getLogger("celery").setLevel(logging.WARNING)
        with tqdm(total=TOTAL, desc="Loading the demo", unit=" entities") as bar:
            count = demo.load_demo(now=timezone.now(), advance=bar.update)
        self.stdout.write(f"Loaded {count:,} entities.")
