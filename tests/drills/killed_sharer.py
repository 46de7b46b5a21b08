"""A worker that is killed in a range that it shares, a process per act: `prepare`, `die`, `check`.

Run by `tests/unit/catalog/test_killed_sharer.py` on a database of its own.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from catalog import operations  # noqa: E402
from catalog.facts import timestamp  # noqa: E402
from catalog.models import Blueprint  # noqa: E402
from catalog.operations import EntityDraft, clock, refreshing  # noqa: E402
from portal import pieces  # noqa: E402
from portal.models import Piece  # noqa: E402
from tests.builders import NOW, TESTER  # noqa: E402
from tests.unit.catalog.test_samples import COUNT, LATELY, aggregation, save  # noqa: E402
from tests.unit.catalog.test_shared_values import everything, one_process  # noqa: E402

SERVICES = 80
# Four ranges each: of all services, and of the 30 whose events time takes out of the window.
refreshing.CHUNK = 20
clock.CHUNK = 8
LATER = NOW + timedelta(days=3)


def prepare(what: str) -> None:
    """Store services with an event each; to be rebuilt, leave an edit of them to workers."""
    call_command("migrate", verbosity=0)
    save()
    for name, drafts in (("service", map(_service, range(SERVICES))), ("event", _events())):
        blueprint = Blueprint.objects.get(identifier=name)
        operations.upsert_entities(blueprint=blueprint, drafts=list(drafts), by=TESTER, now=NOW)
    operations.refresh_clock_values(now=NOW)
    if what == "rebuild":
        settings.TIDEMARK_INLINE_LIMIT = 0
        save(fresh=aggregation(COUNT, query=LATELY))


def _service(number: int) -> EntityDraft:
    return EntityDraft(f"s{number}", properties={"tier": number})


def _events() -> list[EntityDraft]:
    return [
        EntityDraft(
            f"e{number}",
            properties={
                "minutes": number,
                "done": timestamp(NOW - timedelta(days=number % 8 + 0.5)),
            },
            relations={"service": f"s{number}"},
        )
        for number in range(SERVICES)
    ]


def die(what: str) -> None:
    """Take part, and die by SIGKILL in the third range, with its rows written and not committed."""
    before = iter(range(2))
    module, name = {"rebuild": (refreshing, "rebuild_facts"), "sweep": (clock, "settle")}[what]
    settle: Callable[..., None] = getattr(module, name)

    def settle_and_die(*args: object, **parts: object) -> None:
        settle(*args, **parts)
        if next(before, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, settle_and_die)
    take_part(what, after=timedelta())


def take_part(what: str, *, after: timedelta) -> None:
    """Do what is left, as a worker would so long after the work was begun."""
    if what == "sweep":
        now = LATER + after
        operations.refresh_clock_values_together(ask=pieces.ask_nobody, clock=lambda: now)
        return
    for row in Blueprint.objects.filter(stale_since__isnull=False).order_by("id"):
        operations.begin_shared_rebuild(blueprint=row, now=NOW)
        operations.continue_shared_rebuild(blueprint=row, clock=lambda: NOW + after)


def left() -> tuple[int, int]:
    """Return how many ranges are left, and how many of them somebody has."""
    return Piece.objects.count(), Piece.objects.exclude(claimed_until=None).count()


def check(what: str) -> None:
    """End what the dead worker left, and hold it against a rebuild by one process."""
    assert left() == (2, 1), left()
    take_part(what, after=timedelta())
    # Nobody knows yet that its worker is dead.
    assert left() == (1, 1), left()
    take_part(what, after=pieces.CLAIM)
    assert left() == (0, 0), left()
    assert what == "sweep" or not Blueprint.objects.exclude(stale_since=None).exists()
    assert everything() == one_process({"sweep": LATER, "rebuild": NOW}[what] + pieces.CLAIM)


if __name__ == "__main__":
    {"prepare": prepare, "die": die, "check": check}[sys.argv[1]](*sys.argv[2:])
