"""The form of a scorecard that follows the catalog, and of rules that need evidence."""

import pytest
from django.test import Client

from catalog.models import Blueprint, Change
from scorecards.models import Evaluation, Scorecard
from scorecards.operations import document_of, install_pack
from tests.admin.builders import BY, NOW
from tests.admin.pages import Data, errors_of, fields_of


@pytest.fixture
def follower(service: Blueprint) -> Scorecard:
    (made,) = install_pack(name="production_readiness", by=BY, now=NOW)
    return made


def address(scorecard: Scorecard) -> str:
    return f"/admin/scorecards/scorecard/{scorecard.pk}/change/"


def opened(admin: Client, scorecard: Scorecard) -> Data:
    return fields_of(admin.get(address(scorecard)))


def stored(scorecard: Scorecard) -> dict:
    return document_of(Scorecard.objects.with_parts().get(pk=scorecard.pk))


def test_saving_a_pack_as_shown_changes_nothing(admin: Client, follower: Scorecard) -> None:
    before, count = stored(follower), Change.objects.count()
    assert all(rule["evidence"] for rule in before["rules"])
    data = opened(admin, follower)
    # What a browser does with choices that are switched off.
    data.pop("blueprints")
    assert admin.post(address(follower), data).status_code == 302
    assert (stored(follower), Change.objects.count()) == (before, count)


def test_the_choice_of_blueprints_is_there_to_be_read_only(
    admin: Client, follower: Scorecard, scorecard: Scorecard
) -> None:
    choices = admin.get(address(follower)).context["adminform"].form["blueprints"]
    assert choices.field.widget.attrs["disabled"] is True
    choices = admin.get(address(scorecard)).context["adminform"].form["blueprints"]
    assert "disabled" not in choices.field.widget.attrs


def test_a_scorecard_follows_from_then_on(
    admin: Client, scorecard: Scorecard, service: Blueprint
) -> None:
    data = {**opened(admin, scorecard), "follows_catalog": "on", "blueprints": []}
    assert admin.post(address(scorecard), data).status_code == 302
    found = stored(scorecard)
    assert (found["follows_catalog"], found["blueprints"]) == (True, ["service"])
    assert Evaluation.objects.filter(scorecard=scorecard).count() == 3


def test_one_that_follows_no_more_has_to_say_what_it_grades(
    admin: Client, follower: Scorecard
) -> None:
    data = {key: item for key, item in opened(admin, follower).items() if key != "follows_catalog"}
    response = admin.post(address(follower), {**data, "blueprints": []})
    assert errors_of(response)["blueprints"] == ["This field is required."]
    # The choice can be made in the form that is shown again.
    shown = response.context["adminform"].form["blueprints"]
    assert "disabled" not in shown.field.widget.attrs


def test_results_say_why_a_rule_does_not_count(
    admin: Client, follower: Scorecard, entities: dict
) -> None:
    row = Evaluation.objects.filter(scorecard=follower).order_by("id").first()
    page = admin.get(f"/admin/scorecards/evaluation/{row.pk}/change/").content.decode()
    assert "Nothing is known of SLOs yet: the property is empty." in page
