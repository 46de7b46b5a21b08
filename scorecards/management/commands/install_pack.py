"""Install a ready-made pack of blueprints and scorecards."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.errors import CatalogError
from portal.permissions import Actor
from scorecards.operations import install_pack
from scorecards.packs import PACKS

INSTALLER = Actor(label="install_pack", source="command")


class Command(BaseCommand):
    """Install packs, or bring installed ones up to date."""

    help = "Install a pack of blueprints and scorecards. " + " ".join(
        f"{pack.name}: {pack.description}" for pack in PACKS.values()
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names of the packs."""
        parser.add_argument("packs", nargs="+", metavar="PACK", help=", ".join(PACKS))

    def handle(self, *args: Any, **options: Any) -> None:
        """Install each pack in a transaction of its own."""
        for name in options["packs"]:
            try:
                scorecards = install_pack(name=name, by=INSTALLER, now=timezone.now())
            except CatalogError as error:
                raise CommandError(str(error)) from error
            titles = ", ".join(scorecard.title for scorecard in scorecards)
            self.stdout.write(f"Installed {name}: {titles}.")
