"""Work out every computed value and every evaluation again."""

from argparse import ArgumentParser
from collections.abc import Collection, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone
from tqdm import tqdm

from catalog.errors import CatalogError
from portal.exclusive import Taken, exclusive
from scorecards import operations
from scorecards.models import Rebuild
from scorecards.operations import StepProgress
from scorecards.operations.rebuild_steps import Step

INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended


class Command(BaseCommand):
    """Work out samples, facts, computed properties, evaluations and counters, piece by piece."""

    help = (
        "Work out the samples, facts, computed properties, evaluations and counters again, "
        "trusting nothing that is stored. Safe at any time and to repeat; writes only what "
        "differs. Interrupted, by whatever it is, it goes on where it was when it is run again."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the blueprints to rebuild, and whether to forget what was begun."""
        parser.add_argument(
            "blueprints",
            nargs="*",
            metavar="BLUEPRINT",
            help="identifiers of blueprints; none means what was interrupted, or else all of them",
        )
        parser.add_argument(
            "--restart",
            action="store_true",
            help="begin anew, whatever a rebuild that was interrupted has done",
        )

    def handle(self, *, blueprints: list[str], restart: bool, **_options: Any) -> None:
        """Rebuild, and end in words whatever happens."""
        again = f"Run it again to go on ({_line(*blueprints)}), or begin anew with --restart."
        try:
            with exclusive("rebuild"):
                self._rebuild(blueprints, is_restart=restart)
        except KeyboardInterrupt:
            message = f"Interrupted; what is done is kept. {again}"
            raise CommandError(message, returncode=INTERRUPTED) from None
        except (CatalogError, Taken) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            message = f"The database said: {str(error).strip()}. What is done is kept. {again}"
            raise CommandError(message) from error

    def _rebuild(self, names: Collection[str], *, is_restart: bool) -> None:
        rebuild = None if is_restart else operations.unfinished_rebuild()
        if rebuild is None:
            rebuild = operations.begin_rebuild(blueprints=names, now=timezone.now())
            steps = operations.progress_of(rebuild)
        else:
            _refuse_others(rebuild, names)
            steps = operations.progress_of(rebuild)
            self.stdout.write(f"Resuming {_begun(rebuild)}: {_where(steps)}.")
        self.stdout.write(f"Rebuilt {_work(rebuild, steps):,} entities.")


def _refuse_others(rebuild: Rebuild, names: Collection[str]) -> None:
    """Refuse what is not what was interrupted, naming both ways out."""
    if names and set(names) != set(rebuild.blueprints):
        raise CommandError(
            f"There is {_begun(rebuild)}, to go on with: {_line()}. "
            f"Or forget it and begin yours: {_line('--restart', *names)}."
        )


def _begun(rebuild: Rebuild) -> str:
    return f"{rebuild}, begun at {rebuild.begun_at:%Y-%m-%d %H:%M:%S} UTC"


def _where(steps: Sequence[StepProgress]) -> str:
    """Return what is done, and what is next."""
    ahead = [item for item in steps if not item.is_done]
    where = f"{len(steps) - len(ahead)} of {len(steps)} steps are done"
    for item in ahead[:1]:
        where += f", next are the {item.step} ({item.done:,} of {item.rows:,})"
    return where


def _work(rebuild: Rebuild, steps: Sequence[StepProgress]) -> int:
    """Do what is left, with a progress bar over all of it; return how many entities it was."""
    done = {item.step.name: item.done for item in steps}
    total = sum(item.rows for item in steps)
    with tqdm(initial=sum(done.values()), total=total, unit=" rows") as bar:

        def show(step: Step, count: int) -> None:
            bar.set_description(str(step).capitalize(), refresh=False)
            bar.update(count - done.get(step.name, 0))
            bar.total = max(bar.total, bar.n)
            done[step.name] = count

        count = operations.continue_rebuild(rebuild=rebuild, clock=timezone.now, watch=show)
        # What came or went meanwhile was never counted.
        bar.total = bar.n
    return count


def _line(*arguments: str) -> str:
    return " ".join(["manage.py rebuild", *arguments])
