"""Pages over the wire: what is posted is read back, what is there without being posted, widgets."""

import json
from pathlib import Path

import pytest

from catalog.models import Blueprint, Change
from catalog.operations import delete_blueprint
from portal.dashboards.models import Folder, Page, RemovedDefault
from scorecards.operations import install_pack
from scorecards.packs import load_pack
from tests.builders import NOW, TESTER, make_blueprint

pytestmark = pytest.mark.django_db

SHARED = Path(__file__).parents[3] / "shared" / "fixtures" / "port"
STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


def widget(id_, **parts):
    return {"id": id_, "type": "markdown", "markdown": "# Hi", **parts}


def board(identifier="board", **parts):
    root = {
        "id": "root",
        "type": "dashboard-widget",
        "layout": [{"height": 320, "columns": [{"id": "a", "size": 6}, {"id": "b", "size": 6}]}],
        "widgets": [widget("a"), widget("b", dataset=[], unknown={"kept": None})],
    }
    return {"identifier": identifier, "type": "dashboard", "widgets": [root], **parts}


def without_stamps(body):
    assert all(isinstance(body[name], str) for name in STAMPS)
    return {key: value for key, value in body.items() if key not in STAMPS}


def read(port, identifier):
    answer = port.get(f"/pages/{identifier}")
    assert answer.status_code == 200
    return without_stamps(answer.json()["page"])


def test_a_page_reads_back_as_it_was_sent(port):
    sent = board(
        title="Board",
        icon="",
        description="[link](https://example.com)",
        pageFilters=[{"identifier": "f", "title": "F", "query": {"combinator": "and"}}],
        locked=False,
        showInSidebar=False,
        after="elsewhere",
        section="software_catalog",
        requiredQueryParams=[],
        protected=True,
    )
    answer = port.post("/pages", sent)
    body = answer.json()
    assert (answer.status_code, body["ok"], body["identifier"]) == (201, True, "board")
    assert without_stamps(body["page"]) == sent
    assert read(port, "board") == sent
    assert (body["page"]["createdBy"], body["page"]["updatedBy"]) == ("writer", "writer")


def _fixture_page():
    path = SHARED / "seed" / "dora_scorecards_dashboard.json"
    if not path.exists():
        pytest.skip("the fixtures are not on this machine")
    return json.loads(path.read_text())


def _pack_page():
    return load_pack("dora").pages[0]


@pytest.mark.parametrize("make", [_fixture_page, _pack_page])
def test_a_dashboard_is_accepted_whatever_it_is_about_and_its_folder_is_made(port, make):
    sent = make()
    assert port.post("/pages", sent).status_code == 201
    assert read(port, "dora_scorecards") == sent
    assert Folder.objects.get().title == "Engineering intelligence"


def test_the_dashboard_of_a_pack_is_there_once_the_pack_is_installed(port):
    assert port.get("/pages/dora_scorecards").status_code == 404
    install_pack(name="dora", by=TESTER, now=NOW)
    assert read(port, "dora_scorecards") == _pack_page()


def test_a_folder_that_is_there_is_used(port):
    port.post("/sidebars/catalog/folders", {"identifier": "boards", "title": "All boards"})
    assert port.post("/pages", board(parent="boards")).status_code == 201
    assert list(Folder.objects.values_list("title", flat=True)) == ["All boards"]


def test_what_is_wrong_is_told_by_its_place_on_the_wire(port):
    answer = port.post("/pages", board(pageFilters=[7], locked="yes"))
    assert answer.status_code == 422
    assert answer.json() == {
        "ok": False,
        "error": "invalid_request",
        "message": "locked: give true or false (and 1 more)",
        "details": [
            {"path": "locked", "message": "give true or false"},
            {"path": "pageFilters[0]", "message": "give an object"},
        ],
    }
    sent = board()
    sent["widgets"][0]["layout"][0]["columns"][0]["size"] = 5
    assert port.post("/pages", sent).json()["message"] == (
        "widgets[0].layout[0].columns: sizes come to 11, not to 12"
    )
    assert not Page.objects.exists()


def test_a_folder_that_cannot_be_made_is_the_fault_of_the_parent(port):
    answer = port.post("/pages", board(parent="no good"))
    assert (answer.status_code, answer.json()["message"][:8]) == (422, "parent: ")
    assert not Folder.objects.exists()
    assert not Page.objects.exists()


def test_a_page_is_created_once(port):
    make_blueprint()
    assert port.post("/pages", board()).status_code == 201
    for identifier in ("board", "service", "serviceEntity"):
        answer = port.post("/pages", board(identifier))
        assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    home = {"identifier": "$home", "type": "home"}
    assert port.post("/pages", home).status_code == 409
    assert port.get("/pages/none").status_code == 404


def test_put_replaces_and_patch_sets(port):
    created = port.post("/pages", board(title="One", icon="Star", section="x")).json()["page"]
    answer = port.patch("/pages/board", {"locked": True, "icon": None, "other": 1})
    assert answer.status_code == 200
    assert without_stamps(answer.json()["page"]) == board(
        title="One", locked=True, section="x", other=1
    )
    answer = port.put("/pages/board", {"title": "Two", "type": "dashboard"})
    body = answer.json()
    assert body["identifier"] == "board"
    assert without_stamps(body["page"]) == {
        "identifier": "board", "type": "dashboard", "title": "Two"
    }  # fmt: skip
    assert body["page"]["createdAt"] == created["createdAt"]
    assert body["page"]["updatedAt"] > created["updatedAt"]


def test_what_get_shows_can_be_put_and_that_writes_nothing(port):
    port.post("/pages", board(title="One"))
    shown = port.get("/pages/board").json()["page"]
    assert port.put("/pages/board", shown).json()["page"] == shown
    assert Change.objects.filter(kind="page").count() == 1


def test_true_is_not_one(port):
    port.post("/pages", board(flag=1))
    port.patch("/pages/board", {"flag": True})
    assert read(port, "board")["flag"] is True


@pytest.mark.parametrize("change", [{"identifier": "other"}, {"type": "home"}])
def test_identifier_and_type_stay(port, change):
    port.post("/pages", board())
    answer = port.put("/pages/board", change)
    assert answer.status_code == 422
    assert read(port, "board") == board()


def test_a_deleted_page_is_gone_and_history_knows_it(port):
    port.post("/pages", board(title="Board"))
    answer = port.delete("/pages/board")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert port.get("/pages/board").status_code == 404
    assert port.delete("/pages/board").status_code == 404
    rows = Change.objects.filter(kind="page", identifier="board").order_by("id")
    assert [(row.action, row.actor, row.source) for row in rows] == [
        ("created", "writer", "wire"), ("deleted", "writer", "wire")
    ]  # fmt: skip
    assert rows[0].after == rows[1].before
    assert rows[0].after["title"] == "Board"


def test_each_blueprint_has_a_page_and_one_of_its_entities(port):
    make_blueprint(title="Service", icon="Cog")
    shown = read(port, "service")
    assert {key: shown[key] for key in ("identifier", "type", "title", "icon", "blueprint")} == {
        "identifier": "service", "type": "blueprint-entities", "title": "Service", "icon": "Cog",
        "blueprint": "service",
    }  # fmt: skip
    assert [item["type"] for item in shown["widgets"]] == ["table-entities-explorer"]
    shown = read(port, "serviceEntity")
    assert (shown["type"], shown["blueprint"]) == ("entity", "service")
    assert shown["widgets"][0]["type"] == "grouper"
    assert read(port, "$home")["type"] == "home"
    assert port.get("/pages/service").json()["page"]["createdBy"] == "tidemark"


@pytest.mark.parametrize("identifier", ["service", "serviceEntity", "%24home"])
def test_what_is_there_by_default_can_be_put_back_and_is_stored_then(port, identifier):
    make_blueprint()
    shown = port.get(f"/pages/{identifier}").json()["page"]
    answer = port.put(f"/pages/{identifier}", shown | {"title": "Changed"})
    assert answer.status_code == 200
    assert read(port, identifier) == without_stamps(shown) | {"title": "Changed"}
    assert Page.objects.get().title == "Changed"


def test_an_entity_page_is_not_made_without_its_blueprint(port):
    sent = {"identifier": "nopeEntity", "type": "entity", "blueprint": "nope", "widgets": []}
    answer = port.post("/pages", sent)
    assert (answer.status_code, answer.json()["message"][:6]) == (422, "type: ")


def test_the_page_of_entities_and_home_are_as_by_default_when_deleted(port):
    make_blueprint()
    for identifier in ("serviceEntity", "$home"):
        assert port.delete(f"/pages/{identifier}").status_code == 409
        port.patch(f"/pages/{identifier}", {"title": "Changed"})
        assert port.delete(f"/pages/{identifier}").status_code == 200
        assert read(port, identifier)["title"] != "Changed"


@pytest.mark.parametrize("is_stored", [False, True])
def test_the_page_of_a_blueprint_can_be_removed_and_made_again(port, is_stored):
    make_blueprint()
    if is_stored:
        port.patch("/pages/service", {"title": "Changed"})
    assert port.delete("/pages/service").status_code == 200
    assert port.get("/pages/service").status_code == 404
    listed = [page["identifier"] for page in port.get("/pages").json()["pages"]]
    assert ("service" in listed, "serviceEntity" in listed) == (False, True)
    sent = {"identifier": "service", "type": "blueprint-entities", "blueprint": "service"}
    assert port.post("/pages", sent).status_code == 201
    assert read(port, "service") == sent
    assert port.delete("/pages/service").status_code == 200
    assert port.get("/pages/service").status_code == 404


def test_pages_go_with_their_blueprint(port):
    make_blueprint()
    port.patch("/pages/serviceEntity", {"title": "Changed"})
    about = {"identifier": "mine", "type": "blueprint-entities", "blueprint": "service"}
    port.post("/pages", about)
    port.post("/pages", board(blueprint="service"))
    port.delete("/pages/service")
    delete_blueprint(blueprint=Blueprint.objects.get(identifier="service"), by=TESTER, now=NOW)
    assert [page.identifier for page in Page.objects.all()] == ["board"]
    assert not RemovedDefault.objects.exists()
    make_blueprint()
    assert read(port, "service")["title"] == "Service"


def test_the_list_holds_every_page_once_and_is_compact_on_demand(port, reader):
    make_blueprint()
    port.patch("/pages/service", {"title": "Changed"})
    port.post("/pages", board("a", title="A"))
    pages = reader.get("/pages").json()["pages"]
    names = [page["identifier"] for page in pages]
    assert names == [
        "$home", "_team", "_teamEntity", "_user", "_userEntity", "a", "service", "serviceEntity"
    ]  # fmt: skip
    assert pages[5]["widgets"] == board()["widgets"]
    pages = reader.get("/pages?compact=true").json()["pages"]
    assert without_stamps(pages[5]) == {"identifier": "a", "type": "dashboard", "title": "A"}
    assert pages[6]["title"] == "Changed"


def test_lists_cost_as_much_for_many_pages_as_for_one(port, django_assert_num_queries):
    port.get("/pages")
    for count in (1, 20):
        for number in range(count):
            port.post("/pages", board(f"board-{count}-{number}", parent=f"folder-{number}"))
        # The credential, pages with their folders, blueprints, those without a page.
        with django_assert_num_queries(4):
            port.get("/pages?compact=true")
        with django_assert_num_queries(5):
            port.get("/sidebars/catalog")


def test_one_page_costs_as_many_queries_as_there_are_places_to_look(
    port, django_assert_num_queries
):
    make_blueprint()
    port.post("/pages", board())
    with django_assert_num_queries(2):
        port.get("/pages/board")
    with django_assert_num_queries(4):
        port.get("/pages/serviceEntity")


def test_a_widget_is_added_changed_and_removed(port):
    port.post("/pages", board())
    answer = port.post("/pages/board/widgets", {"id": "c", "type": "iframe-widget", "url": "x"})
    assert (answer.status_code, answer.json()) == (201, {"ok": True, "identifier": "c"})
    answer = port.patch("/pages/board/widgets/a", {"markdown": "# Changed"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "identifier": "a"})
    answer = port.delete("/pages/board/widgets/b")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "identifier": "b"})
    root = read(port, "board")["widgets"][0]
    assert root["widgets"] == [
        widget("a", markdown="# Changed"), {"id": "c", "type": "iframe-widget", "url": "x"}
    ]  # fmt: skip
    assert root["layout"] == [
        {"height": 320, "columns": [{"id": "a", "size": 12}]},
        {"height": 400, "columns": [{"id": "c", "size": 12}]},
    ]


def test_a_widget_without_an_id_gets_one_and_an_empty_dashboard_a_root(port):
    port.post("/pages", {"identifier": "new", "type": "dashboard"})
    identifier = port.post("/pages/new/widgets", {"type": "markdown"}).json()["identifier"]
    [root] = read(port, "new")["widgets"]
    assert root["type"] == "dashboard-widget"
    assert root["widgets"] == [{"id": identifier, "type": "markdown"}]
    assert port.delete(f"/pages/new/widgets/{identifier}").status_code == 200
    port.post("/pages", {"identifier": "newer", "type": "dashboard"})
    sent = board()["widgets"][0]
    assert port.post("/pages/newer/widgets", sent).status_code == 201
    assert read(port, "newer")["widgets"] == [sent]


def test_a_widget_of_a_default_page_can_be_changed(port):
    make_blueprint()
    [table] = read(port, "service")["widgets"]
    address = f"/pages/service/widgets/{table['id']}"
    assert port.patch(address, {"title": "All"}).status_code == 200
    assert read(port, "service")["widgets"] == [table | {"title": "All"}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/pages/none/widgets", {"type": "markdown"}, 404),
        ("post", "/pages/board/widgets", {}, 422),
        ("post", "/pages/board/widgets", [], 422),
        ("post", "/pages/board/widgets", {"type": "markdown", "id": ""}, 422),
        ("post", "/pages/board/widgets", {"type": "markdown", "id": "a"}, 409),
        ("patch", "/pages/board/widgets/z", {"title": "x"}, 404),
        ("patch", "/pages/board/widgets/a", {"id": "z"}, 422),
        ("patch", "/pages/board/widgets/a", {"type": None}, 422),
        ("patch", "/pages/board/widgets/root", {"layout": []}, 422),
        ("delete", "/pages/board/widgets/z", None, 404),
    ],
)
def test_what_cannot_be_done_to_a_widget_leaves_the_page_as_it_is(port, method, path, body, status):
    port.post("/pages", board())
    assert port.send(method, path, body).status_code == status
    assert read(port, "board") == board()


def test_permissions_are_defaults_until_lists_are_given(port):
    make_blueprint()
    whole = {
        "read": {"users": [], "roles": ["Admin", "Member"], "teams": []},
        "update": {"users": [], "roles": ["Admin"], "teams": []},
    }
    assert port.get("/pages/service/permissions").json() == {"ok": True, "permissions": whole}
    sent = {"read": {"roles": ["Member"], "users": ["a@example.com"], "teams": []}}
    answer = port.patch("/pages/service/permissions", sent)
    whole["read"] = sent["read"]
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "permissions": whole})
    port.patch("/pages/service/permissions", {"read": {"roles": []}, "update": {"teams": ["x"]}})
    whole["read"]["roles"], whole["update"]["teams"] = [], ["x"]
    assert port.get("/pages/service/permissions").json()["permissions"] == whole
    assert read(port, "service")["title"] == "Service"


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ([], "send"),
        ({"write": {}}, "write:"),
        ({"read": []}, "read:"),
        ({"read": {"people": []}}, "read.people:"),
        ({"read": {"users": "x"}}, "read.users:"),
        ({"read": {"users": [7]}}, "read.users:"),
    ],
)
def test_permissions_that_are_none_are_refused(port, sent, path):
    port.post("/pages", board())
    answer = port.patch("/pages/board/permissions", sent)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(path)
    assert Page.objects.get().permissions == {}


def test_identifiers_may_hold_slashes(port):
    port.post("/pages", board("a/b"))
    assert read(port, "a%2Fb")["identifier"] == "a/b"
    assert port.patch("/pages/a%2Fb/widgets/a", {"title": "x"}).status_code == 200


def test_who_only_reads_does_not_write(port, reader):
    port.post("/pages", board())
    assert reader.get("/pages/board").status_code == 200
    assert reader.post("/pages", board("other")).status_code == 403
    assert reader.delete("/pages/board/widgets/a").status_code == 403
