"""Teams written with their members, and what is known of everybody."""

from importlib import import_module

import pytest
from django.apps import apps

from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, save_team, save_user
from catalog.system import SYSTEM
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db


def team(identifier="core", *, is_new=False, **parts):
    members = {"members": parts.pop("members")} if "members" in parts else {}
    draft = EntityDraft(identifier=identifier, **parts)
    return save_team(draft=draft, is_new=is_new, by=TESTER, now=NOW, **members)


def teams_of(name):
    return Entity.objects.get(blueprint__identifier="_user", identifier=name).team


def test_members_come_and_go_and_others_are_not_written():
    for name in ("ann", "bo", "cy"):
        make_entity(name, blueprint="_user", team=[])
    team(is_new=True, members=["ann", "bo"])
    assert [teams_of(name) for name in ("ann", "bo", "cy")] == [["core"], ["core"], []]
    Change.objects.all().delete()
    team(members=["bo", "cy"])
    assert [teams_of(name) for name in ("ann", "bo", "cy")] == [[], ["core"], ["core"]]
    assert set(Change.objects.values_list("identifier", flat=True)) == {"ann", "cy"}


def test_members_that_are_not_mentioned_stay():
    make_entity("ann", blueprint="_user")
    team(is_new=True, members=["ann"])
    team(title="Core team")
    assert teams_of("ann") == ["core"]


def test_a_member_who_is_not_there_leaves_all_as_it_was():
    make_team("core")
    with pytest.raises(Invalid) as caught:
        team(title="New title", members=["nobody"])
    assert [fault.path for fault in caught.value.faults] == ["members[0]"]
    assert Entity.objects.get(identifier="core").title == "core"


def test_new_is_new_and_old_is_old():
    make_team("core")
    with pytest.raises(Invalid) as taken:
        team(is_new=True)
    with pytest.raises(Invalid) as missing:
        save_user(draft=EntityDraft(identifier="ann"), is_new=False, by=TESTER, now=NOW)
    assert [fault.is_conflict for fault in taken.value.faults] == [True]
    assert [fault.is_missing for fault in missing.value.faults] == [True]


def test_what_the_blueprint_requires_besides_is_not_asked_of_who_only_knows_a_name():
    schema = {"properties": {"slack": {"type": "string"}}, "required": ["slack"]}
    make_blueprint("_team", ownership=None, schema=schema)
    assert team(is_new=True, title="Core").title == "Core"


def test_a_portal_from_before_learns_what_is_known_of_everybody():
    migration = import_module("catalog.migrations.0004_user_properties")
    mine = {"type": "number", "title": "Mine"}
    make_blueprint(
        "_user",
        schema={"properties": {"status": mine, "age": mine}, "required": []},
        mirror_properties={"port_role": {"path": "$team.$title"}},
    )
    migration.extend(apps, None)
    row = Blueprint.objects.get(identifier="_user")
    wanted = SYSTEM["_user"]["schema"]["properties"]["moderated_blueprints"]
    assert row.schema["properties"] == {"moderated_blueprints": wanted, "status": mine, "age": mine}
    assert SYSTEM["_user"]["schema"]["properties"] == migration.PROPERTIES
