"""Slack by the token of an app: a message with its chart, or without where that is in the way."""

import json

import pytest

from portal.integrations.channels.deliveries import deliver_one
from portal.integrations.messages import charts, slack
from portal.integrations.models import Channel
from tests.builders import NOW
from tests.channels.builders import CHART, MESSAGE, make_channel, make_delivery, told
from tests.channels.slack_stub import TOKEN, SlackStub, Trouble, slack_stub

pytestmark = pytest.mark.django_db


def send(stub: SlackStub, **parts: str) -> tuple[str, str]:
    """Send a message by a token; return what came of it, and what was said."""
    values = {"address": stub.api, "secret": TOKEN, "target": "#quality", **parts}
    delivery = make_delivery(make_channel(Channel.Kind.SLACK_TOKEN, **values))
    deliver_one(delivery_id=delivery.pk, now=NOW)
    return told(delivery)[-1]


def test_the_chart_is_uploaded_and_the_message_shows_it() -> None:
    with slack_stub() as stub:
        assert send(stub) == ("sent", "Slack took the message for #quality.")
        assert stub.files == [charts.draw(CHART)]
        assert stub.requests == [
            "/api/files.getUploadURLExternal",
            "/upload/secret-place",
            "/api/files.completeUploadExternal",
            "/api/chat.postMessage",
        ]
        [payload] = stub.messages
    assert payload == {
        "channel": "#quality",
        "unfurl_links": False,
        "unfurl_media": False,
        **slack.render(MESSAGE, image="F123"),
    }


def test_an_app_that_may_not_upload_sends_the_message_without_its_chart() -> None:
    with slack_stub() as stub:
        stub.refused_methods["files.getUploadURLExternal"] = "missing_scope"
        outcome, words = send(stub)
        assert outcome == "sent"
        assert "Without its chart: Slack's files.getUploadURLExternal answered 200" in words
        assert [block["type"] for block in stub.messages[0]["blocks"]].count("image") == 0


def test_a_file_that_slack_does_not_show_yet_does_not_hold_up_the_message() -> None:
    busy = json.dumps({"ok": False, "error": "invalid_blocks"}).encode()
    with slack_stub(Trouble(200, body=busy)) as stub:
        outcome, words = send(stub)
        assert (outcome, len(stub.messages)) == ("sent", 1)
        assert "Without its chart" in words


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("ratelimited", "put_off"),
        ("internal_error", "put_off"),
        ("channel_not_found", "failed"),
        ("not_in_channel", "failed"),
        ("token_revoked", "failed"),
    ],
)
def test_what_slack_says_decides_whether_it_is_asked_again(error: str, outcome: str) -> None:
    with slack_stub() as stub:
        stub.refused_methods["chat.postMessage"] = error
        assert send(stub)[0] == outcome
        assert send(stub)[1].startswith(f"Slack's chat.postMessage answered 200: {error}.")


def test_a_wrong_token_fails_and_is_not_told() -> None:
    with slack_stub() as stub:
        outcome, words = send(stub, secret="xoxb-wrong-s3cret")
    assert (outcome, "invalid_auth" in words, "s3cret" in words) == ("failed", True, False)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"ok": 1}', b'{"ok": false, "error": {}}']
)
def test_an_answer_that_is_none_of_slacks_fails(body: bytes) -> None:
    with slack_stub(Trouble(200, body=body), Trouble(200, body=body)) as stub:
        assert send(stub)[0] == "failed"


def test_a_limit_of_the_rate_of_uploads_delays_the_whole_message() -> None:
    with slack_stub() as stub:
        stub.refused_methods["files.getUploadURLExternal"] = "ratelimited"
        assert send(stub)[0] == "put_off"
        assert stub.messages == []
