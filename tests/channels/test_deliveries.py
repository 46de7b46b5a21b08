"""Messages on their way: late where the other side is in trouble, never lost, never told twice."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection

from catalog.errors import Conflict
from catalog.models import Change
from portal.integrations.channels import deliveries, posting
from portal.integrations.channels.deliveries import (
    CLAIM,
    TRIED_FOR,
    deliver_one,
    enqueue,
    send_again,
    waiting_deliveries,
)
from portal.integrations.messages import slack
from portal.integrations.models import Channel, Delivery
from portal.integrations.tasks import sweep_notices
from tests.builders import NOW, TESTER
from tests.channels.builders import MESSAGE, make_channel, make_delivery, told
from tests.channels.slack_stub import SlackStub, Trouble, slack_stub

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
Status = Delivery.Status


def slack_channel(stub: SlackStub, **parts: object) -> Channel:
    return make_channel(Channel.Kind.SLACK_WEBHOOK, address=stub.hook, **parts)


def sweep(now: datetime) -> int:
    """Send what waits at a moment, as the sweep does."""
    return sum(deliver_one(delivery_id=pk, now=now) for pk in waiting_deliveries(now=now))


def test_a_message_is_sent_once_and_its_row_says_so() -> None:
    with slack_stub() as stub:
        delivery = make_delivery(slack_channel(stub))
        assert deliver_one(delivery_id=delivery.pk, now=NOW)
        assert not deliver_one(delivery_id=delivery.pk, now=NOW + timedelta(days=1))
        assert stub.messages == [slack.render(MESSAGE)]
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.sent_at) == (Status.SENT, 1, NOW)
    [(outcome, words)] = told(delivery)
    assert outcome == "sent"
    assert words.startswith("127.0.0.1 answered 200 in ")


def test_a_message_goes_out_when_its_transaction_is_committed(
    django_capture_on_commit_callbacks,
) -> None:
    with slack_stub() as stub:
        channel = slack_channel(stub)
        with django_capture_on_commit_callbacks(execute=True):
            make_delivery(channel, now=datetime.now(NOW.tzinfo))
            assert stub.messages == []
        assert len(stub.messages) == 1


def test_the_same_occasion_is_told_once_to_a_channel() -> None:
    channel, other = make_channel(), make_channel()
    first = make_delivery(channel, occasion="report/1/monday")
    parts = {"kind": "report", "occasion": "report/1/monday", "message": MESSAGE, "now": NOW}
    assert enqueue(channel=channel, **parts) is None
    assert enqueue(channel=other, **parts) is not None
    assert Delivery.objects.filter(channel=channel).get() == first


def test_a_server_that_is_down_delays_messages_and_loses_none() -> None:
    with slack_stub() as stub:
        channel = slack_channel(stub)
    # The port is closed now.
    rows = [make_delivery(channel) for _ in range(3)]
    # The first one meets the closed door; the others are spared it.
    assert sweep(NOW) == 1
    assert sweep(NOW + timedelta(seconds=30)) == 0
    assert {row.status for row in Delivery.objects.all()} == {Status.WAITING}
    with slack_stub() as stub:
        channel.address = stub.hook
        channel.save()
        assert sweep(NOW + MINUTE) == 3
        assert len(stub.messages) == 3
    assert {row.status for row in Delivery.objects.all()} == {Status.SENT}
    assert [outcome for outcome, _ in told(rows[0])] == ["put_off", "sent"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_server_in_trouble_is_asked_again_a_minute_later(status: int) -> None:
    with slack_stub(Trouble(status)) as stub:
        delivery = make_delivery(slack_channel(stub))
        assert sweep(NOW) == 1
        delivery.refresh_from_db()
        assert (delivery.status, delivery.next_attempt_at) == (Status.WAITING, NOW + MINUTE)
        assert sweep(NOW + MINUTE - timedelta(seconds=1)) == 0
        assert sweep(NOW + MINUTE) == 1
        assert len(stub.messages) == 1


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("600", timedelta(minutes=10)),
        ("Mon, 01 Jun 2026 12:30:00 GMT", timedelta(minutes=30)),
        ("30", MINUTE),
        ("99999999999999", timedelta(days=1)),
        ("soon", MINUTE),
        ("", MINUTE),
    ],
)
def test_as_long_as_a_server_asks_for_nothing_is_sent_to_it(asked: str, wait: timedelta) -> None:
    with slack_stub(Trouble(429, {"Retry-After": asked})) as stub:
        channel = slack_channel(stub)
        delivery = make_delivery(channel)
        sweep(NOW)
        later = make_delivery(channel, now=NOW + timedelta(seconds=5))
        delivery.refresh_from_db()
        assert delivery.next_attempt_at == NOW + wait
        if wait > MINUTE:
            assert sweep(NOW + wait - timedelta(seconds=1)) == 0
        assert len(stub.requests) == 1
        assert sweep(NOW + wait) == 2
        assert len(stub.messages) == 2
    later.refresh_from_db()
    assert later.status == Status.SENT


def test_a_server_that_is_slow_delays_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PATIENCE", 0.2)
    with slack_stub(Trouble(200, seconds=1)) as stub:
        delivery = make_delivery(slack_channel(stub))
        sweep(NOW)
        assert stub.messages == []
        assert told(delivery) == [
            (
                "put_off",
                "127.0.0.1 gave no complete answer in time. The next try is at 2026-06-01 12:01 "
                "UTC.",
            )
        ]
        sweep(NOW + MINUTE)
        assert len(stub.messages) == 1


def test_the_pauses_grow_and_end_after_some_days() -> None:
    with slack_stub(*[Trouble(500)] * 40) as stub:
        delivery = make_delivery(slack_channel(stub))
        moments, now = [], NOW
        while Delivery.objects.get().status == Status.WAITING:
            moments.append(now)
            sweep(now)
            now = max(now + MINUTE, Delivery.objects.get().next_attempt_at)
        assert len(stub.requests) == len(moments) < 30
    pauses = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert pauses[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert max(pauses) == timedelta(hours=6)
    assert moments[-1] <= NOW + TRIED_FOR
    delivery.refresh_from_db()
    assert delivery.status == Status.FAILED
    assert told(delivery)[-1][1].endswith("Given up after 3 days.")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_what_people_have_to_mend_fails_at_once(status: int) -> None:
    with slack_stub(Trouble(status, body=b"invalid_token")) as stub:
        delivery = make_delivery(slack_channel(stub))
        sweep(NOW)
        assert sweep(NOW + timedelta(days=1)) == 0
    [(outcome, words)] = told(delivery)
    assert outcome == "failed"
    assert words.endswith(": invalid_token")


def test_an_inner_address_is_refused_and_tried_no_more() -> None:
    with slack_stub() as stub:
        delivery = make_delivery(slack_channel(stub))
        with patch("django.conf.settings.TIDEMARK_ALLOWED_HOSTS_OUT", []):
            sweep(NOW)
        assert stub.requests == []
    [(outcome, words)] = told(delivery)
    assert outcome == "failed"
    assert "may not be reached" in words


def test_what_failed_or_was_sent_can_be_sent_again() -> None:
    with slack_stub(Trouble(404)) as stub:
        delivery = make_delivery(slack_channel(stub))
        sweep(NOW)
        later = NOW + timedelta(days=9)
        for count in (1, 2):
            send_again(delivery=delivery, by=TESTER, now=later)
            assert sweep(later) == 1
            assert len(stub.messages) == count
    changes = Change.objects.filter(kind="delivery", identifier=str(delivery.pk))
    assert [row.before for row in changes.order_by("id")] == [
        {"status": "failed"},
        {"status": "sent"},
    ]


def test_what_is_being_sent_cannot_be_sent_again() -> None:
    delivery = make_delivery(make_channel())
    Delivery.objects.update(status=Status.SENDING, claimed_until=NOW + CLAIM)
    with pytest.raises(Conflict):
        send_again(delivery=delivery, by=TESTER, now=NOW)


def test_a_worker_that_is_at_it_keeps_others_out() -> None:
    with slack_stub() as stub:
        delivery = make_delivery(slack_channel(stub))
        claimed = deliveries._claim(delivery.pk, NOW)
        assert claimed is not None
        assert deliveries._claim(delivery.pk, NOW) is None
        assert sweep(NOW + CLAIM - timedelta(seconds=1)) == 0
        assert stub.messages == []


def test_a_message_of_a_worker_that_died_is_sent_by_another() -> None:
    with slack_stub() as stub:
        delivery = make_delivery(slack_channel(stub))
        dead = deliveries._claim(delivery.pk, NOW)
        assert sweep(NOW + CLAIM) == 1
        assert len(stub.messages) == 1
        # Should it wake up, it has nothing to say any more.
        deliveries._settle(dead, Status.FAILED, "too late", NOW + CLAIM)
    delivery.refresh_from_db()
    assert delivery.status == Status.SENT
    assert told(delivery)[0] == (
        "put_off",
        "Whoever was sending it did not come back; it may have arrived.",
    )


def test_a_channel_that_is_not_enabled_is_sent_tests_alone() -> None:
    with slack_stub() as stub:
        channel = slack_channel(stub, is_enabled=False)
        make_delivery(channel)
        make_delivery(channel, kind=Delivery.Kind.TEST)
        assert sweep(NOW) == 1
        Channel.objects.update(is_enabled=True)
        assert sweep(NOW) == 1


def test_a_secret_that_cannot_be_read_fails_the_message() -> None:
    delivery = make_delivery(make_channel())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_channel SET address = 'sealed:1:altered'")
    sweep(NOW)
    [(outcome, words)] = told(delivery)
    assert outcome == "failed"
    assert "SECRET_KEY" in words


def test_what_goes_wrong_in_an_unknown_way_is_tried_again_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    delivery = make_delivery(make_channel())
    broken = RuntimeError("https://hooks.example.com/services/s3cret")
    with patch.object(deliveries, "send_message", side_effect=broken):
        sweep(NOW)
    delivery.refresh_from_db()
    assert delivery.status == Status.WAITING
    assert "RuntimeError" in told(delivery)[0][1]
    assert "s3cret" not in told(delivery)[0][1] + caplog.text


def test_secrets_are_in_no_log_and_no_row(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    echo = b"no such hook: /services/T000/B000/s3cret"
    with slack_stub(Trouble(404, body=echo), Trouble(500, body=echo)) as stub:
        channel = slack_channel(stub)
        rows = [make_delivery(channel), make_delivery(channel)]
        sweep(NOW)
        assert len(stub.requests) == 2
    words = " ".join(text for row in rows for _, text in told(row))
    assert "answered 404" in words
    assert "s3cret" not in words
    # The settings keep urllib3 quiet, which pytest undoes.
    lines = [item.getMessage() for item in caplog.records if not item.name.startswith("urllib3")]
    assert "s3cret" not in "".join(lines)


def test_the_sweep_sends_what_waits_and_forgets_what_is_old() -> None:
    with slack_stub() as stub:
        channel = slack_channel(stub)
        make_delivery(channel, now=NOW - timedelta(days=400))
        make_delivery(channel, now=NOW - timedelta(days=1))
        # Both are due; the clock of the task is the real one, which is later than that.
        assert sweep_notices() == 2
        assert len(stub.messages) == 2
    sweep_notices()
    old = datetime.now(NOW.tzinfo) - timedelta(days=90)
    assert not Delivery.objects.filter(created_at__lt=old).exists()
