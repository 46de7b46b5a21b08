"""A worker that is killed half-way, a process per act: `prepare`, `work` (which dies), `check`.

Run by `tests/unit/scorecards/test_killed_worker.py` on a database of its own.
"""

import os
import signal
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from catalog.models import Blueprint, new_revision  # noqa: E402
from catalog.operations import EntityDraft, upsert_entities  # noqa: E402
from scorecards import operations  # noqa: E402
from scorecards.counts import counts_by_team, counts_of  # noqa: E402
from scorecards.models import (  # noqa: E402
    Evaluation,
    Fingerprint,
    LevelChange,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.operations import batches, evaluating  # noqa: E402
from scorecards.operations.recording import Findings  # noqa: E402
from tests.builders import (  # noqa: E402
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_scorecard,
    make_team,
)

LATER = NOW + timedelta(days=1)
ENTITIES = 200
CHUNK = 20
TIERS = 5


def prepare() -> None:
    """Leave an edited rule behind, with all its entities to be evaluated anew."""
    call_command("migrate", verbosity=0)
    blueprint = make_blueprint()
    make_team()
    make_scorecard()
    drafts = [
        EntityDraft(f"s{number}", properties={"tier": number % TIERS}, team="core")
        for number in range(ENTITIES)
    ]
    upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
    # As an edit leaves it whose task is lost with its worker.
    Rule.objects.filter(identifier="tiered").update(query=condition("tier", "<=", 3))
    Scorecard.objects.update(version=new_revision(), stale_since=LATER)


def work() -> None:
    """Sweep, and die by SIGKILL in the fourth chunk, with its rows written and not committed."""
    evaluating.CHUNK = CHUNK
    written, write = iter(range(3)), Findings.write

    def write_and_die(findings: Findings) -> None:
        write(findings)
        if next(written, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    Findings.write = write_and_die
    operations.sweep(now=LATER)


def check() -> None:
    """Sweep, and hold everything that is stored against an evaluation from nothing."""
    rising = ENTITIES // TIERS
    done = LevelChange.objects.count()
    assert 0 < done < rising, done
    assert Scorecard.objects.stale().exists()
    operations.sweep(now=LATER)
    assert not Scorecard.objects.stale().exists()
    assert LevelChange.objects.count() == RuleChange.objects.count() == rising
    assert LevelChange.objects.values("entity").distinct().count() == rising
    operations.sweep(now=LATER)
    assert LevelChange.objects.count() == RuleChange.objects.count() == rising
    scorecard = Scorecard.objects.get()
    swept, counted = results(), counts(scorecard)
    Evaluation.objects.all().delete()
    Fingerprint.objects.all().delete()
    ids = Blueprint.objects.get(identifier="service").entities.values_list("id", flat=True)
    batches.settle(blueprint="service", entity_ids=list(ids), now=LATER)
    operations.recount(scorecard=scorecard)
    assert (results(), counts(scorecard)) == (swept, counted)


def results() -> list[tuple]:
    """Return every evaluation without its times."""
    rows = Evaluation.objects.values_list("entity", "scorecard", "level", "passed", "skipped")
    return sorted(rows)


def counts(scorecard: Scorecard) -> tuple:
    """Return the counters."""
    return counts_of([scorecard.pk])[scorecard.pk], counts_by_team(scorecard.pk)


if __name__ == "__main__":
    {"prepare": prepare, "work": work, "check": check}[sys.argv[1]]()
