"""The audit log: sealing, verifying and exporting it."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from catalog import operations
from catalog.audit_files import json_lines
from catalog.chain import Link
from catalog.models import Change
from portal.permissions import SHELL


class Command(BaseCommand):
    """Seal, verify, restart or export; exits with 1 where the chain does not hold."""

    help = (
        "The audit log. Sealed rows form a chain: --verify tells whether any was changed, removed "
        "or inserted since, and exits with 1 if so."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is to be done, one of four."""
        acts = parser.add_mutually_exclusive_group(required=True)
        acts.add_argument("--seal", action="store_true", help="seal what is not sealed yet")
        acts.add_argument("--verify", action="store_true", help="walk the chain from end to end")
        acts.add_argument(
            "--restart",
            action="store_true",
            help="begin the chain anew after the newest sealed row; earlier rows stay, and are "
            "vouched for no more",
        )
        acts.add_argument("--export", metavar="FILE", help="write JSON lines, oldest first")
        parser.add_argument(
            "--head",
            type=_link,
            metavar="'NUMBER DIGEST'",
            help="with --verify: a head that was noted elsewhere, which has to be in the chain",
        )
        moment = {"type": _moment, "metavar": "MOMENT"}
        parser.add_argument(
            "--from", dest="since", help="with --export: such as 2026-01-31", **moment
        )
        parser.add_argument("--to", dest="until", help="with --export: up to before this", **moment)

    def handle(self, **options: Any) -> None:
        """Do it."""
        try:
            if options["verify"]:
                self._verify(options["head"])
            elif options["export"]:
                self._export(Path(options["export"]), options["since"], options["until"])
            elif options["restart"]:
                link = operations.restart(by=SHELL, now=timezone.now())
                self.stdout.write(f"The chain begins anew after {link}.")
            else:
                head = operations.seal(now=timezone.now())
                self.stdout.write(f"Sealed up to {head}" if head else "Everything was sealed.")
        except operations.Broken as error:
            message = f"The audit log does not hold: {error}. See docs/audit.md for what to do."
            raise CommandError(message) from error

    def _verify(self, noted: Link | None) -> None:
        total = Change.objects.filter(seal_number__isnull=False).count()
        with tqdm(total=total, unit=" rows") as bar:
            found = operations.verify(noted=noted, watch=bar.update)
        self.stdout.write(f"The audit log holds: {found.count:,} sealed rows.")
        self.stdout.write(f"Its head is {found.head}")
        if found.start.number:
            self.stdout.write(f"It begins after {found.start}")
        if found.unsealed_since is not None:
            since = f"{found.unsealed_since:%Y-%m-%d %H:%M:%S} UTC"
            self.stdout.write(f"Not sealed yet: {found.unsealed:,} rows, the oldest of {since}.")

    def _export(self, path: Path, since: datetime | None, until: datetime | None) -> None:
        rows = Change.objects.between(since, until).order_by("at", "id")
        try:
            with (
                path.open("x", encoding="utf-8") as file,
                tqdm(total=rows.count(), unit=" rows") as bar,
            ):
                for line in json_lines(rows):
                    file.write(line)
                    bar.update()
        except FileExistsError:
            raise CommandError(f"{path} is there already; name another file.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Wrote {bar.n:,} rows to {path}.")


def _link(text: str) -> Link:
    number, _, digest = text.strip().partition(" ")
    if not (number.isascii() and number.isdigit() and digest):
        raise ArgumentTypeError("give a number and a digest, as --verify prints them")
    return Link(int(number), digest)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a day or a moment, such as 2026-01-31T12:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
