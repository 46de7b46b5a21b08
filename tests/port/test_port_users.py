"""Users over the wire: people of the catalog, by e-mail address."""

import pytest

from catalog.models import Entity
from tests.builders import make_entity, make_team

pytestmark = pytest.mark.django_db

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


def invite(port, **invitee):
    return port.post("/users/invite?notify=false", {"invitee": invitee})


def without_stamps(body):
    assert all(isinstance(body[name], str) for name in STAMPS)
    return {key: value for key, value in body.items() if key not in STAMPS}


def user(email, **parts):
    return {
        "id": email, "email": email, "firstName": "", "lastName": "", "status": "Active",
        "type": "Standard", "providers": [], "roles": [], "teams": [], "teamsIdentifiers": [],
        "managedByScim": False, "inactivityTimeout": None, **parts,
    }  # fmt: skip


def test_an_invitation_makes_a_user_and_says_that_nobody_was_told(port):
    make_team("core", title="Core team")
    roles = ["service-moderator", "Member"]
    answer = invite(port, email="Ann@Example.com", roles=roles, teams=["Core team"])
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (200, True)
    assert body["message"] == "The portal sends no mail: tell them its address yourself."
    shown = user(
        "ann@example.com",
        status="Invited",
        roles=[{"name": "Member"}, {"name": "service-moderator"}],
        teams=["Core team"],
        teamsIdentifiers=["core"],
    )
    assert without_stamps(body["user"]) == shown
    assert port.get("/users/ann@example.com").json() == {"ok": True, "user": body["user"]}
    row = Entity.objects.of("_user").get()
    assert (row.properties, row.team) == (
        {"status": "Invited", "port_role": "Member", "moderated_blueprints": ["service"]}, ["core"]
    )  # fmt: skip


def test_a_user_is_invited_once(port):
    invite(port, email="ann@example.com")
    answer = invite(port, email="ANN@example.com")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "send a JSON object"),
        ({}, "invitee:"),
        ({"invitee": "ann@example.com"}, "invitee:"),
        ({"invitee": {}}, "invitee.email:"),
        ({"invitee": {"email": "ann"}}, "invitee.email:"),
        ({"invitee": {"email": "a b@example.com"}}, "invitee.email:"),
        ({"invitee": {"email": "a@example.com", "roles": "Admin"}}, "invitee.roles:"),
        ({"invitee": {"email": "a@example.com", "roles": ["Admin", "Member"]}}, "invitee.roles:"),
        ({"invitee": {"email": "a@example.com", "teams": ["x"]}}, "invitee.teams[0]:"),
        ({"invitee": {"email": "a@example.com", "age": 7}}, "invitee.age:"),
    ],
)
def test_what_is_no_invitation_is_refused_at_its_place(port, body, path):
    answer = port.post("/users/invite", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(path)
    assert not Entity.objects.of("_user").exists()


def test_patch_sets_what_it_mentions(port):
    make_team("core", title="Core")
    make_entity("ann@example.com", blueprint="_user", title="Ann Lee", team="core")
    answer = port.patch("/users/ann@example.com", {"roles": ["Admin"], "inactivityTimeout": None})
    assert answer.status_code == 200
    changed = user("ann@example.com", firstName="Ann", lastName="Lee", roles=[{"name": "Admin"}],
                   teams=["Core"], teamsIdentifiers=["core"])  # fmt: skip
    assert without_stamps(answer.json()["user"]) == changed
    body = {"teams": [], "roles": [], "status": "Disabled", "lastName": "van Dyk"}
    answer = port.patch("/users/ANN@example.com", body)
    shown = without_stamps(answer.json()["user"])
    assert shown == user("ann@example.com", firstName="Ann van", lastName="Dyk", status="Disabled")
    assert Entity.objects.of("_user").get().properties == {"status": "Disabled"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"inactivityTimeout": 30}, "inactivityTimeout:"),
        ({"teams": ["none", "core"]}, "teams[0]:"),
        ({"teams": "core"}, "teams:"),
        ({"roles": [""]}, "roles:"),
        ({"status": 7}, "status:"),
        ({"email": "b@example.com"}, "email:"),
    ],
)
def test_what_cannot_be_said_of_a_user_is_refused_at_its_place(port, body, path):
    make_team("core")
    make_entity("ann@example.com", blueprint="_user")
    answer = port.patch("/users/ann@example.com", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(path)


def test_users_are_listed_with_the_fields_that_are_asked_for(port):
    make_team("core", title="Core")
    for name in ("bo", "ann"):
        make_entity(f"{name}@example.com", blueprint="_user", team="core")
    users = port.get("/users").json()["users"]
    assert [item["email"] for item in users] == ["ann@example.com", "bo@example.com"]
    query = "fields=email&fields=status&fields=teams.name&fields=roles.name"
    assert port.get(f"/users?{query}").json()["users"][0] == {
        "email": "ann@example.com", "status": "Active", "teams": ["Core"], "roles": []
    }  # fmt: skip


def test_a_deleted_user_is_gone(port):
    make_entity("ann@example.com", blueprint="_user")
    answer = port.delete("/users/ann@example.com")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    for method in ("get", "patch", "delete"):
        assert getattr(port, method)("/users/ann@example.com").status_code == 404


def test_lists_cost_as_much_for_many_users_as_for_one(port, django_assert_num_queries):
    make_team("core")
    port.get("/users")
    for count in (1, 30):
        for number in range(count):
            make_entity(f"{count}-{number}@example.com", blueprint="_user", team="core")
        # The credential, the users, and the names of teams.
        with django_assert_num_queries(3):
            port.get("/users")


def test_who_only_reads_does_not_write(reader):
    assert reader.get("/users").json() == {"ok": True, "users": []}
    assert invite(reader, email="ann@example.com").status_code == 403
