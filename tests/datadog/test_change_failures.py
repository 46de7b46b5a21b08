"""Deployments that are marked as failed count as failed, and recover by what put them right."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Change, Entity
from tests.builders import make_entity
from tests.datadog.clients import DatadogClient
from tests.datadog.delivery_events import (
    DAY,
    entity,
    found,
    patch,
    send_deployment,
    send_failure,
)

FAILED, FIXED = "failed-0123456789", "fixed-00123456789"


@pytest.fixture
def pair(datadog: DatadogClient) -> DatadogClient:
    """Return the client that has sent a deployment, and another one forty minutes later."""
    send_deployment(datadog, id=FAILED, version="v2")
    send_deployment(datadog, id=FIXED, version="v1", at=DAY + timedelta(minutes=40))
    return datadog


def mark(client: DatadogClient, id_: str = FAILED, **attributes: Any) -> Any:
    """Mark a deployment by its id."""
    return client.patch(f"/api/v2/dora/deployments/{id_}", patch(id_, **attributes))


def incidents() -> list[Entity]:
    """Return the incidents there are."""
    return list(Entity.objects.of("incident").order_by("id"))


def service(key: str) -> Any:
    """Return a fact of the service."""
    return Entity.objects.of("service").get().fact(key)


@pytest.mark.parametrize(
    "remediation", [{"type": "rollback", "id": FIXED}, {"type": "rollback", "version": "v1"}]
)
def test_a_remediation_gives_the_time_of_recovery(
    pair: DatadogClient, remediation: dict[str, str]
) -> None:
    answer = mark(pair, change_failure=True, remediation=remediation)
    assert (answer.status_code, answer.json()) == (202, {"data": None})
    failed = entity(FAILED)
    assert failed.properties["change_failure"] is True
    assert failed.properties["remediation_type"] == "rollback"
    assert failed.properties["status"] == "success"
    (incident,) = incidents()
    # From the end of the one to the end of the other.
    assert incident.fact("recovery_minutes") == 40
    assert incident.fact("relation#attributed_to") == FAILED
    assert incident.fact("relation#resolved_by") == FIXED
    assert incident.title == "Change failure of shopist v2"
    assert service("change_failure_rate") == 50
    assert service("mean_time_to_recovery") == 40
    assert service("dora_failed_deployments") == 1
    assert service("dora_rework_deployments") == 1
    assert service("dora_recovery_of_incidents") == 40


def test_without_a_remediation_a_failure_is_open(pair: DatadogClient) -> None:
    mark(pair, change_failure=True)
    (incident,) = incidents()
    assert (incident.fact("status"), incident.fact("recovery_minutes")) == ("open", None)
    assert service("dora_failed_deployments") == 1
    assert service("dora_open_incidents") == 1
    mark(pair, remediation={"type": "rollforward", "id": FIXED})
    assert incidents()[0].fact("recovery_minutes") == 40
    # Marked once more without a word on the remediation: what was said before stays.
    mark(pair, change_failure=True)
    assert incidents()[0].fact("recovery_minutes") == 40


def test_a_mark_can_be_taken_back(pair: DatadogClient) -> None:
    mark(pair, change_failure=True, remediation={"type": "rollback", "id": FIXED})
    mark(pair, change_failure=False)
    assert incidents() == []
    failed = entity(FAILED)
    assert failed.properties["change_failure"] is False
    assert "remediation_type" not in failed.properties
    assert service("change_failure_rate") == 0
    assert service("dora_failed_deployments") == 0
    # Taking back what nobody said is said, too.
    assert mark(pair, FIXED, change_failure=False).status_code == 202


def test_a_mark_stands_in_the_history(pair: DatadogClient) -> None:
    mark(pair, change_failure=True)
    change = Change.objects.filter(identifier=FAILED).latest("id")
    assert (change.source, change.after["change_failure"]) == ("wire", True)


def test_the_incident_of_a_mark_is_no_failure_that_was_sent(pair: DatadogClient) -> None:
    sent = send_failure(pair)
    mark(pair, change_failure=True)
    assert found(pair, "failures") == [sent]
    assert pair.get(f"/api/v2/dora/failures/{FAILED}%2Fchange-failure").status_code == 404


@pytest.mark.parametrize("sent_again", [FAILED, FIXED])
def test_a_deployment_that_is_sent_again_takes_its_incident_along(
    pair: DatadogClient, sent_again: str
) -> None:
    mark(pair, change_failure=True, remediation={"type": "rollback", "id": FIXED})
    if sent_again == FIXED:
        send_deployment(pair, id=FIXED, at=DAY + timedelta(minutes=60))
    else:
        send_deployment(pair, id=FAILED, at=DAY + timedelta(minutes=-20))
    assert incidents()[0].fact("recovery_minutes") == 60


def test_deleting_the_failed_deployment_deletes_its_incident(pair: DatadogClient) -> None:
    mark(pair, change_failure=True)
    pair.delete(f"/api/v2/dora/deployment/{FAILED}")
    assert incidents() == []
    assert service("change_failure_rate") == 0


def test_deleting_the_remediation_leaves_the_failure_open(pair: DatadogClient) -> None:
    mark(pair, change_failure=True, remediation={"type": "rollback", "id": FIXED})
    pair.delete(f"/api/v2/dora/deployment/{FIXED}")
    (incident,) = incidents()
    assert incident.fact("status") == "open"
    assert "remediation_type" not in entity(FAILED).properties


def test_by_version_the_newest_finished_match_is_meant(datadog: DatadogClient) -> None:
    ids = [
        send_deployment(datadog, version="v2", at=DAY + timedelta(hours=hour), minutes=minutes)
        for hour, minutes in ((0, 10), (1, 300), (2, 10))
    ]
    send_deployment(datadog, version="v2", env="staging", at=DAY + timedelta(hours=9))
    send_deployment(datadog, version="v2", service="other", at=DAY + timedelta(hours=9))
    send_deployment(datadog, version="v3", at=DAY + timedelta(hours=9))
    body = patch(
        "", service="shopist", env="production", version="v2", change_failure=True,
        remediation={"type": "rollforward", "version": "v3"},
    )  # fmt: skip
    answer = datadog.patch("/api/v2/dora/deployments", body)
    assert (answer.status_code, answer.json()) == (202, {"data": None})
    marked = [row.identifier for row in Entity.objects.filter(properties__change_failure=True)]
    assert marked == [ids[1]]
    # It ended after six hours, the other one after nine hours and ten minutes.
    assert incidents()[0].fact("recovery_minutes") == 190


def test_a_failure_outside_production_counts_in_no_measure(datadog: DatadogClient) -> None:
    id_ = send_deployment(datadog, env="staging")
    assert mark(datadog, id_, change_failure=True).status_code == 202
    assert incidents()[0].fact("relation#affected") == ["shopist"]
    assert (service("total_incidents"), service("dora_failed_deployments")) == (0, 0)


def test_what_other_tools_deployed_can_be_marked(datadog: DatadogClient) -> None:
    send_deployment(datadog)
    make_entity(
        "elsewhere",
        blueprint="deployment",
        properties={
            "deployed_at": (DAY - timedelta(hours=1)).isoformat(),
            "environment": "production",
            "status": "success",
            "version": "v0",
        },
        relations={"service": "shopist"},
    )
    Entity.objects.filter(identifier="elsewhere").update(datasource="exporter")
    body = patch("", service="shopist", env="production", version="v0", change_failure=True)
    assert datadog.patch("/api/v2/dora/deployments", body).status_code == 202
    assert entity("elsewhere").properties["change_failure"] is True
    # It is still the exporter's, which deletes what is gone from its source.
    assert entity("elsewhere").datasource == "exporter"


@pytest.mark.parametrize("noun", ["deployment", "deployments"])
def test_the_address_is_understood_in_both_numbers(datadog: DatadogClient, noun: str) -> None:
    id_ = send_deployment(datadog)
    # The id in the body is none that there is; the address counts.
    answer = datadog.patch(f"/api/v2/dora/{noun}/{id_}", patch("other", change_failure=True))
    assert answer.status_code == 202
    assert entity(id_).properties["change_failure"] is True


def test_what_is_not_there_cannot_be_marked(datadog: DatadogClient) -> None:
    assert mark(datadog, "nobodys", change_failure=True).status_code == 404
    body = patch("", service="shopist", env="production", version="v0", change_failure=True)
    assert datadog.patch("/api/v2/dora/deployments", body).status_code == 404


def test_marks_that_are_wrong_are_refused_and_change_nothing(pair: DatadogClient) -> None:
    unknown = {"type": "rollback", "id": "nobodys-0123456789"}
    refused = [
        ({}, 'attribute "change_failure" is required'),
        ({"change_failure": "yes"}, 'attribute "change_failure": give true or false'),
        (
            {"change_failure": True, "remediation": {"type": "undo", "id": FIXED}},
            'attribute "type" must be one of "rollback rollforward"',
        ),
        (
            {"change_failure": True, "remediation": {"type": "rollback"}},
            'attribute "remediation": give either "id" or "version" of the deployment',
        ),
        (
            {"remediation": {"type": "rollback", "id": FIXED, "version": "v1"}},
            'attribute "remediation": give either "id" or "version" of the deployment',
        ),
        (
            {"change_failure": True, "remediation": [FIXED]},
            'attribute "remediation": give an object with "type" and "id" or "version"',
        ),
        (
            {"change_failure": False, "remediation": {"type": "rollback", "id": FIXED}},
            'attribute "remediation": goes only with a change_failure that is true',
        ),
        (
            {"change_failure": True, "remediation": unknown},
            'attribute "remediation.id": names no deployment that is known; send that one first',
        ),
        (
            {"change_failure": True, "remediation": {"type": "rollback", "version": "v9"}},
            'attribute "remediation.version": names no deployment that is known; '
            "send that one first",
        ),
        (
            {"change_failure": True, "remediation": {"type": "rollback", "id": FAILED}},
            'attribute "remediation.id": is the failed deployment itself',
        ),
    ]
    told = [mark(pair, **attributes) for attributes, _ in refused]
    assert [answer.status_code for answer in told] == [400] * len(refused)
    details = [answer.json()["errors"][0]["detail"] for answer in told]
    assert details == [detail for _, detail in refused]
    backwards = mark(pair, FIXED, remediation={"type": "rollback", "id": FAILED})
    assert backwards.json()["errors"][0]["detail"] == (
        'attribute "remediation.id": was finished before the failed deployment'
    )
    wrong_type = {"data": {"type": "deployment", "attributes": {"change_failure": True}}}
    assert pair.patch(f"/api/v2/dora/deployments/{FAILED}", wrong_type).json()["errors"][0][
        "detail"
    ] == ('got type "deployment" expected one of "dora_deployment_patch_request"')
    assert incidents() == []
    assert "change_failure" not in entity(FAILED).properties


@pytest.mark.parametrize("missing", ["service", "env", "version", "change_failure"])
def test_by_version_everything_is_needed(datadog: DatadogClient, missing: str) -> None:
    whole = {"service": "a", "env": "b", "version": "c", "change_failure": True}
    body = patch("", **{key: item for key, item in whole.items() if key != missing})
    answer = datadog.patch("/api/v2/dora/deployments", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == f'attribute "{missing}" is required'
