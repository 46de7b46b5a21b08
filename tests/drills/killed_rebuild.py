"""A rebuild that is killed half-way, a process per act: `prepare`, `work` (which dies), `check`.

Run by `tests/unit/scorecards/test_killed_worker.py` on a database of its own.
"""

import os
import signal
import sys
from io import StringIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from catalog.models import Blueprint, Entity  # noqa: E402
from catalog.operations import EntityDraft, refreshing, upsert_entities  # noqa: E402
from scorecards.models import Evaluation, Rebuild, RebuildStep  # noqa: E402
from scorecards.operations import rebuilding  # noqa: E402
from tests.builders import NOW, TESTER, make_blueprint, make_scorecard  # noqa: E402

ENTITIES = 100
CHUNK = 10
ALIVE = 4


def prepare() -> None:
    """Store entities all of whose facts and results are wrong."""
    call_command("migrate", verbosity=0)
    tier = {"type": "number", "calculation": ".properties.tier + 1"}
    make_blueprint(calculation_properties={"next": tier})
    make_scorecard()
    drafts = [EntityDraft(f"s{number}", properties={"tier": 1}) for number in range(ENTITIES)]
    blueprint = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
    Entity.objects.update(computed={}, facts={})
    Evaluation.objects.update(passed=0)


def work() -> None:
    """Rebuild, and die by SIGKILL in a piece, with its rows written and not committed."""
    refreshing.CHUNK = CHUNK
    alive, do_piece = iter(range(ALIVE)), rebuilding._do_piece

    def do_and_die(*args: Any, **parts: Any) -> None:
        do_piece(*args, **parts)
        if next(alive, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    rebuilding._do_piece = do_and_die
    call_command("rebuild", "service")


def check() -> None:
    """Go on, and find everything right and nothing left of the record."""
    assert RebuildStep.objects.get(kind=RebuildStep.Kind.ENTITIES).count == ALIVE * CHUNK
    assert Entity.objects.of("service").filter(computed={"next": 2}).count() == ALIVE * CHUNK
    out = StringIO()
    call_command("rebuild", stdout=out)
    assert "Resuming" in out.getvalue(), out.getvalue()
    assert f"Rebuilt {ENTITIES} entities." in out.getvalue(), out.getvalue()
    assert Entity.objects.of("service").filter(computed={"next": 2}).count() == ENTITIES
    assert Evaluation.objects.filter(passed__gt=0).count() == ENTITIES
    assert not Rebuild.objects.exists()


if __name__ == "__main__":
    {"prepare": prepare, "work": work, "check": check}[sys.argv[1]]()
