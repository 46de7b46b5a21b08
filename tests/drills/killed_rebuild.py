"""A rebuild that is killed half-way, a process per act: `prepare`, `die PIECE`, `hold`, `check`.

Run by `tests/unit/scorecards/test_killed_rebuild.py` on a database of its own.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import call_command, execute_from_command_line  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalog.models import Blueprint, Entity, Sample, Series, Total  # noqa: E402
from catalog.operations import EntityDraft, rebuild, refreshing, upsert_entities  # noqa: E402
from scorecards import operations  # noqa: E402
from scorecards.models import (  # noqa: E402
    Counter,
    Evaluation,
    Fingerprint,
    Rebuild,
    Scorecard,
)
from scorecards.operations import batches, counters, evaluating, rebuilding  # noqa: E402
from tests.builders import TESTER, make_scorecard, make_team  # noqa: E402
from tests.drills.killed_worker import counts, results  # noqa: E402
from tests.unit.catalog.test_samples import save  # noqa: E402

SERVICES = 30
EVENTS = 120
CHUNK = 10
for module in (refreshing, evaluating, counters):
    module.CHUNK = CHUNK


def prepare() -> None:
    """Store a catalog, and break all that is computed."""
    call_command("migrate", verbosity=0)
    save()
    make_team()
    make_scorecard()
    now = timezone.now()
    services = [
        EntityDraft(f"s{number}", properties={"tier": number % 4}, team="core")
        for number in range(SERVICES)
    ]
    events = [
        EntityDraft(
            f"e{number}",
            properties={"minutes": number},
            relations={"service": f"s{number % SERVICES}"},
        )
        for number in range(EVENTS)
    ]
    for name, drafts in (("service", services), ("event", events)):
        blueprint = Blueprint.objects.get(identifier=name)
        upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=now)
    Entity.objects.update(facts={}, computed={})
    Sample.objects.filter(entity__identifier__endswith="1").delete()
    Total.objects.update(count=99)
    Evaluation.objects.update(passed=0)
    Counter.objects.update(levels={"1": 99})


def in_piece(number: int, act: Callable[[], object]) -> None:
    """Have something happen in a piece, with its rows written and not committed."""
    before, do_piece = iter(range(number)), rebuilding._do_piece

    def watched(*args: Any, **parts: Any) -> None:
        do_piece(*args, **parts)
        if next(before, None) is None:
            act()

    rebuilding._do_piece = watched


def die(piece: str) -> None:
    """Rebuild, and die by SIGKILL in this piece."""
    in_piece(int(piece), lambda: os.kill(os.getpid(), signal.SIGKILL))
    execute_from_command_line(["manage.py", "rebuild"])


def hold(piece: str) -> None:
    """Rebuild, and stay in this piece until somebody ends it."""

    def stay() -> None:
        print("holding", flush=True)  # noqa: T201
        time.sleep(600)

    in_piece(int(piece), stay)
    execute_from_command_line(["manage.py", "rebuild"])


def check(done: str) -> None:
    """Go on behind so many pieces, and hold what is stored against a rebuild from nothing."""
    left = len_of_all() - int(done)
    pieces: list[tuple] = []
    do_piece = rebuilding._do_piece

    def watched(step: Any, row: Any, **parts: Any) -> None:
        pieces.append((*step.name, row.position))
        do_piece(step, row, **parts)

    rebuilding._do_piece = watched
    out = StringIO()
    call_command("rebuild", stdout=out)
    told = out.getvalue()
    assert told.startswith("Resuming the rebuild of all blueprints, begun at "), told
    assert told.endswith(f"Rebuilt {1 + SERVICES + EVENTS} entities.\n"), told
    assert (len(pieces), len(set(pieces))) == (left, left)
    assert not Rebuild.objects.exists()
    found = everything()
    forget()
    rebuild_from_nothing()
    assert everything() == found


def len_of_all() -> int:
    """Return how many pieces the rebuild consists of: at the end of each step it looks for more."""
    entities = [1, 0, SERVICES, EVENTS]
    chunks = sum(-(-count // CHUNK) + 1 for count in entities)
    evaluations = -(-SERVICES // CHUNK) + 1
    left_behind, scorecards = 1, 1
    return Series.objects.count() + chunks + evaluations + left_behind + scorecards


def forget() -> None:
    """Forget everything that is computed."""
    Series.objects.all().delete()
    Entity.objects.update(facts={}, computed={})
    Evaluation.objects.all().delete()
    Fingerprint.objects.all().delete()


def rebuild_from_nothing() -> None:
    """Work everything out, without any record."""
    now = timezone.now()
    for blueprint in Blueprint.objects.all():
        rebuild(blueprint=blueprint, now=now)
    ids = Entity.objects.of("service").values_list("id", flat=True)
    batches.settle(blueprint="service", entity_ids=list(ids), now=now)
    operations.recount(scorecard=Scorecard.objects.get())


def everything() -> tuple:
    """Return everything that is computed."""
    return (
        list(Entity.objects.order_by("id").values_list("id", "facts", "computed", "problems")),
        sorted(
            Sample.objects.values_list("series__key", "anchor", "entity", "at", "value"), key=str
        ),
        sorted(Total.objects.values_list("series__key", "anchor", "count", "least"), key=str),
        results(),
        counts(Scorecard.objects.get()),
    )


def ordered(rows: Iterable[tuple]) -> list[tuple]:
    """Return rows with nulls in an order of their own."""
    return sorted(rows, key=str)


if __name__ == "__main__":
    {"prepare": prepare, "die": die, "hold": hold, "check": check}[sys.argv[1]](*sys.argv[2:])
