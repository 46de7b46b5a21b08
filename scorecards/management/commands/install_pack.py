"""Install a ready-made pack of blueprints and scorecards."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.errors import CatalogError
from portal.permissions import Actor
from scorecards.models import InstalledPack
from scorecards.operations import install_pack
from scorecards.packs import PACKS, Flag, Setting, as_text, known_settings, settings_of

INSTALLER = Actor(label="install_pack", source="command")


class Command(BaseCommand):
    """Install packs, or bring installed ones up to date."""

    help = "Install a pack of blueprints and scorecards. " + " ".join(
        f"{pack.name}: {pack.description}" for pack in PACKS.values()
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take the names of the packs, and their settings."""
        parser.add_argument("packs", nargs="+", metavar="PACK", help=", ".join(PACKS))
        for pack in PACKS:
            settings = settings_of(pack)
            if settings:
                group = parser.add_argument_group(
                    f"settings of {pack}", "What is not given stays as it was set."
                )
                for setting in settings:
                    _add_flag(group, setting)

    def handle(self, *args: Any, **options: Any) -> None:
        """Install each pack in a transaction of its own."""
        known = {setting.name for pack in PACKS for setting in settings_of(pack)}
        given = {name: options[name] for name in known & options.keys()}
        for name in options["packs"]:
            try:
                scorecards = install_pack(
                    name=name, by=INSTALLER, now=timezone.now(), settings=given
                )
            except CatalogError as error:
                raise CommandError(str(error)) from error
            titles = ", ".join(scorecard.title for scorecard in scorecards)
            self.stdout.write(f"Installed {name}: {titles}.")
            # Read back in the order of the table: PostgreSQL keeps the keys in one of its own.
            stored = InstalledPack.objects.get(name=name).settings
            if settings := known_settings(name, stored):
                shown = ", ".join(f"{key} {as_text(value)}" for key, value in settings.items())
                self.stdout.write(f"Settings: {shown}.")


def _add_flag(group: Any, setting: Setting) -> None:
    """Add the flag of a setting, absent from the options unless it is given.

    Values that it cannot have are passed on: the operation refuses them, naming the others.
    """
    flag, kind = setting.name.replace("_", "-"), setting.kind
    default = f"default {as_text(setting.default)}"
    options = {"dest": setting.name, "default": argparse.SUPPRESS}
    if isinstance(kind, Flag):
        text = f"{setting.description} ({default})"
        group.add_argument(f"--with-{flag}", action="store_true", help=text, **options)
        text = f"The opposite of --with-{flag}."
        group.add_argument(f"--without-{flag}", action="store_false", help=text, **options)
    else:
        text = f"{setting.description} ({kind.expected}; {default})"
        group.add_argument(f"--{flag}", type=kind.from_text, help=text, **options)
