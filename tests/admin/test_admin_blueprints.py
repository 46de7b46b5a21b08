"""The blueprint form: a document whose sections are JSON."""

import json
from typing import Any

import pytest
from django.test import Client

from catalog import registry
from catalog.models import Blueprint, Change, Entity
from tests.admin.pages import errors_of, fields_of

ADD = "/admin/catalog/blueprint/add/"


def address(blueprint: Blueprint) -> str:
    return f"/admin/catalog/blueprint/{blueprint.pk}/change/"


def test_a_blueprint_is_made_by_its_form(admin: Client, service: Blueprint) -> None:
    data = {
        **fields_of(admin.get(ADD)),
        "identifier": "queue",
        "title": "Queue",
        "schema": '{"properties": {"depth": {"type": "number"}}}',
        "relations": '{"service": {"target": "service"}}',
        "mirror_properties": '{"tier": {"path": "service.tier"}}',
        "ownership": '{"type": "Inherited", "path": "service"}',
    }
    response = admin.post(ADD, data)
    assert response.status_code == 302, errors_of(response)
    assert registry.document_of(Blueprint.objects.get(identifier="queue")) == {
        "identifier": "queue",
        "title": "Queue",
        "description": "",
        "icon": "",
        "schema": {"properties": {"depth": {"type": "number"}}, "required": []},
        "relations": {"service": {"target": "service"}},
        "mirror_properties": {"tier": {"path": "service.tier"}},
        "calculation_properties": {},
        "aggregation_properties": {},
        "ownership": {"type": "Inherited", "path": "service"},
    }


def test_saving_what_was_shown_changes_nothing(admin: Client, service: Blueprint) -> None:
    before = Blueprint.objects.values().get(pk=service.pk)
    response = admin.post(address(service), fields_of(admin.get(address(service))))
    assert response.status_code == 302, errors_of(response)
    assert Blueprint.objects.values().get(pk=service.pk) == before


def test_an_edited_calculation_is_worked_out_for_every_entity(
    admin: Client, service: Blueprint, entities: dict[str, Entity]
) -> None:
    data = fields_of(admin.get(address(service)))
    programs = json.loads(data["calculation_properties"])
    programs["shout"]["calculation"] = '.identifier + "?"'
    data |= {"calculation_properties": json.dumps(programs)}
    assert admin.post(address(service), data).status_code == 302
    assert Entity.objects.get(identifier="low").computed == {"shout": "low?"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("schema", "{", "This is not JSON: Expecting property name"),
        ("schema", '{"properties": {"a": {"type": "text"}}}', "schema.properties.a.type: "),
        (
            "schema",
            '{"required": ["gone"]}',
            "schema.required: 'gone' is not one of the properties",
        ),
        ("schema", "[]", "the value is not of type"),
        ("schema", "[" * 100_000, "This is nested too deeply; flatten it."),
        ("relations", '{"x": {"target": "nowhere"}}', "relations.x.target: there is no blueprint"),
        ("mirror_properties", '{"m": {"path": "system.nothing"}}', "mirror_properties.m.path: "),
        (
            "calculation_properties",
            '{"c": {"type": "string", "calculation": ".a | ("}}',
            "calculation_properties.c.calculation: ",
        ),
        (
            "aggregation_properties",
            '{"n": {"target": "service", '
            '"calculationSpec": {"func": "sum", "calculationBy": "entities"}}}',
            "aggregation_properties.n.calculationSpec.func: sum needs calculationBy: property",
        ),
        ("ownership", '{"type": "Inherited"}', "the value "),
        ("title", "", "This field is required."),
    ],
)
def test_a_fault_is_shown_at_its_section_and_nothing_is_saved(
    admin: Client, service: Blueprint, field: str, value: str, message: str
) -> None:
    before = Blueprint.objects.values().get(pk=service.pk)
    data = {**fields_of(admin.get(address(service))), "description": "Edited", field: value}
    response = admin.post(address(service), data)
    assert response.status_code == 200
    found = errors_of(response)
    assert list(found) == [field]
    assert found[field][0].startswith(message)
    assert Blueprint.objects.values().get(pk=service.pk) == before


def test_a_new_blueprint_shows_its_faults_too(admin: Client, service: Blueprint) -> None:
    data = {**fields_of(admin.get(ADD)), "identifier": "queue", "title": "Queue"}
    response = admin.post(ADD, {**data, "relations": '{"x": {"target": "nowhere"}}'})
    assert list(errors_of(response)) == ["relations"]
    assert not Blueprint.objects.filter(identifier="queue").exists()


def test_a_blueprint_that_others_point_at_is_not_deleted(admin: Client, service: Blueprint) -> None:
    system = Blueprint.objects.get(identifier="system")
    url = f"/admin/catalog/blueprint/{system.pk}/delete/"
    response = admin.post(url, {"post": "yes"}, follow=True)
    assert "still the target of service; edit them first" in response.content.decode()
    assert Blueprint.objects.filter(pk=system.pk).exists()


def test_a_blueprint_goes_with_its_entities(
    admin: Client, service: Blueprint, entities: dict[str, Entity]
) -> None:
    url = f"/admin/catalog/blueprint/{service.pk}/delete/"
    assert "Entities: 3" in " ".join(admin.get(url).content.decode().split())
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not Entity.objects.filter(pk=entities["low"].pk).exists()
    assert Change.objects.filter(kind="blueprint", action="deleted", actor="root").count() == 1


def test_system_blueprints_are_not_deleted(admin: Client, service: Blueprint) -> None:
    team = Blueprint.objects.get(identifier="_team")
    assert (
        admin.post(f"/admin/catalog/blueprint/{team.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    action: dict[str, Any] = {
        "action": "delete_selected",
        "_selected_action": [team.pk],
        "post": "yes",
    }
    page = admin.post("/admin/catalog/blueprint/", action, follow=True)
    assert "belongs to the portal and cannot be deleted" in page.content.decode()
    assert Blueprint.objects.filter(pk=team.pk).exists()
