"""Install a ready-made pack of blueprints and scorecards."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.errors import CatalogError
from portal.permissions import Actor
from scorecards.operations import install_pack
from scorecards.packs import PACKS, all_thresholds

INSTALLER = Actor(label="install_pack", source="command")


class Command(BaseCommand):
    """Install packs, or bring installed ones up to date."""

    help = "Install a pack of blueprints and scorecards. " + " ".join(
        f"{pack.name}: {pack.description}" for pack in PACKS.values()
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names of the packs, and what the pack `dora` can be told."""
        parser.add_argument("packs", nargs="+", metavar="PACK", help=", ".join(PACKS))
        years = ", ".join(map(str, all_thresholds()))
        parser.add_argument(
            "--thresholds",
            type=int,
            metavar="YEAR",
            help="dora: also grade DORA's own measures by its report of this year, in the place "
            f"of another year's grades: {years}",
        )
        parser.add_argument(
            "--without-measures",
            action="store_true",
            help="dora: leave out DORA's own measures beside the four keys, which cost every "
            "deployment, pull request and incident a little",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Install each pack in a transaction of its own."""
        for name in options["packs"]:
            try:
                scorecards = install_pack(
                    name=name,
                    by=INSTALLER,
                    now=timezone.now(),
                    thresholds=options["thresholds"],
                    with_measures=not options["without_measures"],
                )
            except CatalogError as error:
                raise CommandError(str(error)) from error
            titles = ", ".join(scorecard.title for scorecard in scorecards)
            self.stdout.write(f"Installed {name}: {titles}.")
