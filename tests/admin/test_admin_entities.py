"""The form of an entity, made from its blueprint's schema."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import Blueprint, Change, Entity, EntityRelation
from catalog.operations import EntityDraft, save_blueprint, upsert_entity
from tests.admin.builders import BY, NOW, SERVICE, make_entities
from tests.admin.pages import errors_of, fields_of

ADD = "/admin/catalog/entity/add/?blueprint=service"
WHOLE: dict[str, Any] = {
    "tier": "two",
    "url": "https://example.org/a",
    "contact": "a@example.org",
    "coverage": 62.5,
    "has_tests": False,
    "released": "2026-01-02T03:04:05.678Z",
    "notes": "# One\n\ntwo\n",
    "labels": ["a b", "c"],
    "ports": [80, 443],
    "config": {"deep": [1, {"two": None}]},
    "stage": "beta",
}


def address(entity: Entity) -> str:
    return f"/admin/catalog/entity/{entity.pk}/change/"


@pytest.fixture
def whole(entities: dict[str, Entity], service: Blueprint) -> Entity:
    """Return a service that has a value for everything."""
    draft = EntityDraft(
        identifier="whole",
        title="Whole",
        properties=WHOLE,
        relations={"system": "billing", "uses": ["low", "high"]},
        team=["red"],
    )
    return upsert_entity(blueprint=service, draft=draft, by=BY, now=NOW)


def test_the_blueprint_is_chosen_first(admin: Client, service: Blueprint) -> None:
    page = admin.get("/admin/catalog/entity/add/")
    assert 'href="?blueprint=service"' in page.content.decode()


def test_adding_from_a_filtered_list_keeps_its_blueprint(admin: Client, service: Blueprint) -> None:
    page = admin.get("/admin/catalog/entity/add/?_changelist_filters=blueprint%3D_team")
    assert page["Location"] == "/admin/catalog/entity/add/?blueprint=_team"


def test_an_entity_is_made_by_its_form(admin: Client, entities: dict[str, Entity]) -> None:
    data = fields_of(admin.get(ADD))
    assert data["properties.stage"] == "alpha"
    data |= {
        "identifier": "fresh",
        "title": "Fresh",
        "properties.tier": '"two"',
        "properties.url": "https://example.org/a",
        "properties.coverage": "62.5",
        "properties.has_tests": "false",
        "properties.released_0": "02/01/2026",
        "properties.released_1": "03:04:05",
        "properties.notes": "# One\r\n\r\ntwo",
        "properties.labels": "a b\r\nc\r\n",
        "properties.ports": "[80, 443]",
        "properties.config": '{"deep": [1]}',
        "properties.stage": "",
        "relations.system": "billing",
        "relations.uses": ["low", "high"],
        "team": ["red", "blue"],
    }
    response = admin.post(ADD, data)
    assert response.status_code == 302, errors_of(response)
    entity = Entity.objects.get(identifier="fresh")
    assert entity.properties == {
        "tier": "two",
        "url": "https://example.org/a",
        "coverage": 62.5,
        "has_tests": False,
        "released": "2026-01-02T03:04:05.000Z",
        "notes": "# One\n\ntwo",
        "labels": ["a b", "c"],
        "ports": [80, 443],
        "config": {"deep": [1]},
    }
    assert entity.facts["relation#system"] == "billing"
    assert sorted(entity.facts["relation#uses"]) == ["high", "low"]
    assert entity.team == ["blue", "red"]
    assert entity.computed == {"shout": "fresh!"}
    assert Change.objects.filter(identifier="fresh", actor="root", source="admin").count() == 1


def test_saving_what_was_shown_changes_nothing(admin: Client, whole: Entity) -> None:
    before = Entity.objects.values().get(pk=whole.pk)
    count = Change.objects.count()
    response = admin.post(address(whole), fields_of(admin.get(address(whole))))
    assert response.status_code == 302, errors_of(response)
    assert Entity.objects.values().get(pk=whole.pk) == before
    assert Change.objects.count() == count
    assert EntityRelation.objects.filter(source=whole).count() == 4


def test_a_moment_outside_the_calendar_is_edited_as_text(admin: Client, service: Blueprint) -> None:
    moment = "0001-01-01T00:00:00+14:00"
    draft = EntityDraft(identifier="old", properties={**WHOLE, "released": moment})
    entity = upsert_entity(blueprint=service, draft=draft, by=BY, now=NOW)
    page = admin.get(address(entity))
    assert fields_of(page)["properties.released"] == moment


def test_an_edit_touches_only_what_was_edited(admin: Client, whole: Entity) -> None:
    data = fields_of(admin.get(address(whole)))
    data |= {"properties.coverage": "70", "properties.labels": "", "relations.system": ""}
    assert admin.post(address(whole), data).status_code == 302
    entity = Entity.objects.get(pk=whole.pk)
    rest = {key: value for key, value in WHOLE.items() if key != "labels"}
    assert entity.properties == {**rest, "coverage": 70}
    assert entity.facts["relation#system"] is None
    change = Change.objects.latest("id")
    assert set(change.after) == {"coverage", "labels", "relation#system"}


def test_what_the_blueprint_no_longer_names_is_kept(admin: Client, whole: Entity) -> None:
    properties = {
        key: item for key, item in SERVICE["schema"]["properties"].items() if key != "stage"
    }
    schema = {**SERVICE["schema"], "properties": properties}
    save_blueprint(definition={**SERVICE, "schema": schema}, by=BY, now=NOW)
    page = admin.get(address(whole))
    assert "no longer names" in page.content.decode()
    response = admin.post(address(whole), {**fields_of(page), "properties.coverage": "70"})
    assert response.status_code == 302, errors_of(response)
    assert Entity.objects.get(pk=whole.pk).properties == {**WHOLE, "coverage": 70}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("identifier", "not good!", "may hold letters, digits"),
        ("identifier", "low", "This identifier is taken; choose another one."),
        ("properties.tier", "", "This field is required."),
        ("properties.url", "nowhere", 'the value is not a "uri"'),
        ("properties.contact", "nobody", 'the value is not a "email"'),
        ("properties.coverage", "101", "the value is greater than the maximum of 100"),
        ("properties.coverage", "much", "Enter a number."),
        ("properties.ports", '["x"]', 'properties.ports[0]: the value is not of type "number"'),
        (
            "properties.ports",
            "[1",
            "This is not JSON: Expecting ',' delimiter in line 1, column 3.",
        ),
        ("properties.config", "[]", 'the value is not of type "object"'),
        ("relations.system", "nowhere", "there is no system 'nowhere'; create it first"),
        ("relations.uses", ["low", "nowhere"], "there is no service 'nowhere'; create it first"),
        ("team", ["green"], "there is no _team 'green'; create it first"),
    ],
)
def test_a_bad_value_lands_on_its_field_and_nothing_is_saved(
    admin: Client, entities: dict[str, Entity], field: str, value: Any, message: str
) -> None:
    data = {**fields_of(admin.get(ADD)), "identifier": "fresh", "properties.tier": '"one"'}
    response = admin.post(ADD, {**data, field: value})
    assert response.status_code == 200
    found = errors_of(response)
    assert list(found) == [field]
    assert found[field][0].startswith(message)
    assert not Entity.objects.filter(identifier="fresh").exists()


def test_every_fault_is_shown_at_once(admin: Client, entities: dict[str, Entity]) -> None:
    data = {**fields_of(admin.get(ADD)), "identifier": "fresh", "properties.tier": '"one"'}
    data |= {"properties.url": "x", "relations.system": "x", "team": ["x"]}
    assert set(errors_of(admin.post(ADD, data))) == {
        "properties.url", "relations.system", "team",
    }  # fmt: skip


def test_the_identifier_of_an_entity_stays(admin: Client, entities: dict[str, Entity]) -> None:
    entity = entities["low"]
    data = {**fields_of(admin.get(address(entity))), "identifier": "other", "title": "Edited"}
    assert admin.post(address(entity), data).status_code == 302
    assert Entity.objects.values_list("identifier", "title").get(pk=entity.pk) == ("low", "Edited")


def test_choosers_find_entities_by_typing(admin: Client, service: Blueprint) -> None:
    make_entities("system", *(f"system-{number:02}" for number in range(30)))
    url = "/admin/catalog/entity/choices/system/"
    assert admin.get(url, {"term": "bill"}).json() == {
        "results": [{"id": "billing", "text": "Billing (billing)"}],
        "pagination": {"more": False},
    }
    first = admin.get(url).json()
    assert (len(first["results"]), first["pagination"]) == (20, {"more": True})
    second = admin.get(url, {"page": "2"}).json()
    assert (len(second["results"]), second["pagination"]) == (11, {"more": False})


def test_a_form_with_many_possible_targets_stays_small(
    admin: Client, entities: dict[str, Entity]
) -> None:
    make_entities("system", *(f"system-{number}" for number in range(300)))
    assert "system-299" not in admin.get(address(entities["low"])).content.decode()


def _require_system(service: Blueprint) -> Entity:
    relations = {"system": {"target": "system", "title": "System", "required": True}}
    save_blueprint(definition={**SERVICE, "relations": relations}, by=BY, now=NOW)
    draft = EntityDraft(
        identifier="needy", properties={"tier": "one"}, relations={"system": "billing"}
    )
    upsert_entity(blueprint=service, draft=draft, by=BY, now=NOW)
    return Entity.objects.get(identifier="billing")


def test_what_others_require_is_not_deleted(admin: Client, service: Blueprint) -> None:
    billing = _require_system(service)
    url = f"/admin/catalog/entity/{billing.pk}/delete/"
    assert admin.get(url).status_code == 200
    response = admin.post(url, {"post": "yes"}, follow=True)
    assert "still required by service/needy" in response.content.decode()
    assert Entity.objects.filter(pk=billing.pk).exists()


def test_the_bulk_action_deletes_all_or_none(admin: Client, service: Blueprint) -> None:
    billing = _require_system(service)
    (other,) = make_entities("system", "other")
    action = {
        "action": "delete_selected",
        "_selected_action": [billing.pk, other.pk],
        "post": "yes",
    }
    response = admin.post("/admin/catalog/entity/", action, follow=True)
    assert "still required by service/needy" in response.content.decode()
    assert Entity.objects.filter(pk__in=[billing.pk, other.pk]).count() == 2
    admin.post("/admin/catalog/entity/", {**action, "_selected_action": [other.pk]})
    assert not Entity.objects.filter(pk=other.pk).exists()
    assert Change.objects.filter(identifier="other", action="deleted", actor="root").count() == 1


def test_teams_and_their_people_are_entities(admin: Client, service: Blueprint) -> None:
    page = admin.get("/admin/catalog/entity/?blueprint=_team").content.decode()
    assert "red" in page
    assert "billing" not in page
    url = "/admin/catalog/entity/add/?blueprint=_user"
    data = {**fields_of(admin.get(url)), "identifier": "ann@example.org", "team": ["red"]}
    assert admin.post(url, data).status_code == 302
    assert Entity.objects.get(identifier="ann@example.org").team == ["red"]


def test_hostile_words_are_escaped(admin: Client, service: Blueprint) -> None:
    hostile = "<script>alert(1)</script>"
    properties = {
        **SERVICE["schema"]["properties"],
        "tier": {"type": "string", "title": hostile, "description": hostile, "enum": [hostile]},
    }
    schema = {"properties": properties, "required": []}
    definition = {**SERVICE, "title": hostile, "description": hostile, "schema": schema}
    save_blueprint(definition=definition, by=BY, now=NOW)
    draft = EntityDraft(
        identifier="bad", title=hostile, properties={"tier": hostile, "notes": hostile}
    )
    entity = upsert_entity(blueprint=service, draft=draft, by=BY, now=NOW)
    for page in (
        ADD,
        address(entity),
        "/admin/catalog/entity/add/",
        "/admin/catalog/entity/",
        f"/admin/catalog/entity/{entity.pk}/delete/",
        "/admin/catalog/blueprint/",
        f"/admin/catalog/change/{Change.objects.latest('id').pk}/change/",
    ):
        body = admin.get(page).content.decode()
        assert hostile not in body
        assert "&lt;script&gt;" in body
