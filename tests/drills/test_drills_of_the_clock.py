"""The clock jumps ahead and is put back; what is stored ends up as if it had not."""

from datetime import timedelta

import pytest

from catalog.models import Entity
from portal.integrations.channels.deliveries import CLAIM, deliver_one, waiting_deliveries
from portal.integrations.models import Delivery
from portal.models import Process, ScheduledJob
from portal.status import State, read_status
from scorecards import operations
from scorecards.models import Evaluation, Fingerprint, Scorecard
from scorecards.operations import batches
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)
from tests.channels.builders import make_channel, make_delivery
from tests.channels.slack_stub import slack_stub
from tests.drills.killed_worker import counts, results

pytestmark = pytest.mark.django_db

AHEAD = NOW + timedelta(days=400)


@pytest.fixture
def _graded() -> None:
    properties = {"seen": {"type": "string", "format": "date-time"}}
    make_blueprint(schema={"properties": properties, "required": []})
    make_team()
    query = condition("seen", "between", {"preset": "lastMonth"})
    make_scorecard(rules=[rule_document("fresh", query=query)])
    for number in range(10):
        seen = (NOW - timedelta(days=5 * number)).isoformat()
        make_entity(f"s{number}", properties={"seen": seen}, team="core")


@pytest.mark.usefixtures("_graded")
def test_what_was_evaluated_in_a_wrong_year_is_right_again_when_the_clock_is() -> None:
    operations.sweep(now=NOW)
    right = results()
    operations.sweep(now=AHEAD)
    assert results() != right
    Entity.objects.filter(identifier="s1").update(stale_since=AHEAD)
    operations.sweep(now=NOW)
    assert results() == right
    assert not Entity.objects.stale().exists()
    counted = counts(the_scorecard())
    Evaluation.objects.all().delete()
    Fingerprint.objects.all().delete()
    ids = Entity.objects.of("service").values_list("id", flat=True)
    batches.settle(blueprint="service", entity_ids=list(ids), now=NOW)
    operations.recount(scorecard=the_scorecard())
    assert (results(), counts(the_scorecard())) == (right, counted)


def the_scorecard() -> Scorecard:
    return Scorecard.objects.get()


@pytest.fixture(autouse=True)
def _own_servers_allowed(settings) -> None:
    settings.TIDEMARK_ALLOWED_HOSTS_OUT = ["127.0.0.1"]


def sweep(now) -> int:
    return sum(deliver_one(delivery_id=pk, now=now) for pk in waiting_deliveries(now=now))


def test_a_message_of_the_future_is_sent_once_and_not_in_a_year() -> None:
    with slack_stub() as stub:
        channel = make_channel("slack_webhook", address=stub.hook)
        make_delivery(channel, now=AHEAD)
        assert (sweep(NOW), sweep(NOW), sweep(AHEAD)) == (1, 0, 0)
        assert len(stub.messages) == 1


def test_a_message_that_was_claimed_in_the_future_is_not_held_for_a_year() -> None:
    with slack_stub() as stub:
        channel = make_channel("slack_webhook", address=stub.hook)
        row = make_delivery(channel, now=NOW)
        Delivery.objects.filter(pk=row.pk).update(status="sending", claimed_until=AHEAD)
        assert (sweep(NOW), sweep(AHEAD)) == (1, 0)
        assert len(stub.messages) == 1


def test_a_message_that_a_worker_with_a_clock_ahead_is_sending_is_left_to_it() -> None:
    row = make_delivery(make_channel(), now=NOW)
    until = NOW + timedelta(minutes=2) + CLAIM
    Delivery.objects.filter(pk=row.pk).update(status="sending", claimed_until=until)
    assert sweep(NOW) == 0


def test_the_status_page_takes_nothing_of_the_future_for_a_fault() -> None:
    Process.objects.create(kind="scheduler", host="a", pid=1, started_at=AHEAD, seen_at=AHEAD)
    ScheduledJob.objects.create(name="sweep", claimed_at=AHEAD, done_at=AHEAD)
    status = read_status(now=NOW)
    assert status.of("scheduler").state == State.FINE
    assert next(job for job in status.jobs if job.name == "sweep").state == State.FINE
