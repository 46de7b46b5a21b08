"""Teams over the wire: known by name; users are strings when written, and objects when read."""

import pytest

from catalog.models import Blueprint, Change, Entity
from tests.builders import make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


@pytest.fixture(autouse=True)
def people(db):
    for name in ("ann", "bo"):
        make_entity(f"{name}@example.com", blueprint="_user", title=f"{name.title()} van Dyk")


def emails(*names):
    return [f"{name}@example.com" for name in names]


def without_stamps(body):
    assert all(isinstance(body[name], str) for name in STAMPS)
    return {key: value for key, value in body.items() if key not in STAMPS}


def members(port, name):
    return [user["email"] for user in port.get(f"/teams/{name}").json()["team"]["users"]]


def test_a_team_is_written_with_addresses_and_read_with_people(port):
    sent = {"name": "Core", "description": "Keeps it up", "users": emails("ann")}
    answer = port.post("/teams", sent)
    assert answer.status_code == 200
    shown = {"id": "Core", "identifier": "Core", "provider": "port", **sent}
    assert without_stamps(answer.json()["team"]) == shown
    ann = {
        "email": "ann@example.com", "firstName": "Ann van", "lastName": "Dyk", "status": "Active"
    }  # fmt: skip
    read = port.get("/teams/Core").json()
    assert read["ok"] is True
    assert without_stamps(read["team"]) == shown | {"users": [ann]}
    assert Entity.objects.get(identifier="ann@example.com").team == ["Core"]
    listed = port.get("/teams").json()["teams"]
    assert listed == [read["team"]]


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("core", "core"), ("R & D (core)", "R_D_core"), ("Équipe/ä", "Équipe_ä"), ("!!", "team")],
)
def test_a_name_that_cannot_be_an_identifier_gets_one(port, name, identifier):
    assert port.post("/teams", {"name": name}).json()["team"]["identifier"] == identifier
    assert port.get(f"/teams/{name.replace('/', '%2F').replace(' ', '%20')}").status_code == 200


def test_teams_of_similar_names_are_two(port):
    names = ["a b", "a (b)", "a_b"]
    made = [port.post("/teams", {"name": name}).json()["team"]["identifier"] for name in names]
    assert made == ["a_b", "a_b_2", "a_b_3"]
    assert port.get("/teams/a_b").json()["team"]["identifier"] == "a_b_3"
    for name in ("Test", "test"):
        assert port.post("/teams", {"name": name}).status_code == 200


def test_a_team_is_created_once(port):
    port.post("/teams", {"name": "core"})
    for body in ({"name": "core"}, {"name": "other", "identifier": "core"}):
        answer = port.post("/teams", body)
        assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert Entity.objects.of("_team").count() == 1


def test_an_identifier_serves_where_no_team_is_called_so(port):
    make_team("core", title="Core team")
    assert port.get("/teams/core").json()["team"]["name"] == "Core team"
    assert port.get("/teams/Core%20team").json()["team"]["id"] == "core"
    answer = port.get("/teams/none")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_name_that_several_have_is_told(port):
    make_team("a", title="Same")
    make_team("b", title="Same")
    answer = port.get("/teams/Same")
    assert (answer.status_code, answer.json()["message"]) == (
        409, "2 teams are called 'Same'; use an identifier: a, b"
    )  # fmt: skip
    make_team("Same", title="Same")
    assert port.get("/teams/Same").json()["team"]["id"] == "Same"


def test_put_replaces_and_patch_sets(port):
    port.post("/teams", {"name": "core", "description": "One", "users": emails("ann")})
    answer = port.patch("/teams/core", {"users": emails("bo", "ann", "bo")})
    assert answer.status_code == 200
    team = answer.json()["team"]
    assert (team["description"], team["users"]) == ("One", emails("ann", "bo"))
    answer = port.put("/teams/core", {"name": "core", "users": emails("bo")})
    team = answer.json()["team"]
    assert (answer.status_code, team["users"]) == (200, emails("bo"))
    assert "description" not in team
    assert all(isinstance(team[name], str) for name in STAMPS)
    assert members(port, "core") == emails("bo")
    port.put("/teams/core", {"name": "core"})
    assert members(port, "core") == []


def test_a_team_is_renamed_and_keeps_its_identifier_and_its_people(port):
    port.post("/teams", {"name": "core", "users": emails("ann")})
    answer = port.put("/teams/core", {"name": "Heart", "users": emails("ann")})
    assert answer.json()["team"]["identifier"] == "core"
    assert members(port, "Heart") == emails("ann")
    port.post("/teams", {"name": "other"})
    assert port.patch("/teams/Heart", {"name": "other"}).status_code == 409
    assert port.patch("/teams/Heart", {"name": "Heart", "identifier": "x"}).status_code == 422


def test_other_teams_of_a_member_stay(port):
    for name in ("one", "two"):
        port.post("/teams", {"name": name, "users": emails("ann")})
    port.put("/teams/one", {"name": "one"})
    assert (members(port, "one"), members(port, "two")) == ([], emails("ann"))


def test_what_a_team_has_besides_is_left_alone(port):
    definition = {"type": "string", "title": "Type"}
    make_blueprint("_team", ownership=None, schema={"properties": {"type": definition}})
    make_team("core", title="Core", properties={"type": "group"}, icon="x")
    port.put("/teams/Core", {"name": "Core"})
    row = Entity.objects.of("_team").get()
    assert (row.properties, row.icon) == ({"type": "group"}, "x")


def test_who_is_not_there_is_named_and_nothing_is_saved(port):
    answer = port.post("/teams", {"name": "core", "users": ["x@example.com", *emails("ann"), "y"]})
    assert answer.status_code == 422
    assert answer.json()["details"] == [
        {"path": "users[0]", "message": "there is no _user 'x@example.com'; invite them first"},
        {"path": "users[2]", "message": "there is no _user 'y'; invite them first"},
    ]
    assert not Entity.objects.of("_team").exists()


def test_addresses_are_found_in_whatever_case(port):
    make_entity("Mixed@example.com", blueprint="_user")
    answer = port.post("/teams", {"name": "a", "users": ["ANN@example.com", "Mixed@example.com"]})
    assert answer.json()["team"]["users"] == ["Mixed@example.com", "ann@example.com"]


def test_what_was_read_can_be_posted_elsewhere(port):
    port.post("/teams", {"name": "core", "users": emails("ann")})
    read = port.get("/teams/core").json()["team"]
    port.delete("/teams/core")
    assert port.post("/teams", read).json()["team"]["users"] == emails("ann")


def test_only_the_fields_that_are_asked_for_are_shown(port):
    port.post("/teams", {"name": "core", "users": emails("ann")})
    query = "fields=name&fields=users.firstName&fields=users.email&fields=nonsense"
    [team] = port.get(f"/teams?{query}").json()["teams"]
    assert team == {
        "name": "core", "users": [{"email": "ann@example.com", "firstName": "Ann van"}]
    }  # fmt: skip
    assert port.get("/teams/core?fields=name,provider").json()["team"] == {
        "name": "core", "provider": "port"
    }  # fmt: skip
    [user] = port.get("/teams/core?fields=users&fields=users.email").json()["team"]["users"]
    assert set(user) == {"email", "firstName", "lastName", "status"}


def test_a_deleted_team_leaves_its_people(port):
    port.post("/teams", {"name": "core", "users": emails("ann")})
    answer = port.delete("/teams/core")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert port.get("/teams/core").status_code == 404
    assert Entity.objects.get(identifier="ann@example.com").team == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "a", "description": 7}, "description"),
        ({"name": "a", "users": "ann@example.com"}, "users"),
        ({"name": "a", "users": [{}]}, "users"),
        ({"name": "a", "colour": "red"}, "colour"),
        ({"name": "a", "identifier": "no good"}, "identifier"),
        ({"name": "a" * 1001}, "name"),
        ([], "send a JSON object"),
    ],
)
def test_what_is_no_team_is_refused_at_its_place(port, body, path):
    answer = port.post("/teams", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(path)
    assert not Entity.objects.of("_team").exists()


def test_a_change_that_changes_nothing_is_not_history(port):
    port.post("/teams", {"name": "core", "users": emails("ann")})
    count = Change.objects.count()
    port.put("/teams/core", {"name": "core", "users": emails("ann")})
    assert Change.objects.count() == count


def test_lists_cost_as_much_for_many_teams_as_for_one(port, django_assert_num_queries):
    port.get("/teams")
    for count in (1, 30):
        for number in range(count):
            make_team(f"team-{count}-{number}")
        # The credential, the teams, and who is in them.
        with django_assert_num_queries(3):
            port.get("/teams")
    with django_assert_num_queries(3):
        port.get("/teams/team-1-0?fields=name")


def test_a_team_of_many_people_takes_no_query_for_each(port, django_assert_max_num_queries):
    names = [f"user-{number}@example.com" for number in range(60)]
    for name in names:
        make_entity(name, blueprint="_user")
    with django_assert_max_num_queries(60):
        port.post("/teams", {"name": "core", "users": names})
    assert len(members(port, "core")) == 60


def test_who_only_reads_does_not_write(reader):
    assert reader.get("/teams").json() == {"ok": True, "teams": []}
    assert reader.post("/teams", {"name": "core"}).status_code == 403


def test_a_blueprint_of_users_that_says_otherwise_is_told(port):
    make_blueprint("_user", ownership=None)
    answer = port.post("/teams", {"name": "core", "users": emails("ann")})
    assert answer.status_code == 422
    assert Blueprint.objects.get(identifier="_user").ownership is None
