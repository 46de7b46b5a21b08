"""Outcomes set by hand: through the operation that tools report through."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.models import Blueprint
from scorecards.models import Evaluation, Outcome, OutcomeBatch, PastOutcome, Rule, Scorecard
from scorecards.operations import OutcomeReport, receive_outcomes, report_outcomes
from tests.admin.builders import BY, NOW
from tests.admin.pages import fields_of
from tests.builders import condition, make_entity, make_scorecard, rule_document

ADD = "/admin/scorecards/outcome/add/"


@pytest.fixture
def reported(service: Blueprint) -> Scorecard:
    """Return a scorecard with a rule that is asked and one that is reported, and a service."""
    make_entity("pay", title="Pay", properties={"tier": "one"})
    asked = rule_document("asked", query=condition("tier", "isNotEmpty"))
    return make_scorecard(rules=[asked, rule_document("tested", query=None)])


def said() -> tuple[str, str, str]:
    row = Outcome.objects.get()
    return row.state, row.remark, row.reported_by


def test_an_outcome_is_set_by_hand(admin: Client, reported: Scorecard) -> None:
    page = admin.get(ADD)
    rule = Rule.objects.get(identifier="tested")
    assert list(page.context["adminform"].form.fields["rule"].queryset) == [rule]
    entity = Evaluation.objects.get().entity
    data = {"rule": rule.pk, "entity": entity.pk, "state": "PASS", "remark": "Seen\r\nby me"}
    assert admin.post(ADD, data).status_code == 302
    assert said() == ("PASS", "Seen\nby me", "root")
    assert Evaluation.objects.get().passed >> rule.bit & 1


def test_an_outcome_is_changed_and_withdrawn(admin: Client, reported: Scorecard) -> None:
    reports = [OutcomeReport("tested", "service", "pay", "fail", "Two findings")]
    report_outcomes(scorecard=reported, reports=reports, by=BY, now=NOW)
    page = f"/admin/scorecards/outcome/{Outcome.objects.get().pk}/"
    data = fields_of(admin.get(f"{page}change/"))
    assert data == {"state": "FAIL", "remark": "Two findings"}
    assert admin.post(f"{page}change/", {"state": "SKIP", "remark": ""}).status_code == 302
    assert said() == ("SKIP", "", "root")
    assert admin.post(f"{page}delete/", {"post": "yes"}).status_code == 302
    assert not Outcome.objects.exists()
    assert list(PastOutcome.objects.order_by("id").values_list("state", flat=True)) == [
        "FAIL",
        "SKIP",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"state": "ok"}, "state"), ({"remark": "x" * 5_001}, "remark"), ({"rule": "0"}, "rule")],
)
def test_a_faulty_outcome_is_shown_again(
    admin: Client, reported: Scorecard, change: dict, field: str
) -> None:
    rule, entity = Rule.objects.get(identifier="tested"), Evaluation.objects.get().entity
    answer = admin.post(
        ADD, {"rule": rule.pk, "entity": entity.pk, "state": "PASS", "remark": "", **change}
    )
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Outcome.objects.exists()


def test_what_became_of_reports_is_read_and_never_edited(
    admin: Client, reported: Scorecard
) -> None:
    for state in ("fail", "pass"):
        reports = [OutcomeReport("tested", "service", "pay", state, scorecard="quality")]
        report_outcomes(reports=reports, by=BY, now=NOW)
    receive_outcomes(reports=reports, by=BY, now=NOW)
    for model in (PastOutcome, OutcomeBatch):
        listed = f"/admin/scorecards/{model._meta.model_name}/"
        page = f"{listed}{model.objects.get().pk}/change/"
        assert admin.get(listed).status_code == admin.get(page).status_code == 200
        assert admin.post(page, {"state": "PASS"}).status_code == 403


def test_who_may_not_edit_sets_nothing(client: Client, reported: Scorecard) -> None:
    user = get_user_model().objects.create_user("eve", "eve@example.org", "eve")
    client.force_login(user)
    assert client.post(ADD, {"state": "PASS"}).status_code in (302, 403)
    assert not Outcome.objects.exists()
