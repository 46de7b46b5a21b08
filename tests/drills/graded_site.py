"""A graded site in a drill, as a process that acts as it is told on its standard input.

A line is an act and what it takes; the answer is a line of JSON, with the result or the `fault`.
`prepare` comes first, the others in any order.
"""

import json
import os
import sys
import time
import traceback
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections, transaction  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_celery_results.models import TaskResult  # noqa: E402

from catalog.models import Blueprint, Entity  # noqa: E402
from catalog.operations import EntityDraft, upsert_entities  # noqa: E402
from portal import jobs, pieces  # noqa: E402
from portal.celery import SWEEPS, app  # noqa: E402
from portal.integrations.channels.deliveries import deliver_one, waiting_deliveries  # noqa: E402
from portal.integrations.models import Channel, Delivery, DeliveryAttempt  # noqa: E402
from portal.models import Process, ScheduledJob  # noqa: E402
from portal.status import read_status  # noqa: E402
from scorecards import operations  # noqa: E402
from scorecards.models import Evaluation, Fingerprint, Rule, Scorecard  # noqa: E402
from scorecards.operations import batches, evaluating, sweeping  # noqa: E402
from tests.builders import (  # noqa: E402
    TESTER,
    condition,
    make_blueprint,
    make_scorecard,
    make_team,
    make_token,
    make_user,
)
from tests.channels.builders import make_channel, make_delivery  # noqa: E402
from tests.drills import poison  # noqa: E402, F401 - whose tasks are sent
from tests.drills.killed_worker import counts, results  # noqa: E402

ENTITIES = 400
TIERS = 5
MESSAGES = 3


@override_settings(TIDEMARK_INLINE_LIMIT=2_000)
def prepare() -> str:
    """Make the site, with everything evaluated; return a token for its API."""
    call_command("migrate", verbosity=0)
    make_blueprint()
    make_team()
    make_scorecard(now=timezone.now())
    drafts = [
        EntityDraft(f"s{number}", properties={"tier": number % TIERS}, team="core")
        for number in range(ENTITIES)
    ]
    blueprint = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=timezone.now())
    operations.sweep(now=timezone.now())
    if hook := os.environ.get("DRILL_HOOK"):
        make_channel(Channel.Kind.SLACK_WEBHOOK, address=hook)
    return make_token(make_user("root", is_staff=True))


def reset() -> None:
    """Forget what the drill before left in the records of work."""
    for model in (TaskResult, Process, ScheduledJob, Delivery):
        model.objects.all().delete()


def edit() -> None:
    """Edit a rule, so that everything is to be evaluated anew, and send messages."""
    operator = "<=" if Rule.objects.get(identifier="tiered").query == _query("=", 3) else "="
    with transaction.atomic():
        Rule.objects.filter(identifier="tiered").update(query=_query(operator, 3))
        evaluating.rescore(scorecard_id=Scorecard.objects.get().pk, now=timezone.now())
        for channel in Channel.objects.all():
            for _ in range(MESSAGES):
                occasion = f"drill/{Delivery.objects.count()}"
                make_delivery(channel, occasion=occasion, now=timezone.now())


def _query(operator: str, tier: int) -> dict[str, object]:
    return condition("tier", operator, tier)


def send(*names: str) -> None:
    """Send tasks."""
    for name in names:
        app.tasks[name].delay()


def look(ahead: str = "0") -> dict[str, Any]:
    """Return how the status page says that the site is, or will be in so many seconds."""
    status = read_status(now=timezone.now() + timedelta(seconds=int(ahead)))
    found: dict[str, Any] = {item.key: item.state.name for item in status.readings}
    found["values"] = {item.key: f"{item.value} {item.note}" for item in status.readings}
    found["jobs"] = {job.name: job.state.name for job in status.jobs}
    if found["migrations"] == "FINE":
        runs = TaskResult.objects.order_by("pk").values_list("task_name", "status")
        found["tasks run"] = list(runs)
    return found


def due() -> None:
    """Let the sweeps have their turn, and not only in minutes."""
    jobs.make_due(SWEEPS)


def wait(seconds: str) -> None:
    """Wait until nothing is stale and no message waits."""
    deadline = time.monotonic() + float(seconds)
    while _is_behind():
        assert time.monotonic() < deadline, f"behind for {seconds} seconds"
        time.sleep(0.2)


def _is_behind() -> bool:
    is_open = Delivery.objects.filter(status__in=("waiting", "sending")).exists()
    return is_open or Scorecard.objects.stale().exists() or Entity.objects.stale().exists()


def sweep() -> None:
    """Sweep as if it were later: what dead workers had claimed is anybody's by then."""
    later = timezone.now() + pieces.CLAIM + timedelta(minutes=10)
    steps = sweeping.sweep_steps(clock=lambda: later)
    jobs.run_job(name="sweep", steps=steps, clock=timezone.now)
    for delivery in waiting_deliveries(now=later):
        deliver_one(delivery_id=delivery, now=later)


def lost(*numbers: str) -> list[str]:
    """Return which of these services do not have the tier that was written to them."""
    tiers = dict(Entity.objects.of("service").values_list("identifier", "properties__tier"))
    return [number for number in numbers if tiers[f"s{number}"] != int(number) % 3 + 1]


def check() -> int:
    """Hold what is stored against an evaluation from nothing; return how many messages went."""
    assert not _is_behind()
    scorecard = Scorecard.objects.get()
    operations.counters.tidy()
    swept, counted = results(), counts(scorecard)
    Evaluation.objects.all().delete()
    Fingerprint.objects.all().delete()
    ids = Entity.objects.of("service").values_list("id", flat=True)
    batches.settle(blueprint="service", entity_ids=list(ids), now=timezone.now())
    operations.recount(scorecard=scorecard)
    assert (results(), counts(scorecard)) == (swept, counted)
    sent = Delivery.objects.filter(status="sent").count()
    tries = DeliveryAttempt.objects.filter(outcome="sent")
    assert sent == Delivery.objects.count() == tries.values("delivery").distinct().count()
    return sent


ACTS = {
    act.__name__: act for act in (prepare, reset, edit, send, look, due, wait, sweep, lost, check)
}


def answer(line: str) -> dict[str, Any]:
    """Act as a line says."""
    name, *arguments = line.split()
    close_old_connections()
    try:
        return {"result": ACTS[name](*arguments)}
    except Exception:
        return {"fault": traceback.format_exc()}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(line)), flush=True)  # noqa: T201
