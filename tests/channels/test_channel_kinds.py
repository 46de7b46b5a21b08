"""Mail, generic webhooks, Teams and other services: what reaches the other side."""

import json
import smtplib
from unittest.mock import patch

import pytest
from django.core import mail as outbox
from django.test import override_settings

from portal.integrations.channels import services
from portal.integrations.channels.deliveries import deliver_one, envelope_of
from portal.integrations.messages import charts, dump, plain, teams
from portal.integrations.models import Channel, Delivery
from portal.signatures import timestamped_signature
from tests.builders import NOW
from tests.channels.builders import CHART, MESSAGE, make_channel, make_delivery, told
from tests.unit.raw_server import ok, raw_server, saying

pytestmark = pytest.mark.django_db


def sent(channel: Channel) -> Delivery:
    delivery = make_delivery(channel)
    deliver_one(delivery_id=delivery.pk, now=NOW)
    return delivery


def parsed(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, body


def test_a_webhook_gets_the_message_as_data_and_signed() -> None:
    with raw_server(saying(ok())) as server:
        delivery = sent(make_channel(address=f"{server.url}/in", secret="k3y"))
        headers, body = parsed(server.requests[0])
    identity = f"tidemark-{delivery.pk}-{int(NOW.timestamp())}"
    assert json.loads(body) == {
        "id": identity,
        "kind": "report",
        "made_at": NOW.isoformat(),
        "title": MESSAGE.title,
        "text": plain.as_text(MESSAGE),
        "message": dump(MESSAGE),
    }
    moment = int(NOW.timestamp())
    signature = timestamped_signature(secret="k3y", body=body, timestamp=moment)
    assert headers["tidemark-signature"] == signature
    assert headers["tidemark-timestamp"] == str(moment)
    assert headers["tidemark-delivery"] == identity
    assert told(delivery)[0][0] == "sent"


def test_a_webhook_without_a_key_is_not_signed() -> None:
    with raw_server(saying(ok())) as server:
        sent(make_channel(address=f"{server.url}/in"))
        assert "tidemark-signature" not in parsed(server.requests[0])[0]


def test_the_id_of_a_message_is_the_same_at_every_try_and_new_when_it_is_asked_for_anew() -> None:
    delivery = make_delivery(make_channel())
    first = envelope_of(delivery).id
    delivery.attempts = 5
    assert envelope_of(delivery).id == first
    delivery.waiting_since = NOW.replace(hour=13)
    assert envelope_of(delivery).id != first


def test_teams_gets_a_card() -> None:
    with raw_server(saying(ok(status=b"202 Accepted"))) as server:
        delivery = sent(make_channel(Channel.Kind.TEAMS, address=f"{server.url}/workflows/x"))
        assert json.loads(parsed(server.requests[0])[1]) == teams.render(MESSAGE)
    assert told(delivery)[0][0] == "sent"


def test_a_mail_has_text_html_and_the_chart_inside() -> None:
    delivery = sent(make_channel(Channel.Kind.EMAIL))
    [message] = outbox.outbox
    assert message.subject == "All <well> & good"
    assert message.to == ["a@example.com", "b@example.com"]
    whole = message.message()
    assert whole["Message-ID"].startswith(f"<tidemark-{delivery.pk}-")
    assert whole["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in whole.walk()]
    assert kinds == [
        "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png",
    ]  # fmt: skip
    parts = {part.get_content_type(): part for part in whole.walk()}
    assert parts["image/png"]["Content-ID"] == "<chart>"
    assert parts["image/png"].get_payload(decode=True) == charts.draw(CHART)
    html = parts["text/html"].get_payload(decode=True).decode()
    assert 'src="cid:chart"' in html
    assert "All &lt;well&gt; &amp; good" in html
    assert parts["text/plain"].get_payload(decode=True).decode() == plain.as_text(MESSAGE)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionRefusedError(111, "refused by s3cret"), "put_off"),
        (TimeoutError("s3cret"), "put_off"),
        (smtplib.SMTPServerDisconnected("s3cret"), "put_off"),
        (smtplib.SMTPAuthenticationError(535, b"s3cret"), "failed"),
        (smtplib.SMTPAuthenticationError(454, b"s3cret"), "put_off"),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"s3cret")}), "failed"),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"s3cret")}), "put_off"),
        (smtplib.SMTPDataError(451, b"s3cret"), "put_off"),
    ],
)
def test_what_the_server_of_mail_says_decides_whether_it_is_asked_again(
    error: Exception, outcome: str
) -> None:
    with patch("django.core.mail.EmailMultiAlternatives.send", side_effect=error):
        delivery = sent(make_channel(Channel.Kind.EMAIL))
    [(found, words)] = told(delivery)
    assert found == outcome
    assert "s3cret" not in words


@override_settings(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend")
def test_without_a_server_of_mail_the_row_says_where_the_mail_went(
    capsys: pytest.CaptureFixture[str],
) -> None:
    delivery = sent(make_channel(Channel.Kind.EMAIL))
    assert "EMAIL_URL names no server" in told(delivery)[0][1]
    assert "Subject: All <well> & good" in capsys.readouterr().out


def test_another_service_gets_markdown() -> None:
    channel = make_channel(Channel.Kind.APPRISE)
    with patch.object(services, "notify") as notify:
        delivery = sent(channel)
    [call] = notify.call_args_list
    assert call.kwargs == {"title": MESSAGE.title, "body": plain.as_markdown(MESSAGE)}
    assert told(delivery) == [("sent", "Discord (discord.com) took the message.")]


def test_another_service_that_takes_nothing_is_asked_again() -> None:
    channel = make_channel(Channel.Kind.APPRISE)
    failed = services.ServiceFailed("Discord (discord.com) did not take the message.")
    with patch.object(services, "notify", side_effect=failed):
        delivery = sent(channel)
    assert told(delivery)[0][0] == "put_off"
