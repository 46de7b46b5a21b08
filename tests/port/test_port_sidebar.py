"""The sidebar over the wire, and its folders."""

import pytest

from catalog.models import Change
from portal.dashboards.models import Folder
from tests.builders import make_blueprint

pytestmark = pytest.mark.django_db

FOLDERS = "/sidebars/catalog/folders"


def folder(port, identifier, **parts):
    answer = port.post(FOLDERS, {"identifier": identifier, **parts})
    assert answer.status_code == 201
    return answer.json()["folder"]


def board(port, identifier, **parts):
    body = {"identifier": identifier, "type": "dashboard", "title": identifier.title(), **parts}
    assert port.post("/pages", body).status_code == 201


def sidebar(port):
    return port.get("/sidebars/catalog").json()["sidebar"]


def test_the_sidebar_lists_folders_and_pages_from_top_to_bottom(port):
    make_blueprint(title="Service")
    folder(port, "boards", title="Boards")
    board(port, "one", parent="boards")
    board(port, "zero", after="boards")
    board(port, "hidden", showInSidebar=False)
    board(port, "private", visibility="private")
    found = sidebar(port)
    assert found["identifier"] == "catalog"
    items = found["items"]
    assert [(item["identifier"], item["sidebarType"]) for item in items] == [
        ("boards", "folder"), ("one", "page"), ("zero", "page"), ("service", "page"),
        ("_team", "page"), ("_user", "page"),
    ]  # fmt: skip
    stamps = ("createdAt", "createdBy", "updatedAt", "updatedBy")
    assert {key: value for key, value in items[1].items() if key not in stamps} == {
        "identifier": "one", "title": "One", "sidebar": "catalog", "parent": "boards",
        "after": None, "sidebarType": "page",
    }  # fmt: skip
    assert all(isinstance(item[name], str) for item in items for name in stamps)


def test_a_folder_is_created_and_found_in_the_sidebar(port):
    made = folder(port, "boards", title="Boards", after="service", sidebar="catalog")
    assert (made["identifier"], made["title"], made["after"]) == ("boards", "Boards", "service")
    assert made in sidebar(port)["items"]
    answer = port.post(FOLDERS, {"title": "Engineering Intelligence"})
    assert answer.json()["identifier"] == "engineering_intelligence"


def test_patch_sets_what_it_mentions(port):
    folder(port, "outer", title="Outer")
    folder(port, "inner", title="Inner", parent="outer", after="x")
    answer = port.patch(f"{FOLDERS}/inner", {"identifier": "inner", "title": "Other"})
    assert answer.status_code == 200
    changed = answer.json()["folder"]
    assert (changed["title"], changed["parent"], changed["after"]) == ("Other", "outer", "x")
    port.patch(f"{FOLDERS}/inner", {"parent": None, "after": ""})
    row = Folder.objects.get(identifier="inner")
    assert (row.title, row.parent, row.after) == ("Other", None, None)


def test_what_was_shown_can_be_sent_back_and_writes_nothing(port):
    made = folder(port, "boards", title="Boards")
    answer = port.patch(f"{FOLDERS}/boards", made)
    assert (answer.status_code, answer.json()["folder"]) == (200, made)
    assert Change.objects.filter(kind="folder").count() == 1


def test_folders_go_three_levels_deep(port):
    for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("x", None), ("y", "x")):
        folder(port, name, title=name, parent=parent)
    for body, address in (({"identifier": "d", "parent": "c"}, ""), ({"parent": "b"}, "/x")):
        method = port.patch if address else port.post
        answer = method(f"{FOLDERS}{address}", body)
        assert answer.status_code == 422
        assert answer.json()["message"].startswith("parent: folders go 3 levels deep")
    assert port.patch(f"{FOLDERS}/x", {"parent": "a"}).status_code == 200


@pytest.mark.parametrize("parent", ["a", "c"])
def test_a_folder_is_not_inside_of_itself(port, parent):
    for name, inside in (("a", None), ("b", "a"), ("c", "b")):
        folder(port, name, title=name, parent=inside)
    answer = port.patch(f"{FOLDERS}/a", {"parent": parent})
    assert (answer.status_code, answer.json()["message"]) == (
        422, f"parent: '{parent}' is inside of 'a'; choose another"
    )  # fmt: skip


def test_a_folder_that_holds_something_is_not_deleted(port):
    folder(port, "outer", title="Outer")
    folder(port, "inner", title="Inner", parent="outer")
    board(port, "one", parent="inner")
    for name, content in (("outer", "inner"), ("inner", "one")):
        answer = port.delete(f"{FOLDERS}/{name}")
        assert (answer.status_code, answer.json()["error"]) == (409, "has_dependents")
        assert answer.json()["message"] == (
            f"'{name}' still holds {content}; move or delete them first"
        )
    port.patch("/pages/one", {"parent": None})
    assert port.delete(f"{FOLDERS}/inner").json() == {"ok": True}
    assert port.delete(f"{FOLDERS}/inner").status_code == 404
    assert [item["sidebarType"] for item in sidebar(port)["items"]].count("folder") == 1


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("post", "", {}, 422),
        ("post", "", [], 422),
        ("post", "", {"identifier": "a", "parent": "none"}, 422),
        ("post", "", {"identifier": "a", "colour": "red"}, 422),
        ("post", "", {"identifier": "taken"}, 409),
        ("patch", "/taken", {"identifier": "other"}, 422),
        ("patch", "/none", {"title": "x"}, 404),
        ("delete", "/none", None, 404),
    ],
)
def test_what_cannot_be_a_folder_is_refused(port, method, address, body, status):
    made = folder(port, "taken", title="Taken")
    assert port.send(method, f"{FOLDERS}{address}", body).status_code == status
    assert [item for item in sidebar(port)["items"] if item["sidebarType"] == "folder"] == [made]
