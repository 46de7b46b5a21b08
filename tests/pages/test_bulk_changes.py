"""Changing many rows at once: who may, what is asked first, and that it is all or nothing."""

import re

import pytest
from django.test import Client

from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import NOW, TESTER, level_of, make_blueprint, make_entity, make_team, make_user
from tests.pages.reading import INLINE, html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"
BULK = "/bulk/service/"


@pytest.fixture
def editor(client: Client) -> Client:
    """Return a browser in which somebody is logged in who may edit."""
    client.force_login(make_user("alex", is_staff=True))
    return client


def ids(*names: str) -> list[int]:
    """Return the keys of services."""
    rows = dict(Entity.objects.of("service").values_list("identifier", "id"))
    return [rows[name] for name in names]


def owners(name: str) -> list[str]:
    """Return who owns a service now."""
    return Entity.objects.of("service").get(identifier=name).team


def test_only_those_who_may_change_rows_see_the_boxes(client, catalog):
    client.force_login(make_user("vic", role="viewer"))
    assert 'class="pick"' not in html_of(client.get(f"{SERVICES}?menu=rows"))
    assert 'id="bulk"' not in html_of(client.get(f"{SERVICES}?menu=rows"))


def test_only_those_who_may_change_rows_can_send_them(client, catalog):
    client.force_login(make_user("vic", role="viewer"))
    response = client.post(BULK, {"id": ids("anchor"), "action": "delete", "confirmed": "1"})
    assert response.status_code == 403
    assert Entity.objects.of("service").count() == 4


def test_a_member_may_not_delete_rows_and_reads_which(reader):
    response = reader.post(BULK, {"id": ids("anchor"), "action": "delete", "confirmed": "1"})
    assert "delete &#x27;anchor&#x27;" in response.content.decode()
    assert Entity.objects.of("service").count() == 4


def test_a_stranger_is_asked_to_log_in(client):
    assert client.post(BULK, {"action": "delete"})["Location"].startswith("/login/?next=")


def test_a_form_of_another_site_is_refused():
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(make_user("alex", is_staff=True))
    sent = {"id": ids("anchor"), "action": "delete", "confirmed": "1"}
    assert careful.post(BULK, sent).status_code == 403
    assert Entity.objects.of("service").count() == 4


def test_rows_have_boxes_also_in_groups(editor):
    for address in (f"{SERVICES}?menu=rows", f"{SERVICES}?group=team&menu=rows"):
        html = html_of(editor.get(address))
        assert html.count('class="pick"') == 4
        assert 'aria-label="Choose Anchor"' in html
        assert "All 4 that pass the filters" in words_of(editor.get(address))


def test_people_and_teams_are_not_changed_in_bulk(editor):
    assert 'id="bulk"' not in html_of(editor.get("/catalog/_team/"))
    assert editor.post("/bulk/_team/", {"action": "delete"}).status_code == 404
    assert editor.post("/bulk/nothing/", {"action": "delete"}).status_code == 404
    assert editor.get(BULK).status_code == 405


def test_it_asks_first_and_changes_nothing_yet(editor):
    response = editor.post(BULK, {"id": ids("anchor", "buoy"), "action": "team"})
    words = words_of(response)
    assert "Set the owner: 2 services" in words
    assert "Anchor Buoy" in words
    assert INLINE.search(html_of(response)) is None
    assert not Change.objects.filter(source="page", kind="entity").exists()


@pytest.mark.parametrize(("how", "anchor"), [("add", ["core", "deck"]), ("replace", ["deck"])])
def test_a_team_is_added_or_takes_the_place_of_others(editor, how, anchor):
    make_team("deck", title="Deck")
    sent = {"id": ids("anchor", "drift"), "action": "team", "team": "deck", "how": how}
    response = editor.post(BULK, {**sent, "confirmed": "1", "filters": "q=r"}, follow=True)
    assert response.redirect_chain == [(f"{SERVICES}?q=r", 302)]
    assert "2 entities were changed." in words_of(response)
    assert owners("anchor") == anchor
    assert owners("drift") == ["deck"]
    rows = Change.objects.filter(source="page", kind="entity")
    assert {(row.identifier, row.actor, row.action) for row in rows} == {
        ("anchor", "alex", "updated"),
        ("drift", "alex", "updated"),
    }


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [("tier", "1", 1), ("language", '"Go"', "Go"), ("is_public", "true", True), ("tier", "", None)],
)
def test_a_property_is_set_by_its_type(editor, key, text, value):
    sent = {"id": ids("canoe", "drift"), "action": f"property.{key}", "value": text}
    assert 'name="value"' in html_of(editor.post(BULK, sent))
    assert editor.post(BULK, {**sent, "confirmed": "1"}).status_code == 302
    for name in ("canoe", "drift"):
        assert Entity.objects.of("service").get(identifier=name).properties.get(key) == value


def test_levels_follow_at_once(editor):
    sent = {"id": ids("canoe"), "action": "property.tier", "value": "1", "confirmed": "1"}
    editor.post(BULK, sent)
    assert level_of(Entity.objects.get(identifier="canoe")) == "Bronze"


def test_all_that_pass_the_filters_are_those_that_were_shown(editor):
    sent = {"all": "1", "filters": "q=o&team=core", "action": "property.tier"}
    response = editor.post(BULK, sent)
    assert "Set Tier: 3 services" in words_of(response)
    shown = re.search(r'name="ids" value="([\d,]+)"', html_of(response))[1]
    # What comes to pass the filters in between is not changed: nobody has seen it.
    make_entity("ocean", team="core", properties={"tier": 5})
    editor.post(BULK, {**sent, "ids": shown, "value": "9", "confirmed": "1"})
    tiers = dict(Entity.objects.of("service").values_list("identifier", "properties__tier"))
    assert tiers == {"anchor": 9, "buoy": 9, "canoe": 9, "drift": 2, "ocean": 5}


def test_a_filter_that_is_not_understood_does_not_mean_everything(editor):
    response = editor.post(
        BULK, {"all": "1", "filters": "team=nobody", "action": "delete"}, follow=True
    )
    assert "A filter of this table is not understood" in words_of(response)
    assert Entity.objects.of("service").count() == 4


def test_a_value_that_one_of_them_may_not_have_changes_none(editor):
    document = {"tier": {"type": "number", "title": "Tier", "maximum": 5}}
    make_blueprint("crate", schema={"properties": document, "required": ["tier"]})
    for name in ("c1", "c2"):
        make_entity(name, blueprint="crate", properties={"tier": 1})
    keys = list(Entity.objects.of("crate").values_list("pk", flat=True))
    for text, message in (
        ("9", "c1: properties.tier:"),
        ("", 'c1: properties: "tier" is a required'),
    ):
        sent = {"id": keys, "action": "property.tier", "value": text, "confirmed": "1"}
        words = words_of(editor.post("/bulk/crate/", sent))
        assert "Nothing was changed" in words
        assert message in words
    assert set(Entity.objects.of("crate").values_list("properties__tier", flat=True)) == {1}
    assert not Change.objects.filter(source="page", kind="entity").exists()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"action": "property.tier", "value": "two"}, "Enter a number."),
        ({"action": "property.language", "value": '"Cobol"'}, "Select a valid choice"),
        ({"action": "team", "team": "nobody", "how": "add"}, "Select a valid choice"),
        ({"action": "team", "team": "", "how": "add"}, "This field is required"),
    ],
)
def test_a_wrong_value_is_told_at_its_field(editor, sent, message):
    response = editor.post(BULK, {"id": ids("anchor"), "confirmed": "1", **sent})
    assert message in words_of(response)
    assert owners("anchor") == ["core"]


def test_rows_that_are_gone_are_told_and_left_out(editor):
    gone, left = ids("anchor", "buoy")
    Entity.objects.get(pk=gone).delete()
    words = words_of(editor.post(BULK, {"id": [gone, left], "action": "delete"}))
    assert "Delete: 1 service" in words
    assert "1 of the chosen is no longer there and is left out." in words


def test_a_deletion_says_what_it_touches(editor):
    words = words_of(editor.post(BULK, {"id": ids("anchor"), "action": "delete"}))
    assert "Deployments Service 12 No" in words
    editor.post(BULK, {"id": ids("anchor"), "action": "delete", "confirmed": "1"})
    assert not Entity.objects.of("service").filter(identifier="anchor").exists()
    assert Entity.objects.of("deployment").count() == 12
    assert Change.objects.get(source="page", action="deleted").identifier == "anchor"


def test_what_is_required_goes_only_with_what_requires_it(editor):
    make_blueprint(
        "pod",
        schema={"properties": {}, "required": []},
        relations={"service": {"target": "service", "title": "Service", "required": True}},
    )
    make_entity("p1", blueprint="pod", relations={"service": "anchor"})
    sent = {"id": ids("anchor", "buoy"), "action": "delete"}
    assert "Pods Service 1 Yes" in words_of(editor.post(BULK, sent))
    words = words_of(editor.post(BULK, {**sent, "confirmed": "1"}))
    assert "Nothing was changed still required by pod/p1" in words
    assert Entity.objects.of("service").count() == 4
    editor.post(BULK, {**sent, "confirmed": "1", "with_dependents": "on"})
    assert Entity.objects.of("service").count() == 2
    assert not Entity.objects.of("pod").exists()


def test_more_than_a_thousand_are_refused_with_the_way_out(editor):
    service = Blueprint.objects.get(identifier="service")
    drafts = [EntityDraft(f"s{number}") for number in range(1_000)]
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    response = editor.post(BULK, {"all": "1", "action": "delete"}, follow=True)
    assert "1,004 are chosen, and 1,000 can be changed at once: narrow the filters." in words_of(
        response
    )
    keys = ",".join(map(str, Entity.objects.of("service").values_list("pk", flat=True)))
    response = editor.post(BULK, {"ids": keys, "action": "delete", "confirmed": "1"}, follow=True)
    assert "1,004 are chosen" in words_of(response)
    assert Entity.objects.of("service").count() == 1_004


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"action": "team"},
        {"id": "x", "action": "delete"},
        {"id": "-1", "action": "delete"},
        {"id": "²", "action": "delete"},
        {"id": "9" * 40, "action": "delete", "confirmed": "1"},
        {"ids": ",,,1,", "action": "delete"},
        {"id": "1", "action": "property."},
        {"id": "1", "action": "property.nothing", "value": "1", "confirmed": "1"},
        {"id": "1", "action": "delete\x00", "filters": "\x00%zz&&==", "confirmed": "1"},
        {"all": "1", "action": "", "filters": "query=" + "[" * 5_000},
        {"all": "1", "action": "team", "filters": "where=open&group=team&page=9"},
    ],
)
def test_nothing_sent_breaks_it(editor, sent):
    response = editor.post(BULK, sent, follow=True)
    assert response.status_code == 200
    assert Entity.objects.of("service").count() == 4
    assert not Change.objects.filter(source="page", kind="entity").exists()


def test_those_of_another_blueprint_are_not_touched(editor):
    other = Entity.objects.of("deployment").first()
    editor.post(BULK, {"id": [other.pk], "action": "delete", "confirmed": "1"})
    assert Entity.objects.of("deployment").count() == 12
