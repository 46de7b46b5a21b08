"""The scorecard form: one document made of texts, levels, rules and conditions, saved at once."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from catalog.models import Change, Entity
from scorecards.models import Evaluation, Scorecard
from scorecards.operations import document_of, save_scorecard
from tests.admin.builders import BY, NOW, SCORECARD
from tests.admin.pages import Data, errors_of, fields_of, row_edit

ADD = "/admin/scorecards/scorecard/add/"


def address(scorecard: Scorecard) -> str:
    return f"/admin/scorecards/scorecard/{scorecard.pk}/change/"


def levels() -> dict[str, str]:
    rows = Evaluation.objects.values_list("entity__identifier", "level__title")
    return dict(rows)


def opened(admin: Client, scorecard: Scorecard) -> Data:
    return fields_of(admin.get(address(scorecard)))


@pytest.fixture(autouse=True)
def graded(scorecard: Scorecard) -> None:
    assert levels() == {"low": "Basic", "middle": "Bronze", "high": "Silver"}


def test_saving_what_was_shown_changes_nothing(admin: Client, scorecard: Scorecard) -> None:
    before = document_of(scorecard)
    count = Change.objects.count()
    response = admin.post(address(scorecard), opened(admin, scorecard))
    assert response.status_code == 302
    assert document_of(Scorecard.objects.get()) == before
    assert Change.objects.count() == count


def test_a_threshold_edited_in_its_row_moves_the_badges(
    admin: Client, scorecard: Scorecard
) -> None:
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    with patch("scorecards.admin.save_scorecard", wraps=save_scorecard) as save:
        response = admin.post(address(scorecard), data, follow=True)
    assert save.call_count == 1
    assert levels() == {"low": "Bronze", "middle": "Bronze", "high": "Silver"}
    assert "3 entities are graded; 1 of them changed level." in response.content.decode()
    assert list(Change.objects.filter(kind="scorecard", source="admin").values_list("actor")) == [
        ("root",)
    ]


def test_a_threshold_edited_as_json_moves_the_badges(admin: Client, scorecard: Scorecard) -> None:
    data = opened(admin, scorecard)
    query = json.loads(data["rules-0-query"])
    query["conditions"][0]["value"] = 95
    response = admin.post(address(scorecard), {**data, "rules-0-query": json.dumps(query)})
    assert response.status_code == 302
    assert levels() == {"low": "Basic", "middle": "Basic", "high": "Basic"}


def test_the_side_that_the_script_names_counts(admin: Client, scorecard: Scorecard) -> None:
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    data |= {"rules-0-query": "{}", "rules-0-query-edited": "rows"}
    assert admin.post(address(scorecard), data).status_code == 302
    assert levels()["low"] == "Bronze"


def test_rows_and_json_that_contradict_each_other_are_refused(
    admin: Client, scorecard: Scorecard
) -> None:
    data = row_edit(opened(admin, scorecard), "rules-0-query", text="30")
    query = {"combinator": "and", "conditions": [{"property": "tier", "operator": "isEmpty"}]}
    response = admin.post(address(scorecard), {**data, "rules-0-query": json.dumps(query)})
    assert errors_of(response) == {
        "rules-0-query": [
            "The rows and the JSON were both edited and say different things; change one of them."
        ]
    }
    assert levels()["low"] == "Basic"


def test_levels_are_reordered_by_their_place(admin: Client, scorecard: Scorecard) -> None:
    data = opened(admin, scorecard)
    # Silver before Bronze: its rule now stands between every service and Bronze.
    data |= {"levels-1-rank": "2", "levels-2-rank": "1"}
    assert admin.post(address(scorecard), data).status_code == 302
    titles = [item["title"] for item in document_of(Scorecard.objects.get())["levels"]]
    assert titles == ["Basic", "Silver", "Bronze", "Gold"]
    assert levels() == {"low": "Basic", "middle": "Basic", "high": "Bronze"}


def test_a_renamed_level_keeps_its_rules_and_what_holds_it(
    admin: Client, scorecard: Scorecard
) -> None:
    bronze = scorecard.levels.get(title="Bronze").pk
    data = {**opened(admin, scorecard), "levels-1-title": "Copper"}
    assert admin.post(address(scorecard), data).status_code == 302
    assert scorecard.levels.get(title="Copper").pk == bronze
    assert levels() == {"low": "Basic", "middle": "Copper", "high": "Silver"}


def test_levels_may_swap_titles(admin: Client, scorecard: Scorecard) -> None:
    data = {**opened(admin, scorecard), "levels-1-title": "Silver", "levels-2-title": "Bronze"}
    assert admin.post(address(scorecard), data).status_code == 302
    titles = [item["title"] for item in document_of(Scorecard.objects.get())["levels"]]
    assert titles == ["Basic", "Silver", "Bronze", "Gold"]


def edited_parts(data: Data, scorecard: Scorecard) -> Data:
    """Return the form with a level and a rule removed, and one of each added."""
    return {
        **data,
        "levels-3-DELETE": "on",
        "levels-TOTAL_FORMS": "5",
        "levels-4-id": "",
        "levels-4-scorecard": str(scorecard.pk),
        "levels-4-title": "Platinum",
        "levels-4-color": "purple",
        "levels-4-rank": "",
        "rules-0-DELETE": "on",
        "rules-TOTAL_FORMS": "3",
        "rules-2-id": "",
        "rules-2-scorecard": str(scorecard.pk),
        "rules-2-title": "Has a tier, at last!",
        "rules-2-identifier": "",
        "rules-2-level": "Platinum",
        "rules-2-is_enabled": "on",
        "rules-2-query": "",
        "rules-2-query-shown": "",
        "rules-2-query-combinator": "and",
        "rules-2-query-property": ["tier", ""],
        "rules-2-query-operator": ["=", "="],
        "rules-2-query-value": ["one", ""],
        "rules-2-filter": "",
    }


def assert_edited_parts() -> None:
    """Check that the edit above was saved."""
    document = document_of(Scorecard.objects.get())
    assert [item["title"] for item in document["levels"]] == [
        "Basic", "Bronze", "Silver", "Platinum",
    ]  # fmt: skip
    assert [(rule["identifier"], rule["level"]) for rule in document["rules"]] == [
        ("well_covered", "Silver"),
        ("has_a_tier_at_last", "Platinum"),
    ]
    assert levels() == {"low": "Basic", "middle": "Basic", "high": "Platinum"}


def test_levels_and_rules_are_added_and_removed(admin: Client, scorecard: Scorecard) -> None:
    data = edited_parts(opened(admin, scorecard), scorecard)
    response = admin.post(address(scorecard), data)
    assert response.status_code == 302, errors_of(response)
    assert_edited_parts()


def test_a_level_may_go_with_its_rules_moved_elsewhere(admin: Client, scorecard: Scorecard) -> None:
    data = {**opened(admin, scorecard), "levels-1-DELETE": "on", "rules-0-level": "Silver"}
    assert admin.post(address(scorecard), data).status_code == 302
    assert levels() == {"low": "Basic", "middle": "Basic", "high": "Silver"}


def _unknown_level(data: Data) -> Data:
    return {**data, "rules-1-level": "Platinum"}


def _floor(data: Data) -> Data:
    return {**data, "rules-1-level": "Basic"}


def _unknown_operator(data: Data) -> Data:
    query = {"combinator": "and", "conditions": [{"property": "tier", "operator": "~", "value": 1}]}
    return {**data, "rules-1-query": json.dumps(query)}


def _unknown_property(data: Data) -> Data:
    query = {"combinator": "and", "conditions": [{"property": "tierr", "operator": "isEmpty"}]}
    return {**data, "rules-1-query": json.dumps(query)}


def _broken_json(data: Data) -> Data:
    return {**data, "rules-1-query": '{"combinator": }'}


def _endless_json(data: Data) -> Data:
    return {**data, "rules-1-query": "[" * 100_000}


def _endless_row(data: Data) -> Data:
    return row_edit(data, "rules-1-query", text="[" * 100_000)


def _not_a_number(data: Data) -> Data:
    return row_edit(data, "rules-1-query", text="lots")


def _no_blueprint(data: Data) -> Data:
    return {**data, "blueprints": []}


def _level_twice(data: Data) -> Data:
    return {**data, "levels-2-title": "Bronze"}


def _broken_filter(data: Data) -> Data:
    return {**data, "filter": '{"combinator": "xor", "conditions": []}'}


FAULTS = [
    (
        _unknown_level,
        {"rules-1-level": "there is no level 'Platinum'; choose one of Bronze, Silver, Gold"},
    ),
    (_floor, {"rules-1-level": "'Basic' is where every entity starts and owns no rules"}),
    (
        _unknown_operator,
        {"rules-1-query": 'query.conditions[0].operator: "~" is not an operator'},
    ),
    (
        _unknown_property,
        {
            "rules-1-query": 'query.conditions[0].property: there is no property "tierr"; '
            'did you mean "tier"?'
        },
    ),
    (
        _broken_json,
        {"rules-1-query": "This is not JSON: Expecting value in line 1, column 16."},
    ),
    (_endless_json, {"rules-1-query": "This is nested too deeply; flatten it."}),
    (_endless_row, {"rules-1-query": "Row 1: '[["}),
    (_not_a_number, {"rules-1-query": "Row 1: 'lots' is not a number, as this property is"}),
    (_no_blueprint, {"blueprints": "This field is required."}),
    (_level_twice, {"levels-2": "'Bronze' stands twice; names must differ"}),
    (_broken_filter, {"filter": 'filter.combinator: "xor" is not a combinator'}),
]


@pytest.mark.parametrize(("edit", "expected"), FAULTS)
def test_a_fault_is_shown_where_it_is_and_nothing_is_saved(
    admin: Client, scorecard: Scorecard, edit: Any, expected: dict[str, str]
) -> None:
    before = document_of(scorecard)
    data = edit({**opened(admin, scorecard), "title": "Edited"})
    response = admin.post(address(scorecard), data)
    assert response.status_code == 200
    found = errors_of(response)
    assert found.keys() >= expected.keys()
    for field, message in expected.items():
        assert found[field][0].startswith(message)
    assert document_of(Scorecard.objects.get()) == before
    assert levels() == {"low": "Basic", "middle": "Bronze", "high": "Silver"}


def test_a_refused_form_can_be_mended_and_sent_again(admin: Client, scorecard: Scorecard) -> None:
    refused = admin.post(address(scorecard), _unknown_property(opened(admin, scorecard)))
    data = fields_of(refused)
    query = {"combinator": "and", "conditions": [{"property": "tier", "operator": "isNotEmpty"}]}
    assert (
        admin.post(address(scorecard), {**data, "rules-1-query": json.dumps(query)}).status_code
        == 302
    )
    assert levels() == {"low": "Basic", "middle": "Silver", "high": "Silver"}


def test_a_new_scorecard_starts_with_the_usual_levels(admin: Client, scorecard: Scorecard) -> None:
    data = fields_of(admin.get(ADD))
    assert [data[f"levels-{index}-title"] for index in range(4)] == [
        "Basic", "Bronze", "Silver", "Gold",
    ]  # fmt: skip
    data |= {"title": "Second", "identifier": "second", "blueprints": ["service"]}
    response = admin.post(ADD, data)
    assert response.status_code == 302, errors_of(response)
    assert document_of(Scorecard.objects.get(identifier="second"))["rules"] == []


def test_a_new_scorecard_cannot_replace_another(admin: Client, scorecard: Scorecard) -> None:
    data = fields_of(admin.get(ADD))
    data |= {"title": "Second", "identifier": "quality", "blueprints": ["service"]}
    response = admin.post(ADD, data)
    assert errors_of(response) == {"identifier": ["This identifier is taken; choose another one."]}
    assert Scorecard.objects.get().title == "Quality"


def test_conditions_that_rows_cannot_show_stay_as_they_are(
    admin: Client, scorecard: Scorecard
) -> None:
    nested = {
        "combinator": "or",
        "conditions": [
            {"property": "tier", "operator": "isEmpty"},
            {
                "combinator": "and",
                "conditions": [{"property": "coverage", "operator": ">", "value": 1}],
            },
        ],
    }
    rule = {**SCORECARD["rules"][0], "query": nested}
    save_scorecard(definition={**SCORECARD, "rules": [rule]}, by=BY, now=NOW)
    page = admin.get(address(scorecard))
    assert "Edit it as JSON below." in page.content.decode()
    assert admin.post(address(scorecard), {**fields_of(page), "title": "Edited"}).status_code == 302
    edited = Scorecard.objects.get()
    assert (edited.title, edited.rules.get().query) == ("Edited", nested)


def test_the_owner_of_a_rule_is_a_team(admin: Client, scorecard: Scorecard) -> None:
    data = {**opened(admin, scorecard), "rules-0-owner": "red"}
    assert admin.post(address(scorecard), data).status_code == 302
    assert scorecard.rules.get(identifier="covered").owner == Entity.objects.get(identifier="red")
    refused = admin.post(address(scorecard), {**opened(admin, scorecard), "rules-0-owner": "green"})
    assert errors_of(refused) == {"rules-0-owner": ["there is no team 'green'; create it first"]}


def _reported(data: Data, number: int = 0) -> Data:
    """Return the form with a rule that has no condition any more and is reported."""
    name = f"rules-{number}-query"
    blank = {f"{name}-{part}": ["", ""] for part in ("property", "operator", "value")}
    return {**data, name: "", **blank, f"rules-{number}-is_reported": "on"}


def test_a_rule_is_reported_instead_of_having_a_condition(
    admin: Client, scorecard: Scorecard
) -> None:
    response = admin.post(address(scorecard), _reported(opened(admin, scorecard)))
    assert response.status_code == 302, errors_of(response)
    assert scorecard.rules.get(query__isnull=True).identifier == "covered"
    # Nothing is reported yet: only the rule for Silver counts.
    assert levels() == {"low": "Basic", "middle": "Basic", "high": "Silver"}


def test_a_reported_rule_stays_so_and_may_get_a_condition_again(
    admin: Client, scorecard: Scorecard
) -> None:
    admin.post(address(scorecard), _reported(opened(admin, scorecard)))
    before, count = document_of(Scorecard.objects.get()), Change.objects.count()
    data = opened(admin, scorecard)
    assert data["rules-0-is_reported"] == "on"
    assert admin.post(address(scorecard), data).status_code == 302
    assert (document_of(Scorecard.objects.get()), Change.objects.count()) == (before, count)
    query = SCORECARD["rules"][0]["query"]
    del data["rules-0-is_reported"]
    assert (
        admin.post(address(scorecard), {**data, "rules-0-query": json.dumps(query)}).status_code
        == 302
    )
    assert scorecard.rules.get(identifier="covered").query == query
    assert levels() == {"low": "Basic", "middle": "Bronze", "high": "Silver"}


def test_a_new_rule_may_be_reported(admin: Client, scorecard: Scorecard) -> None:
    data = opened(admin, scorecard)
    data |= {
        "rules-TOTAL_FORMS": "3",
        "rules-2-id": "",
        "rules-2-scorecard": str(scorecard.pk),
        "rules-2-title": "Is pen-tested",
        "rules-2-identifier": "",
        "rules-2-level": "Gold",
        "rules-2-is_enabled": "on",
        "rules-2-is_reported": "on",
        "rules-2-query": "",
        "rules-2-query-shown": "",
        "rules-2-filter": "",
    }
    response = admin.post(address(scorecard), data)
    assert response.status_code == 302, errors_of(response)
    assert scorecard.rules.get(query__isnull=True).identifier == "is_pen_tested"


def _both(data: Data) -> Data:
    return {**data, "rules-0-is_reported": "on"}


def _neither(data: Data) -> Data:
    data = _reported(data)
    del data["rules-0-is_reported"]
    return data


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            _both,
            "A reported rule has no condition: remove the condition, or switch "
            "'Reported over the API' off.",
        ),
        (_neither, "Add at least one condition."),
    ],
)
def test_a_rule_has_a_condition_or_is_reported(
    admin: Client, scorecard: Scorecard, edit: Any, message: str
) -> None:
    before = document_of(scorecard)
    response = admin.post(address(scorecard), edit(opened(admin, scorecard)))
    assert errors_of(response) == {"rules-0-query": [message]}
    assert document_of(Scorecard.objects.get()) == before


def test_a_condition_beside_reports_may_be_taken_away_and_sent_again(
    admin: Client, scorecard: Scorecard
) -> None:
    refused = admin.post(address(scorecard), _both(opened(admin, scorecard)))
    data = fields_of(refused)
    assert "coverage" in data["rules-0-query"]
    assert admin.post(address(scorecard), _reported(data)).status_code == 302
    assert scorecard.rules.get(identifier="covered").is_reported


def test_deleting_a_scorecard_takes_what_it_found(admin: Client, scorecard: Scorecard) -> None:
    page = admin.get(f"/admin/scorecards/scorecard/{scorecard.pk}/delete/")
    assert page.status_code == 200
    admin.post(f"/admin/scorecards/scorecard/{scorecard.pk}/delete/", {"post": "yes"})
    assert not Scorecard.objects.exists()
    assert not Evaluation.objects.exists()
    assert Change.objects.filter(kind="scorecard", action="deleted", actor="root").count() == 1


def test_a_hostile_title_is_escaped(admin: Client, scorecard: Scorecard) -> None:
    hostile = "<script>alert(1)</script>"
    rules = [{**rule, "title": hostile} for rule in SCORECARD["rules"]]
    levels_ = [
        {"title": "Basic", "color": "red"},
        {"title": "Bronze", "color": "red"},
        {"title": "Silver", "color": "red"},
    ]
    save_scorecard(
        definition={**SCORECARD, "title": hostile, "rules": rules, "levels": levels_},
        by=BY,
        now=NOW,
    )
    evaluation = Evaluation.objects.first()
    for page in (
        address(scorecard),
        "/admin/scorecards/scorecard/",
        "/admin/scorecards/rule/",
        "/admin/scorecards/evaluation/",
        f"/admin/scorecards/evaluation/{evaluation.pk}/change/",
        f"/admin/scorecards/scorecard/{scorecard.pk}/delete/",
    ):
        body = admin.get(page).content.decode()
        assert hostile not in body
        assert "&lt;script&gt;" in body
