"""Sending one message to one channel, by the way of its kind."""

import json
from collections.abc import Callable
from datetime import datetime

from portal.integrations.channels import services
from portal.integrations.channels.mail import send_mail
from portal.integrations.channels.outcomes import Envelope, PutOff, Rejected, Sent
from portal.integrations.channels.posting import post, told_of
from portal.integrations.channels.slack import send_by_token, send_by_webhook
from portal.integrations.messages import dump, plain, teams
from portal.integrations.models import Channel
from portal.sealing import Unsealable
from portal.signatures import timestamped_signature

_JSON = {"Content-Type": "application/json"}
Sender = Callable[..., Sent]


def send_message(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    """Send a message; raises `PutOff` or `Rejected`."""
    try:
        return _SENDERS[Channel.Kind(channel.kind)](channel, envelope, now=now)
    except Unsealable as error:
        raise Rejected(str(error)) from None


def webhook_document(envelope: Envelope) -> dict[str, object]:
    """Return what generic webhooks are sent: the message as data, and as text for people."""
    return {
        "id": envelope.id,
        "kind": envelope.kind,
        "made_at": envelope.made_at,
        "title": envelope.message.title,
        "text": plain.as_text(envelope.message),
        "message": dump(envelope.message),
    }


def _send_to_webhook(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    body = json.dumps(webhook_document(envelope), ensure_ascii=False).encode(errors="replace")
    headers = {**_JSON, "Tidemark-Delivery": envelope.id}
    if secret := channel.secret.reveal():
        moment = int(now.timestamp())
        headers["Tidemark-Timestamp"] = str(moment)
        headers["Tidemark-Signature"] = timestamped_signature(
            secret=secret, body=body, timestamp=moment
        )
    return _posted(channel, body, headers, now)


def _send_to_teams(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    body = json.dumps(teams.render(envelope.message), ensure_ascii=False).encode(errors="replace")
    return _posted(channel, body, _JSON, now)


def _posted(channel: Channel, body: bytes, headers: dict[str, str], now: datetime) -> Sent:
    url = channel.address.reveal()
    return Sent(told_of(url, post(url, body, headers=headers, now=now)))


def _send_by_apprise(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    address = channel.address.reveal()
    message = envelope.message
    try:
        services.notify(address, title=message.title, body=plain.as_markdown(message))
    except services.ServiceFailed as error:
        # It does not tell a wrong token from a server that is away.
        raise PutOff(str(error)) from None
    return Sent(f"{services.shown_service(address)} took the message.")


_SENDERS: dict[Channel.Kind, Sender] = {
    Channel.Kind.SLACK_WEBHOOK: send_by_webhook,
    Channel.Kind.SLACK_TOKEN: send_by_token,
    Channel.Kind.TEAMS: _send_to_teams,
    Channel.Kind.EMAIL: send_mail,
    Channel.Kind.WEBHOOK: _send_to_webhook,
    Channel.Kind.APPRISE: _send_by_apprise,
}
