"""Kinds: those that clients add, and the blueprints that are kinds already."""

from typing import Any

import pytest

from catalog.models import Blueprint
from portal.integrations.models import KindNote
from tests.builders import make_blueprint
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import ENTITY, KIND, definition, upsert

pytestmark = pytest.mark.django_db


def kinds(client: DatadogClient, query: str = "") -> list[str]:
    """Return the names of the kinds that a list shows."""
    return [item["attributes"]["name"] for item in client.get(f"{KIND}?{query}").json()["data"]]


def test_blueprints_that_are_owned_or_described_are_kinds(datadog: DatadogClient) -> None:
    make_blueprint("service")
    make_blueprint("library", ownership=None, schema={"properties": {"tier": {"type": "string"}}})
    make_blueprint("deployment", ownership={"type": "Inherited", "path": "service"},
                   relations={"service": {"target": "service"}})  # fmt: skip
    assert kinds(datadog) == ["library", "service"]
    assert kinds(datadog, "filter[name]=library") == ["library"]
    assert kinds(datadog, "filter[id]=nobody") == []
    assert kinds(datadog, "page[limit]=1&page[offset]=1") == ["service"]


def test_a_new_kind_is_a_blueprint_with_everything_that_definitions_say(
    datadog: DatadogClient,
) -> None:
    answer = datadog.post(KIND, {"kind": "my-job", "displayName": "My job"})
    assert answer.status_code == 202
    assert answer.json()["meta"] == {"count": 1}
    (item,) = answer.json()["data"]
    assert item["attributes"] == {"name": "my-job", "displayName": "My job"}
    blueprint = Blueprint.objects.get(identifier="my-job")
    assert blueprint.ownership == {"type": "Direct"}
    assert {"tier", "links", "on_call"} <= blueprint.schema["properties"].keys()
    assert KindNote.objects.get().blueprint == blueprint


def test_a_kind_is_called_otherwise_and_keeps_the_rest(datadog: DatadogClient) -> None:
    datadog.post(KIND, {"kind": "my-job", "description": "Runs."})
    datadog.post(KIND, {"kind": "my-job", "displayName": "Job"})
    (item,) = datadog.get(KIND).json()["data"]
    assert item["attributes"] == {
        "name": "my-job",
        "displayName": "Job",
        "description": "Runs.",
    }
    assert item["meta"]["createdAt"] <= item["meta"]["modifiedAt"]


def test_several_kinds_come_as_one_text(datadog: DatadogClient) -> None:
    answer = datadog.post(KIND, "kind: job\n---\nkind: page\ndisplayName: Page\n")
    assert [item["attributes"]["name"] for item in answer.json()["data"]] == ["job", "page"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "My Job"}, 'attribute "kind"'),
        ({"kind": "team"}, 'attribute "kind": teams are kept apart'),
        ({"displayName": "x"}, '"kind" is a required property'),
        ({"kind": "job", "size": 1}, "Additional properties"),
        ({"kind": "job", "displayName": "x" * 101}, 'attribute "displayName"'),
        ("kind: job\n---\nkind: job", 'attribute "kind": a kind stands twice'),
        ("kind: job\n---\nname: x", 'attribute "documents[1]"'),
        ("# none", "there is no kind"),
        ([], "the value"),
        ({"kind": "release"}, "holds events"),
    ],
)
def test_a_mistake_in_a_kind_is_told(datadog: DatadogClient, body: Any, said: str) -> None:
    make_blueprint("release", ownership=None)
    answer = datadog.post(KIND, body)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]
    assert Blueprint.objects.filter(is_system=False).count() == 1


def test_only_what_clients_added_is_deleted_and_only_when_empty(datadog: DatadogClient) -> None:
    make_blueprint("app")
    answer = datadog.delete(f"{KIND}/app")
    assert answer.status_code == 400
    assert "delete it there" in answer.json()["errors"][0]
    upsert(datadog, definition(kind="job"))
    refused = datadog.delete(f"{KIND}/job")
    assert refused.status_code == 409
    assert "has 1 entities" in refused.json()["errors"][0]
    assert datadog.delete(f"{ENTITY}/job:cart").status_code == 204
    (item,) = datadog.get(f"{KIND}?filter[name]=job").json()["data"]
    assert datadog.delete(f"{KIND}/{item['id']}").status_code == 204
    assert datadog.delete(f"{KIND}/job").json() == {"errors": ["Not Found"]}
    assert kinds(datadog) == ["app"]


@pytest.mark.parametrize("rows", [2, 12])
def test_a_list_of_kinds_costs_the_same_however_many(
    datadog: DatadogClient, django_assert_num_queries: Any, rows: int
) -> None:
    datadog.post(KIND, "\n---\n".join(f"kind: k{number}" for number in range(rows)))
    kinds(datadog)
    with django_assert_num_queries(3):
        assert len(kinds(datadog)) == rows
