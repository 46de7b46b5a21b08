"""What an edit would change, asked for over the API."""

from rest_framework.test import APIClient

from scorecards.models import Evaluation, Scorecard
from tests.builders import condition, scorecard_document


def test_a_preview_says_who_would_move_and_saves_nothing(world: None, client: APIClient) -> None:
    version = Scorecard.objects.get().version
    document = scorecard_document()
    document["rules"][0]["query"] = condition("tier", "<=", 3)
    response = client.post("/api/scorecard-previews/", document, format="json")
    assert response.status_code == 200
    assert response.json() == {
        "entity_count": 2,
        "moved_count": 1,
        "levels": [{"from_level": "Basic", "to_level": "Bronze", "count": 1}],
        "rules": [
            _impact("tiered", passed=(1, 2), failed=(1, 0)),
            _impact("spoken", passed=(1, 1), failed=(1, 1)),
            _impact("top", passed=(1, 1), failed=(1, 1)),
        ],
        "entities": [
            {
                "blueprint": "service",
                "identifier": "blog",
                "title": "Blog",
                "from_level": "Basic",
                "to_level": "Bronze",
            }
        ],
    }
    assert Scorecard.objects.get().version == version
    assert set(Evaluation.objects.values_list("level__title", flat=True)) == {"Gold", "Basic"}


def test_a_preview_refuses_what_saving_would(world: None, client: APIClient) -> None:
    document = scorecard_document()
    document["rules"][0]["level"] = "Platinum"
    response = client.post("/api/scorecard-previews/", document, format="json")
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == ["rules[0].level"]


def _impact(rule: str, *, passed: tuple[int, int], failed: tuple[int, int]) -> dict:
    return {
        "identifier": rule,
        "passed_before": passed[0],
        "passed_after": passed[1],
        "failed_before": failed[0],
        "failed_after": failed[1],
    }
