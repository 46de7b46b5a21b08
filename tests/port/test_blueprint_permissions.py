"""Who may do what with the entities of a blueprint."""

from typing import Any

import pytest

from catalog.models import Change
from tests.builders import make_blueprint
from tests.port.clients import PortClient

MEMBERS = {"users": [], "roles": ["Admin", "Member"], "teams": [], "ownedByTeam": False}
MODERATORS = {**MEMBERS, "roles": ["app-moderator", "Admin"]}
OWNERS = {**MODERATORS, "ownedByTeam": True}
NOBODY = {**MEMBERS, "roles": []}
DEFAULT = {
    "entities": {
        "read": MEMBERS,
        "register": OWNERS,
        "update": OWNERS,
        "unregister": MODERATORS,
        "updateProperties": {},
        "updateRelations": {},
    }
}


@pytest.fixture
def app(db: None) -> None:
    make_blueprint("app")


def test_permissions_are_there_before_anybody_set_one(app: None, port: PortClient) -> None:
    answer = port.get("/blueprints/app/permissions")
    assert answer.json() == {"ok": True, "permissions": DEFAULT}


def test_what_was_set_is_told_and_the_rest_stays(app: None, port: PortClient) -> None:
    port.patch(
        "/blueprints/app/permissions",
        {
            "entities": {
                "register": {"roles": ["Member"], "ownedByTeam": True},
                "read": {"policy": None},
                "updateProperties": {"tier": {"users": ["a@example.com"]}, "$title": {}},
            }
        },
    )
    answer = port.patch(
        "/blueprints/app/permissions",
        {
            "entities": {
                "register": {"teams": ["core"]},
                "updateProperties": {"tier": {"teams": ["core"]}},
                "updateRelations": {"owner": {"roles": ["Member"]}},
            }
        },
    )
    wanted = {
        "entities": {
            **DEFAULT["entities"],
            "read": {**MEMBERS, "policy": None},
            "register": {"users": [], "roles": ["Member"], "teams": ["core"], "ownedByTeam": True},
            "updateProperties": {
                "tier": {**NOBODY, "users": ["a@example.com"], "teams": ["core"]},
                "$title": NOBODY,
            },
            "updateRelations": {"owner": {**NOBODY, "roles": ["Member"]}},
        }
    }
    assert answer.json() == {"ok": True, "permissions": wanted}
    assert port.get("/blueprints/app/permissions").json()["permissions"] == wanted
    assert port.get("/blueprints/app").json()["blueprint"]["updatedBy"] == "writer"


def test_saying_it_again_leaves_no_trace(app: None, port: PortClient) -> None:
    change = {"entities": {"register": {"roles": ["Member"]}}}
    port.patch("/blueprints/app/permissions", change)
    count = Change.objects.count()
    assert port.patch("/blueprints/app/permissions", change).status_code == 200
    assert Change.objects.count() == count


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"entities": 7}, "entities"),
        ({"entities": {"register": ["Member"]}}, "entities.register"),
        ({"entities": {"register": {"roles": "Member"}}}, "entities.register.roles"),
        ({"entities": {"updateProperties": {"tier": {"users": [1]}}}},
         "entities.updateProperties.tier.users[0]"),
        ({"entities": {"fly": {}}}, "entities"),
        ({"entities": {"read": {"policy": {"combinator": "and", "rules": []}}}},
         "entities.read.policy"),
        ({"entities": {"read": {"ownedByTeam": True}}}, "entities.read.ownedByTeam"),
    ],
)  # fmt: skip
def test_what_is_no_permission_is_refused(
    app: None, port: PortClient, change: dict[str, Any], path: str
) -> None:
    answer = port.patch("/blueprints/app/permissions", change)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{path}: ")
    assert port.get("/blueprints/app/permissions").json()["permissions"] == DEFAULT


def test_nothing_is_simulated(app: None, reader: PortClient) -> None:
    answer = reader.post("/blueprints/app/permissions/simulate", {})
    assert (answer.status_code, answer.json()["error"]) == (501, "not_implemented")
    assert reader.post("/blueprints/no/permissions/simulate", {}).status_code == 404
