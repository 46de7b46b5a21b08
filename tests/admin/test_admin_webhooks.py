"""The pages of webhooks and of the requests that came in by them."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from catalog.models import Blueprint, Change
from portal.integrations.models import Webhook, WebhookEvent
from portal.integrations.webhooks import operations
from portal.integrations.webhooks.definitions import Security, WebhookDefinition
from tests.admin.builders import BY, NOW
from tests.admin.pages import errors_of, fields_of

PAGE = "/admin/integrations/webhook/"
EVENTS = "/admin/integrations/webhookevent/"
MAPPINGS = [{"blueprint": "service", "entity": {"identifier": ".body.id"}}]


@pytest.fixture
def webhook(service: Blueprint) -> Webhook:
    return operations.save_webhook(
        definition=WebhookDefinition(
            identifier="github",
            title="GitHub",
            mappings=MAPPINGS,
            security=Security(secret="s3cret", signature_header="X-Hub-Signature-256"),
        ),
        by=BY,
        now=NOW,
    )


@pytest.fixture
def event(webhook: Webhook, django_capture_on_commit_callbacks) -> WebhookEvent:
    with django_capture_on_commit_callbacks(execute=True):
        event = operations.receive(
            webhook=webhook, body={"id": ""}, headers={}, query={}, now=datetime.now(UTC)
        )
    event.refresh_from_db()
    return event


def test_a_webhook_is_made_in_the_workshop(admin: Client, service: Blueprint) -> None:
    data = {
        **fields_of(admin.get(f"{PAGE}add/")),
        "identifier": "gitlab",
        "title": "GitLab",
        "mappings": json.dumps(MAPPINGS),
        "new_secret": "s3cret",
        "signature_header": "X-Gitlab-Token",
        "signature_algorithm": "plain",
    }
    response = admin.post(f"{PAGE}add/", data)
    assert response.status_code == 302, errors_of(response)
    row = Webhook.objects.get()
    assert (row.title, row.mappings, row.secret.reveal()) == ("GitLab", MAPPINGS, "s3cret")
    assert (row.is_enabled, row.signature_algorithm, row.created_by) == (True, "plain", "root")
    assert Change.objects.get(kind="webhook").source == "admin"


def test_what_the_operation_refuses_stands_at_its_field(admin: Client, service: Blueprint) -> None:
    data = {
        **fields_of(admin.get(f"{PAGE}add/")),
        "identifier": "gitlab",
        "mappings": '[{"blueprint": "service", "entity": {"identifier": "("}}]',
        "new_secret": "s3cret",
    }
    errors = errors_of(admin.post(f"{PAGE}add/", data))
    assert set(errors) == {"mappings", "signature_header"}
    assert errors["mappings"][0].startswith("mappings[0].entity.identifier: is not a jq program")
    assert not Webhook.objects.exists()


def test_the_page_shows_the_address_and_never_the_secret(admin: Client, webhook: Webhook) -> None:
    shown = admin.get(f"{PAGE}{webhook.pk}/change/").content.decode()
    assert f"http://testserver/v1/ingest/webhooks/{webhook.key}" in shown
    assert "s3cret" not in shown
    assert "Nothing has come in yet." in shown


def test_a_save_without_a_secret_keeps_the_one_there_is(admin: Client, webhook: Webhook) -> None:
    page = f"{PAGE}{webhook.pk}/change/"
    admin.post(page, {**fields_of(admin.get(page)), "title": "Hub"})
    webhook.refresh_from_db()
    assert (webhook.title, webhook.secret.reveal()) == ("Hub", "s3cret")
    admin.post(page, {**fields_of(admin.get(page)), "removes_secret": "on"})
    webhook.refresh_from_db()
    assert webhook.secret.reveal() == ""


def test_a_secret_that_cannot_be_read_has_to_be_given_anew(admin: Client, webhook: Webhook) -> None:
    page = f"{PAGE}{webhook.pk}/change/"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_webhook SET secret = 'sealed:1:altered'")
    data = {**fields_of(admin.get(page)), "title": "Hub"}
    assert set(errors_of(admin.post(page, data))) == {"new_secret"}
    assert admin.post(page, {**data, "new_secret": "new"}).status_code == 302
    webhook.refresh_from_db()
    assert (webhook.title, webhook.secret.reveal()) == ("Hub", "new")


def test_a_webhook_is_disabled_and_deleted(admin: Client, webhook: Webhook) -> None:
    page = f"{PAGE}{webhook.pk}/change/"
    data = fields_of(admin.get(page))
    del data["is_enabled"]
    admin.post(page, data)
    webhook.refresh_from_db()
    assert webhook.is_enabled is False
    admin.post(f"{PAGE}{webhook.pk}/delete/", {"post": "yes"})
    assert not Webhook.objects.exists()
    assert Change.objects.filter(kind="webhook").order_by("id").last().action == "deleted"


def test_the_newest_requests_stand_on_the_page_with_their_problems(
    admin: Client, event: WebhookEvent
) -> None:
    shown = admin.get(f"{PAGE}{event.webhook_id}/change/").content.decode()
    problem = "Mapping 1, entity.identifier: the program must return a text"
    assert problem in shown
    assert f"{EVENTS}{event.pk}/change/" in shown
    assert f"{EVENTS}?webhook__id__exact={event.webhook_id}" in shown
    whole = admin.get(f"{EVENTS}{event.pk}/change/").content.decode()
    assert "the program must return a text" in whole
    assert admin.post(f"{EVENTS}{event.pk}/change/", {}).status_code == 403


def test_the_list_says_how_the_newest_request_went(
    admin: Client, event: WebhookEvent, django_assert_max_num_queries
) -> None:
    for number in range(5):
        operations.save_webhook(
            definition=WebhookDefinition(identifier=f"w{number}"), by=BY, now=NOW
        )
    with django_assert_max_num_queries(6):
        shown = admin.get(PAGE).content.decode()
    assert "GitHub" in shown
    assert "Done" in shown


def test_lists_of_requests_cost_the_same_for_many(
    admin: Client, event: WebhookEvent, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        operations.receive(webhook=event.webhook, body={}, headers={}, query={}, now=NOW)
    with django_assert_max_num_queries(8):
        assert admin.get(f"{EVENTS}?webhook__id__exact={event.webhook_id}").status_code == 200


def test_webhooks_stand_in_the_sidebar_of_those_who_edit(admin: Client, service: Blueprint) -> None:
    assert f'href="{PAGE}"' in admin.get("/admin/").content.decode()
