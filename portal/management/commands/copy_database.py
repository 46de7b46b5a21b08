"""Copy everything from one database into another, also of another kind."""

import os
import subprocess  # noqa: S404
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from portal import copying


class Command(BaseCommand):
    """Copy all tables as they are: SQLite to PostgreSQL, back, or to the same kind."""

    help = (
        "Copy everything from one database into an empty one: SQLite to PostgreSQL or the other "
        "way. Stop the web processes and the workers first: what they write meanwhile is not "
        "copied. Keep SECRET_KEY, or stored secrets cannot be read any more."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the two addresses, which are written as DATABASE_URL is."""
        parser.add_argument("source", metavar="FROM_URL", help="sqlite:////data/tidemark.sqlite3")
        parser.add_argument(
            "target", metavar="TO_URL", help="postgres://user:password@host:5432/name, empty"
        )

    def handle(self, *, source: str, target: str, **_options: Any) -> None:
        """Look that it can be done, migrate the target, copy, and compare."""
        if source == target:
            raise CommandError("FROM_URL and TO_URL name the same database.")
        try:
            self._copy(source, target)
        except copying.CopyFailed as error:
            message = str(error)
            raise CommandError(message[:1].upper() + message[1:] + ".") from error

    def _copy(self, source_url: str, target_url: str) -> None:
        with copying.opened("source", source_url, must_exist=True) as source:
            copying.check_migrated(source)
            with copying.opened("target", target_url) as target:
                copying.check_unused(target)
                target.close()
                _migrate(target_url)
                copying.check_unused(target)
                plan = copying.plan_copy(source)
                begun = time.monotonic()
                checks = _with_bar(plan, source=source, target=target)
        seconds = time.monotonic() - begun
        count = sum(check.count for check in checks)
        self.stdout.write(
            f"Copied {count:,} rows of {len(checks)} tables in {seconds:.1f} s "
            f"({count / max(seconds, 0.001):,.0f} a second, read again and compared). "
            "Point DATABASE_URL there, and keep SECRET_KEY."
        )


def _migrate(url: str) -> None:
    """Migrate in a process that knows no other database: nothing of it may end up in this one."""
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise copying.CopyFailed(f"the database to copy into could not be migrated: {last[0]}")


def _with_bar(plan: copying.Plan, *, source: Any, target: Any) -> list[copying.Check]:
    # Every row is gone through twice: written, and read again.
    with tqdm(total=2 * plan.row_count, unit=" rows") as bar:

        def show(table: str, count: int) -> None:
            bar.set_description(table, refresh=False)
            bar.update(count)

        return copying.copy_tables(source=source, target=target, plan=plan, watch=show)
