"""The preview of a scorecard's form: what saving would change, and nothing saved."""

import json
import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Change, Entity
from scorecards.models import Evaluation, LevelChange, Scorecard
from scorecards.operations import document_of, preview_scorecard, save_scorecard
from tests.admin import test_admin_scorecards as saving
from tests.admin.builders import BY, NOW, SCORECARD, make_entities
from tests.admin.pages import Data, errors_of, fields_of, row_edit
from tests.pages.reading import words_of

ADD = "/admin/scorecards/scorecard/add/"
PREVIEW = {"_preview": ""}


def address(scorecard: Scorecard) -> str:
    return f"/admin/scorecards/scorecard/{scorecard.pk}/change/"


def opened(admin: Client, scorecard: Scorecard) -> Data:
    return fields_of(admin.get(address(scorecard)))


def previewed(admin: Client, scorecard: Scorecard, data: Data) -> HttpResponse:
    response = admin.post(address(scorecard), {**data, **PREVIEW})
    assert response.status_code == 200
    assert errors_of(response) == {}
    return response


def panel(response: HttpResponse) -> str:
    """Return the preview's own markup."""
    return re.search(r'<section class="tm-impact".*?(?=<form)', response.content.decode(), re.S)[0]


def stored() -> list[Any]:
    rows = Evaluation.objects.order_by("id").values()
    return [document_of(Scorecard.objects.get()), list(rows), Change.objects.count()]


def test_the_button_stands_beside_save_on_both_forms(admin: Client, scorecard: Scorecard) -> None:
    for page in (ADD, address(scorecard)):
        html = admin.get(page).content.decode()
        buttons = re.findall(r'<button[^>]*name="(_\w+)"', html)
        assert buttons[:2] == ["_save", "_preview"]
        assert "Nothing has been saved" not in html


def test_a_preview_says_who_would_move_and_saves_nothing(
    admin: Client, scorecard: Scorecard
) -> None:
    before = stored()
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    with patch("scorecards.admin_preview.preview_scorecard", wraps=preview_scorecard) as preview:
        response = previewed(admin, scorecard, data)
    assert preview.call_count == 1
    assert stored() == before
    assert not LevelChange.objects.exists()
    words = words_of(response)
    assert "1 of 3 entities would move Nothing has been saved. 1 would rise" in words
    assert '<a href="/catalog/service/low/">Low</a>' in panel(response)
    assert 'aria-label="Levels now: 1 Silver, 1 Bronze, 1 Basic"' in panel(response)
    assert 'aria-label="Levels after saving: 1 Silver, 2 Bronze"' in panel(response)
    assert "2 → to 3 +1" in words
    assert "1 → to 0 -1" in words
    assert '<span class="badge lv-bronze">Bronze</span>' in panel(response)


def test_a_preview_writes_no_row(admin: Client, scorecard: Scorecard) -> None:
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    with CaptureQueriesContext(connection) as queries:
        previewed(admin, scorecard, data)
    writes = ("INSERT", "UPDATE", "DELETE")
    assert not [query["sql"] for query in queries if query["sql"].startswith(writes)]


def test_nobody_would_move_is_said(admin: Client, scorecard: Scorecard) -> None:
    response = previewed(admin, scorecard, opened(admin, scorecard))
    assert "Nobody would move 3 entities keep their level. Nothing has been saved." in words_of(
        response
    )
    assert "Who would move" not in words_of(response)


def test_an_empty_catalog_is_said(admin: Client, scorecard: Scorecard) -> None:
    Entity.objects.filter(blueprint__identifier="service").delete()
    response = previewed(admin, scorecard, opened(admin, scorecard))
    assert "Nobody would move There is nothing to grade yet." in words_of(response)


def test_what_was_typed_is_kept_and_can_then_be_saved(admin: Client, scorecard: Scorecard) -> None:
    data = saving.edited_parts(opened(admin, scorecard), scorecard)
    again = fields_of(previewed(admin, scorecard, {**data, "title": "Edited"}))
    assert again["title"] == "Edited"
    assert (again["levels-3-DELETE"], again["levels-4-title"]) == ("on", "Platinum")
    assert (again["rules-0-DELETE"], again["rules-2-title"]) == ("on", "Has a tier, at last!")
    response = admin.post(address(scorecard), again)
    assert response.status_code == 302, errors_of(response)
    saving.assert_edited_parts()
    assert Scorecard.objects.get().title == "Edited"


def test_added_and_removed_rules_are_part_of_the_preview(
    admin: Client, scorecard: Scorecard
) -> None:
    data = saving.edited_parts(opened(admin, scorecard), scorecard)
    words = words_of(previewed(admin, scorecard, data))
    assert "2 of 3 entities would move" in words
    assert "Has a tier, at last! Platinum new" in words
    assert "Removed, with their results: Is covered." in words


def test_a_preview_of_a_preview_is_the_same(admin: Client, scorecard: Scorecard) -> None:
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    first = previewed(admin, scorecard, data)
    assert panel(previewed(admin, scorecard, fields_of(first))) == panel(first)


@pytest.mark.parametrize(("edit", "expected"), saving.FAULTS)
def test_a_fault_is_shown_where_saving_would_show_it(
    admin: Client, scorecard: Scorecard, edit: Any, expected: dict[str, str]
) -> None:
    data = edit({**opened(admin, scorecard), "title": "Edited"})
    shown = admin.post(address(scorecard), {**data, **PREVIEW})
    saved = admin.post(address(scorecard), data)
    assert errors_of(shown) == errors_of(saved) != {}
    assert "Nothing has been saved" not in shown.content.decode()
    assert fields_of(shown) == fields_of(saved)


def test_an_owner_that_saving_would_refuse_is_refused(admin: Client, scorecard: Scorecard) -> None:
    data = {**opened(admin, scorecard), "rules-0-owner": "green", **PREVIEW}
    assert errors_of(admin.post(address(scorecard), data)) == {
        "rules-0-owner": ["there is no team 'green'; create it first"]
    }


def test_a_scorecard_is_previewed_before_there_is_one(admin: Client, scorecard: Scorecard) -> None:
    data = fields_of(admin.get(ADD)) | PREVIEW
    data |= {"title": "Second", "identifier": "second", "blueprints": ["service"]}
    response = admin.post(ADD, data)
    assert errors_of(response) == {}
    words = words_of(response)
    assert "3 of 3 entities would move Nothing has been saved." in words
    assert "3 would be graded for the first time" in words
    assert Scorecard.objects.count() == 1


def test_a_new_scorecard_is_not_previewed_in_the_place_of_another(
    admin: Client, scorecard: Scorecard
) -> None:
    data = fields_of(admin.get(ADD)) | PREVIEW
    data |= {"title": "Second", "identifier": "quality", "blueprints": ["service"]}
    assert errors_of(admin.post(ADD, data)) == {
        "identifier": ["This identifier is taken; choose another one."]
    }


def test_a_rule_that_is_to_be_reported_counts_for_nobody_yet(
    admin: Client, scorecard: Scorecard
) -> None:
    data = opened(admin, scorecard) | {"rules-0-is_reported": "on", "rules-0-query": ""}
    data |= {f"rules-0-query-{part}": ["", ""] for part in ("property", "operator", "value")}
    response = previewed(admin, scorecard, data)
    assert response.context["impact"].ways == {"down": 1}
    assert "Is covered Bronze reported" in words_of(response)
    assert fields_of(response)["rules-0-is_reported"] == "on"


def test_a_draft_would_grade_nobody(admin: Client, scorecard: Scorecard) -> None:
    response = previewed(admin, scorecard, {**opened(admin, scorecard), "status": "draft"})
    assert "3 would no longer be graded" in words_of(response)


def test_only_editors_may_preview(client: Client, scorecard: Scorecard, admin: Client) -> None:
    data = opened(admin, scorecard)
    client.force_login(get_user_model().objects.create_user("reader", "r@example.org"))
    assert client.post(address(scorecard), {**data, **PREVIEW}).status_code == 403


def test_a_hostile_title_is_escaped_and_nothing_is_inline(
    admin: Client, scorecard: Scorecard
) -> None:
    hostile = '"><script>alert(1)</script>'
    make_entities("service", hostile_name := "evil", properties=[{"tier": "one"}])
    Entity.objects.filter(identifier=hostile_name).update(title=hostile)
    definition = json.loads(json.dumps(SCORECARD))
    definition["rules"][0]["title"] = hostile
    definition["levels"] = [
        {"title": title, "color": "red"} for title in ("Basic", "Bronze", "Silver", hostile)
    ]
    definition["rules"][1]["level"] = hostile
    save_scorecard(definition=definition, by=BY, now=NOW)
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    html = panel(previewed(admin, scorecard, data))
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert " style=" not in html


def test_more_entities_cost_no_more_queries(admin: Client, scorecard: Scorecard) -> None:
    def count() -> int:
        data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
        with CaptureQueriesContext(connection) as queries:
            previewed(admin, scorecard, data)
        return len(queries)

    few = count()
    names = [f"s{number}" for number in range(60)]
    make_entities("service", *names, properties=[{"tier": "one", "coverage": 40}] * 60)
    assert count() == few


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_preview_to_end(admin: Client, scorecard: Scorecard) -> None:
    def preview(**kwargs: Any) -> Any:
        assert not connection.in_atomic_block
        return preview_scorecard(**kwargs)

    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    with patch("scorecards.admin_preview.preview_scorecard", preview):
        assert "1 of 3 entities would move" in words_of(previewed(admin, scorecard, data))
