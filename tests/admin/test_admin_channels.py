"""The pages of channels and deliveries: secrets go in and never come out."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, override_settings

from catalog.models import Change
from portal.integrations.channels.deliveries import deliver_one
from portal.integrations.models import Channel, Delivery
from tests.admin.pages import errors_of, fields_of
from tests.builders import NOW, make_user
from tests.channels.builders import make_channel, make_delivery
from tests.channels.slack_stub import Trouble, slack_stub

PAGE = "/admin/integrations/channel/"
DELIVERIES = "/admin/integrations/delivery/"
Kind = Channel.Kind


def page(row: Channel | Delivery) -> str:
    base = PAGE if isinstance(row, Channel) else DELIVERIES
    return f"{base}{row.pk}/change/"


def test_a_channel_is_made_in_the_workshop(admin: Client) -> None:
    data = {
        **fields_of(admin.get(f"{PAGE}add/")),
        "identifier": "chat", "title": "Chat", "kind": Kind.SLACK_TOKEN,
        "new_secret": "xoxb-s3cret", "target": "#quality",
    }  # fmt: skip
    response = admin.post(f"{PAGE}add/", data)
    assert response.status_code == 302, errors_of(response)
    row = Channel.objects.get()
    assert (row.title, row.secret.reveal(), row.is_enabled) == ("Chat", "xoxb-s3cret", True)
    assert Change.objects.get(kind="channel").source == "admin"


def test_what_the_operation_refuses_stands_at_its_field(admin: Client) -> None:
    data = {
        **fields_of(admin.get(f"{PAGE}add/")),
        "identifier": "chat", "title": "Chat", "kind": Kind.APPRISE,
        "new_address": "json://127.0.0.1/s3cret", "new_secret": "x",
    }  # fmt: skip
    response = admin.post(f"{PAGE}add/", data)
    assert set(errors_of(response)) == {"new_address", "new_secret"}
    assert "s3cret" not in response.content.decode()
    assert not Channel.objects.exists()


@pytest.mark.parametrize("kind", [Kind.WEBHOOK, Kind.SLACK_TOKEN, Kind.APPRISE])
def test_no_page_shows_a_secret(admin: Client, kind: str) -> None:
    address = {
        Kind.WEBHOOK: "https://hooks.example.com/s3cret",
        Kind.SLACK_TOKEN: "https://slack.example.com/s3cret/api",
        Kind.APPRISE: "discord://4174216298/s3cretJHMHI8qBe7bk2ZwO5U711o3dV_js",
    }[kind]
    channel = make_channel(kind, address=address)
    delivery = make_delivery(channel)
    for address in (PAGE, page(channel), DELIVERIES, page(delivery)):
        response = admin.get(address)
        assert response.status_code == 200
        assert "s3cret" not in response.content.decode()
    assert channel.shown_address in admin.get(PAGE).content.decode()


def test_a_save_keeps_the_secrets_that_are_not_entered_anew(admin: Client) -> None:
    channel = make_channel(Kind.WEBHOOK, secret="k3y")
    data = {**fields_of(admin.get(page(channel))), "title": "Other"}
    assert admin.post(page(channel), data).status_code == 302
    channel.refresh_from_db()
    assert (channel.title, channel.secret.reveal()) == ("Other", "k3y")
    assert channel.address.reveal().endswith("/s3cret")
    admin.post(page(channel), {**data, "new_secret": "other"})
    channel.refresh_from_db()
    assert channel.secret.reveal() == "other"
    assert channel.address.reveal().endswith("/s3cret")


def test_a_token_is_not_kept_for_another_address(admin: Client) -> None:
    channel = make_channel(Kind.SLACK_TOKEN, secret="xoxb-s3cret")
    data = {**fields_of(admin.get(page(channel))), "new_address": "https://evil.example.com"}
    assert set(errors_of(admin.post(page(channel), data))) == {"new_secret"}
    channel.refresh_from_db()
    assert channel.address.reveal() == ""


def test_no_secret_is_kept_for_another_kind(admin: Client) -> None:
    channel = make_channel(Kind.WEBHOOK, secret="k3y")
    data = {**fields_of(admin.get(page(channel))), "kind": Kind.SLACK_TOKEN, "target": "#x"}
    assert set(errors_of(admin.post(page(channel), data))) == {"new_secret"}


def test_a_secret_that_cannot_be_read_has_to_be_given_anew(admin: Client) -> None:
    channel = make_channel(Kind.WEBHOOK)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_channel SET address = 'sealed:1:altered'")
    data = fields_of(admin.get(page(channel)))
    assert set(errors_of(admin.post(page(channel), data))) == {"new_address"}
    data["new_address"] = "https://hooks.example.com/other"
    assert admin.post(page(channel), data).status_code == 302


def test_a_channel_is_deleted_with_what_it_was_sent(admin: Client) -> None:
    channel = make_channel()
    make_delivery(channel)
    admin.post(f"{PAGE}{channel.pk}/delete/", {"post": "yes"})
    assert not Channel.objects.exists()
    assert Change.objects.filter(kind="channel").order_by("id").last().action == "deleted"


def test_a_test_message_is_sent_and_shown_also_where_the_channel_is_off(
    admin: Client, django_capture_on_commit_callbacks
) -> None:
    with slack_stub() as stub, override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.1"]):
        channel = make_channel(Kind.SLACK_WEBHOOK, address=stub.hook, is_enabled=False)
        with django_capture_on_commit_callbacks(execute=True):
            response = admin.post(f"{PAGE}{channel.pk}/test/")
        assert [message["text"] for message in stub.messages] == ["A test message from Tidemark"]
    delivery = Delivery.objects.get()
    assert response["Location"] == page(delivery)
    assert "127.0.0.1 answered 200" in admin.get(page(delivery)).content.decode()


def test_a_delivery_shows_its_message_and_its_tries_and_is_sent_again(
    admin: Client, django_capture_on_commit_callbacks
) -> None:
    with (
        slack_stub(Trouble(404, body=b"no_service")) as stub,
        override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.1"]),
    ):
        channel = make_channel(Kind.SLACK_WEBHOOK, address=stub.hook)
        delivery = make_delivery(channel)
        deliver_one(delivery_id=delivery.pk, now=NOW)
        shown = admin.get(page(delivery)).content.decode()
        assert "no_service" in shown
        assert "Send again" in shown
        assert "All &lt;well&gt; &amp; good" in shown
        assert 'href="https://t.example/shop?a=1&amp;b=2"' in shown
        assert admin.get(f"{DELIVERIES}{delivery.pk}/again/").status_code == 405
        with django_capture_on_commit_callbacks(execute=True):
            admin.post(f"{DELIVERIES}{delivery.pk}/again/")
        assert len(stub.messages) == 1
    assert Change.objects.get(kind="delivery").source == "admin"
    assert Delivery.objects.get().status == "sent"


def test_a_delivery_that_is_being_sent_is_not_sent_again(admin: Client) -> None:
    delivery = make_delivery(make_channel())
    later = NOW + timedelta(minutes=5)
    Delivery.objects.update(status=Delivery.Status.SENDING, claimed_until=later)
    response = admin.post(f"{DELIVERIES}{delivery.pk}/again/", follow=True)
    assert "being sent just now" in response.content.decode()


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_channel_has_a_preview(admin: Client, kind: str) -> None:
    delivery = make_delivery(make_channel(kind))
    shown = admin.get(page(delivery)).content.decode()
    assert "Two things moved." in shown
    assert ("<iframe" in shown) == (kind == Kind.EMAIL)
    assert ("data:image/png" in shown) == (kind in (Kind.EMAIL, Kind.SLACK_TOKEN))


def test_deliveries_are_read_only(admin: Client) -> None:
    delivery = make_delivery(make_channel())
    assert admin.get(f"{DELIVERIES}add/").status_code == 403
    assert admin.post(page(delivery), {}).status_code == 403
    assert admin.post(f"{DELIVERIES}{delivery.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.django_db
def test_nobody_but_editors_gets_here(client: Client) -> None:
    channel = make_channel()
    delivery = make_delivery(channel)
    client.force_login(make_user())
    for address in (PAGE, page(channel), DELIVERIES, page(delivery)):
        assert client.get(address).status_code == 403
    for address in (f"{PAGE}{channel.pk}/test/", f"{DELIVERIES}{delivery.pk}/again/"):
        assert client.post(address).status_code == 403
    assert Delivery.objects.count() == 1


def test_lists_cost_the_same_for_many(admin: Client, django_assert_max_num_queries) -> None:
    for _ in range(5):
        make_delivery(make_channel())
    with django_assert_max_num_queries(6):
        assert admin.get(PAGE).status_code == 200
    with django_assert_max_num_queries(7):
        assert admin.get(DELIVERIES).status_code == 200
