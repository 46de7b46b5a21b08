"""Exempting on the page of an entity: who sees it, what it does, and what is refused."""

import re

import pytest
from django.test import Client

from catalog.models import Entity
from scorecards.models import Evaluation, Exemption, Rule
from scorecards.operations import exempt
from tests.builders import NOW, TESTER, level_of, make_scorecard, make_user, report, rule_document
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

TAB = "/catalog/service/canoe/?tab=scorecards"
REASON = "It goes away."


@pytest.fixture
def editor() -> Client:
    client = Client()
    client.force_login(make_user("alex", is_staff=True))
    return client


@pytest.fixture
def canoe(catalog) -> Entity:
    """Fails `tiered` and everything above it."""
    return Entity.objects.get(identifier="canoe")


def tiered() -> Rule:
    return Rule.objects.get(identifier="tiered")


def send(client: Client, of: Entity, **overrides):
    body = {"entity": of.pk, "rule": tiered().pk, "reason": REASON, **overrides}
    return client.post("/exemptions/", body)


def exempted(entity: Entity) -> Exemption:
    return exempt(entity=entity, rule=tiered(), reason=REASON, by=TESTER, now=NOW)


def test_editors_are_offered_an_exemption_from_failing_rules_only(editor, canoe):
    html = html_of(editor.get(TAB))
    offered = set(re.findall(r'id="exempt-reason-(\d+)"', html))
    assert offered == {str(row.pk) for row in Rule.objects.all()}
    assert 'name="csrfmiddlewaretoken"' in html.split('action="/exemptions/"')[1]
    assert 'action="/exemptions/"' not in html_of(
        editor.get("/catalog/service/anchor/?tab=scorecards")
    )


def test_readers_are_offered_nothing_but_read_who_is_exempt_and_why(reader, canoe):
    exempted(canoe)
    html = html_of(reader.get(TAB))
    assert "/exemptions/" not in html
    assert "Exempt: It goes away, approved by tester." in words_of(reader.get(TAB))


def test_an_exemption_is_made_and_leads_back_to_the_rule(editor, canoe):
    answer = send(editor, canoe, expires_on="2099-05-03")
    assert answer.status_code == 302
    assert answer["Location"] == f"{TAB}#rule-{tiered().pk}"
    row = Exemption.objects.get()
    assert (row.reason, row.asked_by, row.approved_by) == (REASON, "alex", "alex")
    assert Evaluation.objects.get(entity=canoe).skipped == 1 << row.rule.bit
    words = words_of(editor.get(TAB))
    assert "Exempt until 3 May 2099: It goes away, approved by alex." in words
    assert "Canoe is exempt from 'Tiered'." in words


def test_an_exemption_is_withdrawn_and_the_rule_counts_again(editor, canoe):
    row = exempted(canoe)
    address = f"/exemptions/{row.pk}/withdraw/"
    assert address in html_of(editor.get(TAB))
    assert editor.post(address)["Location"] == f"{TAB}#rule-{row.rule_id}"
    row.refresh_from_db()
    assert (row.ended_by, level_of(canoe)) == ("alex", "Basic")
    assert editor.post(address).status_code == 302


def test_a_reason_stands_beside_what_was_reported(reader, canoe):
    make_scorecard(rules=[rule_document("tiered", query=None)])
    report("canoe", "tiered", "FAIL", remark="Broken")
    exempted(canoe)
    assert "Exempt: It goes away" in words_of(reader.get(TAB))


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"reason": ""}, "This field is required."),
        ({"reason": "\x00"}, "This field is required."),
        ({"reason": "a" * 2_001}, "at most 2000 characters"),
        ({"expires_on": "2020-01-01"}, "is over"),
        ({"expires_on": "soon"}, "Enter a valid date."),
        ({"expires_on": "99999-01-01"}, "Enter a valid date."),
    ],
)
def test_what_is_refused_is_asked_for_again_with_what_was_typed(editor, canoe, sent, told):
    answer = send(editor, canoe, **sent)
    assert told in words_of(answer)
    if "reason" not in sent:
        assert f'value="{REASON}"' in html_of(answer)
    assert not Exemption.objects.exists()


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "9" * 18, "9" * 40, "\x00", "²", "1.5"])
@pytest.mark.parametrize("name", ["entity", "rule"])
def test_what_names_nothing_is_not_found(editor, canoe, name, value):
    assert send(editor, canoe, **{name: value}).status_code == 404


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 40])
def test_an_exemption_that_is_not_there_is_not_found(editor, number):
    assert editor.post(f"/exemptions/{number}/withdraw/").status_code == 404


def test_a_rule_that_does_not_grade_it_is_refused_in_words(editor, catalog):
    other = Entity.objects.get(identifier="anchor-v1")
    assert "does not grade" in words_of(send(editor, other))


def test_who_may_not_edit_may_not_exempt(reader, canoe):
    assert send(reader, canoe).status_code == 403
    row = exempted(canoe)
    assert reader.post(f"/exemptions/{row.pk}/withdraw/").status_code == 403
    assert Exemption.objects.get().is_live


def test_strangers_are_sent_to_the_login(canoe):
    assert "/login/" in send(Client(), canoe)["Location"]


def test_it_takes_a_token_of_the_form(canoe):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("alex", is_staff=True))
    assert send(client, canoe).status_code == 403


def test_looking_does_nothing(editor, canoe):
    assert editor.get("/exemptions/").status_code == 405
    assert editor.get(f"/exemptions/{exempted(canoe).pk}/withdraw/").status_code == 405
