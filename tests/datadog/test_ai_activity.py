"""The use of AI tools is kept once for each person, day and tool."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.integrations.models import AiActivity
from tests.builders import make_user
from tests.datadog.clients import DatadogClient

PATH = "/api/v2/ai_impact/user_activity"


def entry(**attributes: Any) -> dict[str, Any]:
    """Return an entry."""
    whole = {"user_email": "Ada@Example.com", "day": "2026-05-26", "is_active": True}
    return {
        "type": "ai_impact_user_activity",
        "attributes": {**whole, "tools": ["Claude Code"], **attributes},
    }


def kept() -> list[tuple[Any, ...]]:
    """Return what is stored."""
    rows = AiActivity.objects.order_by("user_email", "day", "tool")
    return list(rows.values_list("user_email", "day", "tool", "is_active", "model_names"))


def test_activity_is_kept_for_each_tool_under_its_known_name(api_key_only: DatadogClient) -> None:
    tools = ["Claude Code", "GitHub Copilot", "Cursor", "My Own-Tool", "claude_code"]
    answer = api_key_only.post(
        PATH, {"data": [entry(tools=tools, models=["GPT-5", "gpt-5", "Sonnet"])]}
    )
    assert answer.status_code == 200
    day, models = date(2026, 5, 26), ["gpt-5", "sonnet"]
    assert kept() == [
        ("ada@example.com", day, tool, True, models)
        for tool in ("claude_code", "copilot", "cursor", "my_own_tool")
    ]


def test_the_last_word_counts(datadog: DatadogClient) -> None:
    datadog.post(PATH, {"data": [entry(models=["a"]), entry(models=["b"])]})
    datadog.post(PATH, {"data": [entry(user_email="ada@example.com", is_active=False)]})
    assert kept() == [("ada@example.com", date(2026, 5, 26), "claude_code", False, [])]


def test_a_batch_is_kept_with_few_queries(
    datadog: DatadogClient, django_assert_max_num_queries: Any
) -> None:
    datadog.get("/api/v2/validate_keys")
    batch = [entry(user_email=f"user{number}@example.com") for number in range(1_000)]
    with django_assert_max_num_queries(10):
        assert datadog.post(PATH, {"data": batch}).status_code == 200
    assert AiActivity.objects.count() == 1_000


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"data": []}, 'attribute "data": give a list of 1 to 1,000 entries'),
        ({"data": [entry()] * 1_001}, 'attribute "data": give a list of 1 to 1,000 entries'),
        ([], 'attribute "data": give a list of 1 to 1,000 entries'),
        ({"data": [7]}, 'attribute "data[0]": give an object of the type'),
        ({"data": [{"type": "other"}]}, 'attribute "data[0]": give an object of the type'),
        (
            {"data": [{"type": "ai_impact_user_activity"}]},
            'attribute "data[0].attributes": give an object',
        ),
        (
            {"data": [entry(), entry(user_email="ada")]},
            'attribute "data[1].user_email": give an e-mail address',
        ),
        ({"data": [entry(day="2026-02-30")]}, 'attribute "data[0].day": give a day such as'),
        ({"data": [entry(day="today")]}, 'attribute "data[0].day": give a day such as'),
        ({"data": [entry(is_active=1)]}, 'attribute "data[0].is_active": give true or false'),
        ({"data": [entry(tools=[])]}, 'attribute "data[0].tools": give at least one name'),
        ({"data": [entry(tools=None)]}, 'attribute "data[0].tools": give at least one name'),
        ({"data": [entry(tools=["a", " "])]}, 'attribute "data[0].tools[1]": give a name of'),
        ({"data": [entry(models="gpt")]}, 'attribute "data[0].models": give a list of at most'),
        ({"data": [entry(hours=3)]}, 'attribute "data[0].hours": is unknown; there are'),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    datadog: DatadogClient, body: Any, detail: str
) -> None:
    answer = datadog.post(PATH, body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"].startswith(detail)
    assert kept() == []


def test_the_admin_lists_it(client: Client, datadog: DatadogClient) -> None:
    datadog.post(PATH, {"data": [entry()]})
    client.force_login(make_user(is_staff=True, is_superuser=True))
    with CaptureQueriesContext(connection) as for_one:
        page = client.get("/admin/integrations/aiactivity/").content.decode()
    assert "ada@example.com" in page
    assert 'href="/admin/integrations/aiactivity/"' in page
    batch = [entry(user_email=f"user{number}@example.com") for number in range(50)]
    datadog.post(PATH, {"data": batch})
    with CaptureQueriesContext(connection) as for_many:
        client.get("/admin/integrations/aiactivity/")
    assert len(for_many) == len(for_one)
    row = AiActivity.objects.latest("id")
    assert client.get(f"/admin/integrations/aiactivity/{row.pk}/change/").status_code == 200
