"""Secrets of the organization come in, and do not come out again."""

from typing import Any

import pytest
from django.db import connection

from catalog.models import Change
from portal.integrations.models import OrganizationSecret
from portal.integrations.secrets import reveal_secrets
from tests.port.clients import PortClient

PATH = "/organization/secrets"
VALUE = "hunter-2-hunter"


@pytest.fixture
def kept(port: PortClient) -> dict[str, Any]:
    """Keep a secret and return what was answered."""
    body = {"secretName": "DEPLOY_TOKEN", "secretValue": VALUE, "description": "For deploys"}
    answer = port.post(PATH, body)
    assert answer.status_code == 201
    assert answer.json()["ok"] is True
    return answer.json()["secret"]


def test_a_secret_is_told_of_but_not_told(port: PortClient, kept: dict[str, Any]) -> None:
    assert kept == {
        "secretName": "DEPLOY_TOKEN",
        "description": "For deploys",
        "createdAt": kept["createdAt"],
        "updatedAt": kept["createdAt"],
        "createdBy": "writer",
        "updatedBy": "writer",
    }
    assert port.get(f"{PATH}/DEPLOY_TOKEN").json() == {"ok": True, "secret": kept}
    assert port.get(PATH).json() == {"ok": True, "secrets": [kept]}
    assert reveal_secrets(["DEPLOY_TOKEN", "UNKNOWN"]) == {"DEPLOY_TOKEN": VALUE}


def test_a_secret_stands_nowhere_as_it_is(port: PortClient, kept: dict[str, Any]) -> None:
    port.patch(f"{PATH}/DEPLOY_TOKEN", {"secretValue": f"{VALUE}-2"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM integrations_organizationsecret")
        ((stored,),) = cursor.fetchall()
    assert VALUE not in stored
    assert VALUE not in repr(list(Change.objects.values()))
    assert reveal_secrets(["DEPLOY_TOKEN"]) == {"DEPLOY_TOKEN": f"{VALUE}-2"}


def test_the_value_and_the_description_change_on_their_own(
    port: PortClient, kept: dict[str, Any]
) -> None:
    answer = port.patch(f"{PATH}/DEPLOY_TOKEN", {"description": None})
    assert (answer.status_code, answer.json()["secret"]["description"]) == (200, "")
    assert reveal_secrets(["DEPLOY_TOKEN"]) == {"DEPLOY_TOKEN": VALUE}
    port.patch(f"{PATH}/DEPLOY_TOKEN", {"secretValue": "other"})
    assert reveal_secrets(["DEPLOY_TOKEN"]) == {"DEPLOY_TOKEN": "other"}
    told = [row.after for row in Change.objects.filter(kind="secret").order_by("id")]
    assert told == [
        {"name": "DEPLOY_TOKEN", "description": "For deploys"},
        {"description": ""},
        {"description": "", "value": "replaced"},
    ]


def test_a_secret_is_let_go_of(port: PortClient, kept: dict[str, Any]) -> None:
    assert port.delete(f"{PATH}/DEPLOY_TOKEN").json() == {"ok": True}
    for answer in (
        port.get(f"{PATH}/DEPLOY_TOKEN"),
        port.patch(f"{PATH}/DEPLOY_TOKEN", {"secretValue": "x"}),
        port.delete(f"{PATH}/DEPLOY_TOKEN"),
    ):
        assert (answer.status_code, answer.json()["message"]) == (
            404,
            "There is no secret 'DEPLOY_TOKEN'.",
        )
    assert not OrganizationSecret.objects.exists()


def test_a_second_secret_of_a_name_is_a_conflict(port: PortClient, kept: dict[str, Any]) -> None:
    answer = port.post(PATH, {"secretName": "DEPLOY_TOKEN", "secretValue": "x"})
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert reveal_secrets(["DEPLOY_TOKEN"]) == {"DEPLOY_TOKEN": VALUE}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"secretName": "a"}, "secretValue: is missing"),
        ({"secretName": "a b", "secretValue": "x"}, "name: may hold 1 to 200 letters"),
        ({"secretName": 7, "secretValue": "x"}, "secretName: give a text"),
        ({"secretName": "a", "secretValue": ""}, "secretValue: give a text"),
        ({"secretName": "a", "secretValue": {"x": 1}}, "secretValue: give a text"),
        ({"secretName": "a", "secretValue": "x" * 50_001}, "secretValue: is too long"),
    ],
)
def test_what_cannot_be_kept_is_told_with_its_place(
    port: PortClient, body: dict[str, Any], message: str
) -> None:
    answer = port.post(PATH, body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(message)
    assert not OrganizationSecret.objects.exists()


def test_a_reader_keeps_none(reader: PortClient) -> None:
    assert reader.get(PATH).status_code == 200
    assert reader.post(PATH, {"secretName": "a", "secretValue": "x"}).status_code == 403
