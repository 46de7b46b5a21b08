"""A migration that is killed between two of its steps: `die COUNT`, after so many were applied."""

import os
import signal
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import execute_from_command_line  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402


def die(count: str) -> None:
    """Migrate, and die by SIGKILL when so many migrations were applied."""
    left, apply = iter(range(int(count))), MigrationExecutor.apply_migration

    def apply_or_die(*args: Any, **options: Any) -> Any:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return apply(*args, **options)

    MigrationExecutor.apply_migration = apply_or_die
    execute_from_command_line(["manage.py", "migrate", "--verbosity", "0"])


if __name__ == "__main__":
    die(sys.argv[1])
