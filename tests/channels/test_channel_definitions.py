"""What a channel may be, and that its secrets stay its own."""

from typing import Any

import pytest
from django.db import connection

from catalog.errors import Conflict, Invalid
from catalog.models import Change
from portal.integrations.channels.definitions import ChannelDefinition
from portal.integrations.channels.operations import delete_channel, save_channel
from portal.integrations.channels.services import SERVICES, service_fault
from portal.integrations.models import Channel
from tests.builders import NOW, TESTER
from tests.channels.builders import make_channel

Kind = Channel.Kind


def faults(**parts: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        ChannelDefinition(**{"identifier": "c", "title": "C", **parts}).check()
    return {fault.path: fault.message for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        ({"kind": "pigeon"}, {"kind"}),
        ({"kind": Kind.WEBHOOK}, {"address"}),
        ({"kind": Kind.WEBHOOK, "address": "ftp://t.example"}, {"address"}),
        ({"kind": Kind.WEBHOOK, "address": "https://10.0.0.1/x"}, {"address"}),
        ({"kind": Kind.SLACK_WEBHOOK, "address": "https://t.example", "secret": "x"}, {"secret"}),
        ({"kind": Kind.SLACK_TOKEN}, {"secret", "target"}),
        ({"kind": Kind.SLACK_TOKEN, "secret": "x", "target": "a b"}, {"target"}),
        ({"kind": Kind.EMAIL}, {"target"}),
        ({"kind": Kind.EMAIL, "target": "a@example.com, nobody"}, {"target"}),
        ({"kind": Kind.EMAIL, "target": "a@example.com", "address": "https://x.y"}, {"address"}),
        ({"kind": Kind.APPRISE, "address": "json://t.example"}, {"address"}),
        (
            {"identifier": "a b", "kind": Kind.WEBHOOK, "address": "https://t.example"},
            {"identifier"},
        ),
        ({"title": "x" * 300, "kind": Kind.WEBHOOK, "address": "https://t.example"}, {"title"}),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(parts: dict[str, Any], paths: set[str]) -> None:
    assert set(faults(**parts)) == paths


@pytest.mark.parametrize(
    "address",
    [
        "json://user@127.0.0.1",
        "xml://t.example/x",
        "mailto://me:pw@example.com",
        "syslog://",
        "dbus://",
        "windows://",
        "file:///etc/passwd",
        "ntfy://10.0.0.1/topic",
        "apprise://t.example/token",
        "workflows://t.example/x/y/z",
        "DISCORD://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?verify=no",
        "discord://1/a, json://127.0.0.1",
        "discord://",
        "https://discord.com/api/webhooks/1/a",
        "",
        "no address at all",
    ],
)
def test_services_with_hosts_of_ones_own_or_effects_here_are_refused(address: str) -> None:
    assert list(service_fault(address))


@pytest.mark.parametrize("schema", sorted(SERVICES))
def test_the_services_that_are_let_in_send_to_hosts_of_their_own_alone(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a host could stand in an address, no other host is ever asked."""
    import requests

    from portal.integrations.channels.services import ServiceFailed, notify

    asked: list[str] = []

    def note(self: Any, method: str, url: str, **kwargs: Any) -> Any:
        asked.append(url)
        raise requests.ConnectionError("no way out")

    monkeypatch.setattr(requests.Session, "request", note)
    token = "JHMHI8qBe7bk2ZwO5U711o3dV"
    addresses = {
        "discord": f"discord://4174216298/{token}",
        "gchat": f"gchat://workspace/{token}/{token}",
        "pagerduty": f"pagerduty://{token}@{token}",
        "pbul": f"pbul://{token}",
        "pover": f"pover://{'u' * 30}@{'t' * 30}",
        "tgram": f"tgram://123456789:{'a' * 35}/12315544/",
        "wxteams": f"wxteams://{'a' * 80}",
    }
    assert list(service_fault(addresses[schema])) == []
    with pytest.raises(ServiceFailed, match="did not take the message"):
        notify(addresses[schema], title="T", body="B")
    hosts = {url.split("/")[2] for url in asked}
    assert hosts
    assert hosts <= {SERVICES[schema][1], "api.ciscospark.com"}


@pytest.mark.django_db
def test_secrets_are_sealed_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    channel = make_channel(
        Kind.SLACK_TOKEN, secret="xoxb-s3cret", address="https://slack.example.com/s3cret/api"
    )
    save_channel(
        definition=ChannelDefinition(
            identifier=channel.identifier, title="Other", kind=Kind.SLACK_TOKEN,
            secret="xoxb-other-s3cret", target="#quality",
        ),
        channel=channel, by=TESTER, now=NOW,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_channel")
        assert "s3cret" not in repr(cursor.fetchall())
    told = repr(list(Change.objects.filter(kind="channel").values("before", "after")))
    assert "s3cret" not in told
    assert "another" in told
    assert "s3cret" not in repr(channel.__dict__)
    assert "s3cret" not in repr(ChannelDefinition(identifier="c", secret="s3cret"))
    assert "s3cret" not in caplog.text
    channel.refresh_from_db()
    assert channel.secret.reveal() == "xoxb-other-s3cret"


@pytest.mark.django_db
def test_where_a_channel_leads_is_shown_without_its_secret() -> None:
    shown = {
        kind: make_channel(kind).shown_address
        for kind in (Kind.WEBHOOK, Kind.SLACK_TOKEN, Kind.EMAIL, Kind.APPRISE)
    }
    assert shown == {
        Kind.WEBHOOK: "hooks.example.com",
        Kind.SLACK_TOKEN: "#quality (slack.com)",
        Kind.EMAIL: "a@example.com, b@example.com",
        Kind.APPRISE: "Discord (discord.com)",
    }


@pytest.mark.django_db
def test_what_changes_nothing_writes_nothing() -> None:
    channel = make_channel(identifier="c")
    count = Change.objects.count()
    save_channel(
        definition=ChannelDefinition(
            identifier="c", title="A channel", kind=Kind.WEBHOOK,
            address="https://hooks.example.com/services/s3cret",
        ),
        channel=channel, by=TESTER, now=NOW,
    )  # fmt: skip
    assert Change.objects.count() == count


@pytest.mark.django_db
def test_an_identifier_is_there_once() -> None:
    make_channel(identifier="c")
    with pytest.raises(Conflict):
        make_channel(identifier="c")


@pytest.mark.django_db
def test_a_deleted_channel_leaves_its_history() -> None:
    channel = make_channel(identifier="c")
    delete_channel(channel=channel, by=TESTER, now=NOW)
    assert not Channel.objects.exists()
    assert Change.objects.filter(kind="channel", action="deleted", identifier="c").exists()
