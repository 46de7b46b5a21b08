"""Editing dashboards in the page: arranging, what forms write, who may, what gets in between."""

import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Change
from portal.dashboards.models import Folder, Page
from portal.dashboards.operations import save_folder, save_page, save_page_permissions
from portal.integrations.port.pages import create_page, shown_page
from portal.integrations.port.pages_codec import page_body
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER, make_entity, make_team, make_user
from tests.pages.form_reading import form_of
from tests.pages.reading import INLINE, html_of, words_of
from tests.pages.test_boards import EVERYTHING, board, pie, table

pytestmark = pytest.mark.usefixtures("catalog")

SEED = Path(__file__).parents[1] / "data" / "dora_scorecards_dashboard.json"
EDIT = "/dashboards/board/edit/"
WIDGET = "/dashboards/board/widget/"


@pytest.fixture
def writer(client):
    """Return a browser in which somebody who edits the catalog is logged in."""
    client.force_login(make_user("erin", is_staff=True))
    return client


def layout():
    """Return the layout of the board in short: ``w0:6 w1:6 / w2:12``."""
    root = Page.objects.get(identifier="board").widgets[0]
    rows = ([f"{it['id']}:{it['size']}" for it in row["columns"]] for row in root["layout"])
    return " / ".join(map(" ".join, rows))


def widgets():
    """Return the widgets of the board by id."""
    return {it["id"]: it for it in Page.objects.get(identifier="board").widgets[0]["widgets"]}


def press(client, act, *, seen=None, **headers):
    """Press a button of the editor, as the page stands."""
    known = seen if seen is not None else form_of(client.get(EDIT), "editor")["seen"]
    return client.post(EDIT, {"act": act, "seen": known}, headers=headers)


def fill(client, address, *, act="save", **fields):
    """Send the form of a widget as it stands, but for these fields.

    What the blueprint decides is asked for first, as a browser without script has to.
    """
    form = form_of(client.get(address), "config-form")
    steering = {key: value for key, value in fields.items() if key.endswith(STEERING)}
    if steering:
        refreshed = client.post(address, {**form, **steering, "act": "refresh"})
        form = form_of(refreshed, "config-form")
    return client.post(address, {**form, **fields, "act": act})


STEERING = ("blueprint", "measure", "source", "unit", "displayFormatting")


def two():
    """Save a board of two texts."""
    return board(
        {"type": "markdown", "markdown": "one", "title": "One"},
        {"type": "markdown", "markdown": "two", "title": "Two"},
    )


# Arranging


@pytest.mark.parametrize(
    ("act", "after"),
    [
        ("up w1", "w0:6 w1:6"),
        ("down w0", "w0:6 w1:6"),
        ("row-down 0", "w1:12 / w0:12"),
        ("insert:0 w1", "w1:12 / w0:12"),
        ("place:0.0 w1", "w1:6 w0:6"),
        ("remove w0", "w1:12"),
    ],
)
def test_a_button_moves_a_widget_and_leads_back_to_it(writer, act, after):
    two()
    response = press(writer, act)
    place = f"widget-{act.split()[1]}" if not act.startswith(("row", "remove")) else "editor"
    assert (response.status_code, response["Location"]) == (302, f"{EDIT}#{place}")
    assert layout() == after


def test_widths_give_way_and_heights_are_kept(writer):
    two()
    press(writer, "up w1")
    press(writer, "size:4 w0")
    press(writer, "height:600 0")
    assert layout() == "w0:4 w1:8"
    assert Page.objects.get(identifier="board").widgets[0]["layout"][0]["height"] == 600
    assert "tall-600" in html_of(writer.get("/dashboards/board/"))


def test_a_copy_stands_beside_what_it_is_a_copy_of(writer):
    two()
    where = press(writer, "copy w0")["Location"]
    copied = where.removeprefix(f"{EDIT}#widget-")
    assert layout() == f"w0:6 {copied}:6 / w1:12"
    assert widgets()[copied] == {**widgets()["w0"], "id": copied}


def test_script_gets_the_editor_alone(writer):
    two()
    response = press(writer, "row-down 0", HX_Request="true", HX_Target="editor")
    assert html_of(response).startswith("\n<form") or "<form" in html_of(response)[:20]
    assert "<html" not in html_of(response)
    assert layout() == "w1:12 / w0:12"


def test_every_write_is_in_the_history_with_who_did_it(writer):
    two()
    press(writer, "up w1")
    row = Change.objects.filter(kind="page").latest("id")
    assert (row.actor, row.source, list(row.after)) == ("erin", "page", ["widgets"])


def test_a_move_that_moves_nothing_writes_nothing(writer):
    two()
    before = Change.objects.count()
    press(writer, "left w0")
    assert Change.objects.count() == before


@pytest.mark.parametrize(
    "act",
    ["", "fly w0", "size:99 w0", "up nobody", "row-up 99", "size:5 w0", "up \x00", "place:9.9 w0"],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(writer, act):
    two()
    response = press(writer, act)
    assert "Nothing was changed" in words_of(response)
    assert layout() == "w0:12 / w1:12"


def test_what_went_wrong_since_does_not_stand_against_mending_the_rest(writer):
    board(pie("property#language"), pie("property#tier"), pie("property#language"))
    page = Page.objects.get(identifier="board")
    page.widgets[0]["widgets"][0]["property"] = "property#gone"
    page.widgets[0]["widgets"][1]["property"] = "property#gone"
    page.save()
    press(writer, "up w2")
    assert layout() == "w0:12 / w1:6 w2:6"
    press(writer, "remove w1")
    assert layout() == "w0:12 / w2:12"


# What gets in between


def test_a_change_in_between_is_told_and_kept(writer):
    page = two()
    seen = form_of(writer.get(EDIT), "editor")["seen"]
    press(writer, "row-down 0")
    response = press(writer, "remove w0", seen=seen)
    assert "erin changed this dashboard just now; your change was not saved" in words_of(response)
    assert layout() == "w1:12 / w0:12"
    assert page.version != Page.objects.get(identifier="board").version


def test_what_was_typed_survives_a_change_in_between_and_can_be_saved_again(writer):
    two()
    address = f"{WIDGET}?id=w0"
    form = form_of(writer.get(address), "config-form")
    press(writer, "row-down 0")
    response = writer.post(address, {**form, "title": "Typed", "act": "save"})
    assert "erin changed this dashboard" in words_of(response)
    again = form_of(response, "config-form")
    assert again["title"] == ["Typed"]
    assert widgets()["w0"]["title"] == "One"
    writer.post(address, {**again, "act": "save"})
    assert widgets()["w0"]["title"] == "Typed"
    assert layout() == "w1:12 / w0:12"


@pytest.mark.parametrize("address", [EDIT, f"{WIDGET}?id=w0"])
def test_a_locked_dashboard_says_so_and_stays_as_it_is(writer, address):
    two()
    forms = form_of(writer.get(EDIT), "editor")
    Page.objects.update(is_locked=True)
    assert "This dashboard is locked" in words_of(writer.get(address))
    answer = writer.post(EDIT, {**forms, "act": "row-down 0"})
    assert "This dashboard is locked" in words_of(answer)
    assert layout() == "w0:12 / w1:12"
    assert EDIT not in html_of(writer.get("/dashboards/board/"))


# Who may

PLACES = [
    EDIT,
    f"{WIDGET}?id=w0",
    "/dashboards/board/settings/",
    "/dashboards/board/delete/",
]


@pytest.mark.parametrize("address", PLACES)
def test_who_only_reads_may_not_change_and_sees_no_button(reader, address):
    two()
    assert reader.get(address).status_code == 403
    assert reader.post(address, {"act": "remove w0"}).status_code == 403
    assert address not in html_of(reader.get("/dashboards/board/"))
    assert layout() == "w0:12 / w1:12"


@pytest.mark.parametrize("address", [*PLACES, "/new-dashboard/", "/new-folder/"])
def test_nobody_changes_where_reading_is_public(client, settings, address):
    settings.TIDEMARK_PUBLIC_READ = True
    two()
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 302


@pytest.mark.parametrize(
    "named",
    [
        {"users": ["maya"]},
        {"users": ["maya@example.com"]},
        {"roles": ["Member"]},
        {"teams": ["core"]},
    ],
)
def test_who_a_page_names_may_change_it(reader, named):
    page = two()
    save_page_permissions(page=page, permissions={"update": named}, by=TESTER, now=NOW)
    assert reader.get(EDIT).status_code == 200
    press(reader, "row-down 0")
    assert layout() == "w1:12 / w0:12"


def test_who_a_page_does_not_name_does_not_see_it_at_all(reader):
    page = board({"type": "markdown", "markdown": "x"}, title="Hidden")
    roles = {"read": {"roles": ["Admin"], "teams": ["others"]}}
    save_page_permissions(page=page, permissions=roles, by=TESTER, now=NOW)
    assert reader.get("/dashboards/board/").status_code == 404
    assert "Hidden" not in words_of(reader.get("/dashboards/"))
    assert "Hidden" not in words_of(reader.get("/palette/?q=hidden"))
    save_page_permissions(page=page, permissions={"read": {"teams": ["core"]}}, by=TESTER, now=NOW)
    assert "Hidden" in words_of(reader.get("/dashboards/"))


def test_anybody_makes_dashboards_of_their_own_and_only_those(reader):
    form = form_of(reader.get("/new-dashboard/"), "board-form")
    reader.post("/new-dashboard/", {**form, "title": "Mine"})
    page = Page.objects.get(title="Mine")
    assert (page.visibility, page.created_by) == ("private", "maya")
    assert re.fullmatch(r"mine_[0-9a-f]{8}", page.identifier)
    assert reader.get(f"/dashboards/{page.identifier}/edit/").status_code == 200
    reader.post("/new-dashboard/", {**form, "title": "Ours", "audience": "org"})
    assert not Page.objects.filter(title="Ours").exists()


def test_a_private_dashboard_is_changed_by_who_made_it_alone(reader, writer):
    board({"type": "markdown", "markdown": "x"}, visibility="private")
    assert writer.get(EDIT).status_code == 404


def test_posts_need_their_token(writer):
    two()
    writer.handler.enforce_csrf_checks = True
    for address in (*PLACES, "/new-dashboard/", "/new-folder/", "/dashboards/board/copy/"):
        assert writer.post(address, {"act": "remove w0"}).status_code == 403
    assert layout() == "w0:12 / w1:12"


# Dashboards and folders


def test_a_dashboard_is_made_set_copied_and_deleted(writer):
    folder = form_of(writer.get("/new-folder/"), "board-form")
    writer.post("/new-folder/", {**folder, "title": "Delivery"})
    form = form_of(writer.get("/new-dashboard/"), "board-form")
    assert form["audience"] == ["org"]
    answer = writer.post(
        "/new-dashboard/", {**form, "title": "How fast", "parent": "delivery", "icon": "flag"}
    )
    assert answer["Location"] == "/dashboards/how_fast/edit/"
    assert "Add the first widget" in words_of(writer.get("/dashboards/how_fast/edit/"))
    page = Page.objects.get(identifier="how_fast")
    assert (page.icon, page.parent.title, page.visibility) == ("flag", "Delivery", None)
    set_ = form_of(writer.get("/dashboards/how_fast/settings/"), "board-form")
    writer.post("/dashboards/how_fast/settings/", {**set_, "title": "How slow"})
    assert Page.objects.get(identifier="how_fast").title == "How slow"
    writer.post("/dashboards/how_fast/copy/")
    assert Page.objects.get(identifier="copy_of_how_slow").after == "how_fast"
    ask = form_of(writer.get("/dashboards/how_fast/delete/"), "config-foot")
    assert writer.post("/dashboards/how_fast/delete/", ask)["Location"] == "/dashboards/"
    assert not Page.objects.filter(identifier="how_fast").exists()


def test_settings_sent_untouched_change_nothing(writer):
    two()
    before = Page.objects.get(identifier="board").document()
    form = form_of(writer.get("/dashboards/board/settings/"), "board-form")
    writer.post("/dashboards/board/settings/", form)
    assert Page.objects.get(identifier="board").document() == before


def test_settings_made_on_an_older_state_are_not_saved(writer):
    two()
    form = form_of(writer.get("/dashboards/board/settings/"), "board-form")
    press(writer, "row-down 0")
    answer = writer.post("/dashboards/board/settings/", {**form, "title": "Late"})
    assert "your change was not saved" in words_of(answer)
    assert Page.objects.get(identifier="board").title is None


def test_a_dashboard_without_a_title_or_of_a_title_of_signs(writer):
    form = form_of(writer.get("/new-dashboard/"), "board-form")
    assert "required" in words_of(writer.post("/new-dashboard/", {**form, "title": " "}))
    assert writer.post("/new-dashboard/", {**form, "title": "!!"})["Location"].endswith(
        "/dashboards/dashboard/edit/"
    )


def test_a_folder_is_renamed_moved_and_deleted_only_when_empty(writer):
    form = form_of(writer.get("/new-folder/"), "board-form")
    for title in ("Outer", "Inner"):
        writer.post("/new-folder/", {**form, "title": title})
    inner = form_of(writer.get("/folders/inner/"), "board-form")
    writer.post("/folders/inner/", {**inner, "title": "Within", "parent": "outer"})
    assert "Outer Within" in words_of(writer.get("/dashboards/"))
    writer.post("/folders/outer/delete/")
    assert "still holds inner" in words_of(writer.get("/folders/outer/"))
    writer.post("/folders/inner/delete/")
    writer.post("/folders/outer/delete/")
    assert not Folder.objects.exists()


def test_a_folder_of_a_name_that_is_taken_is_told(writer):
    form = form_of(writer.get("/new-folder/"), "board-form")
    writer.post("/new-folder/", {**form, "title": "Twice"})
    assert "there is a folder" in words_of(writer.post("/new-folder/", {**form, "title": "Twice"}))


# The forms of widgets

MADE = [
    (
        "entities-pie-chart",
        {"blueprint": "service", "property": "property#language", "title": "Languages"},
        {"blueprint": "service", "property": "property#language", "dataset": EVERYTHING},
        "4 services Empty 2",
    ),
    (
        "bar-chart",
        {"blueprint": "service", "property": "scorecard#quality"},
        {"blueprint": "service", "property": "scorecard#quality", "dataset": EVERYTHING},
        "Gold 1",
    ),
    (
        "entities-number-chart",
        {"blueprint": "service", "measure": "count", "unit": "custom", "unitCustom": "things"},
        {"chartType": "countEntities", "func": "count", "unit": "custom", "unitCustom": "things"},
        "4 things",
    ),
    (
        "entities-number-chart",
        {
            "blueprint": "service",
            "measure": "sum",
            "property": "tier",
            "conditionalFormatting-at": [""],
            "conditionalFormatting-operator": [">"],
            "conditionalFormatting-value": ["5"],
            "conditionalFormatting-color": ["red"],
            "conditionalFormatting-message": ["Too many"],
        },
        {
            "chartType": "aggregateByProperty",
            "func": "sum",
            "property": "tier",
            "conditionalFormatting": [
                {"operator": ">", "value": 5, "color": "red", "message": "Too many"}
            ],
        },
        "8 Too many",
    ),
    (
        "entities-number-chart",
        {"blueprint": "service", "measure": "single", "entity": "canoe", "property": "tier"},
        {"chartType": "displaySingleProperty", "entity": "canoe", "property": "tier"},
        "3",
    ),
    (
        "multi-line-chart",
        {"line0-blueprint": "deployment", "timeInterval": "day", "line0-title": "Ships"},
        {
            "timeInterval": "day",
            "timeRange": {"preset": "last3Months"},
            "lines": [
                {
                    "title": "Ships",
                    "blueprint": "deployment",
                    "chartType": "countEntities",
                    "func": "count",
                    "dataset": EVERYTHING,
                }
            ],
        },
        "Ships",
    ),
    (
        "table-entities-explorer",
        {"blueprint": "service", "columns": ["tier", "scorecard#quality"], "group": "language"},
        {
            "blueprintConfig": {
                "service": {
                    "propertiesSettings": {
                        "order": ["$title", "tier", "scorecard#quality"],
                        "shown": ["$title", "tier", "scorecard#quality"],
                    },
                    "groupSettings": {"groupBy": ["language"]},
                }
            }
        },
        "Go 1",
    ),
    (
        "heat-map",
        {"blueprint": "service", "scorecard": "quality"},
        {"blueprint": "service", "scorecard": "quality"},
        "Core",
    ),
    (
        "entity-details",
        {"blueprint": "service", "entity": "anchor"},
        {"blueprint": "service", "entity": "anchor"},
        "Language Go",
    ),
    (
        "markdown",
        {"markdown": "# Hello\r\n\r\nthere {{ .user.firstName }}"},
        {"markdown": "# Hello\n\nthere {{ .user.firstName }}", "source": "custom"},
        "Hello there",
    ),
    (
        "markdown",
        {"source": "property", "blueprint": "service", "entity": "anchor", "property": "language"},
        {
            "source": "property",
            "blueprintIdentifier": "service",
            "entityIdentifier": "anchor",
            "propertyIdentifier": "language",
        },
        "Go",
    ),
    (
        "links-widget",
        {
            "links-at": [""],
            "links-title": ["Runbook"],
            "links-url": ["https://example.com/r"],
            "links-description": [""],
        },
        {"links": [{"title": "Runbook", "url": "https://example.com/r"}]},
        "Runbook",
    ),
    (
        "iframe-widget",
        {"url": "https://frames.example.com/d"},
        {"url": "https://frames.example.com/d", "urlType": "public"},
        "Open at frames.example.com",
    ),
]


@pytest.fixture
def frames(settings):
    """Allow one site to be shown."""
    settings.TIDEMARK_FRAME_HOSTS = ["frames.example.com"]


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("type_", "fields", "document", "words"), MADE)
def test_a_widget_is_made_by_its_form_and_drawn(writer, type_, fields, document, words):
    save_page(document={"identifier": "board", "type": "dashboard"}, by=TESTER, now=NOW)
    address = f"{WIDGET}?type={type_}"
    assert words in words_of(fill(writer, address, act="preview", **fields))
    assert not Page.objects.get(identifier="board").widgets
    answer = fill(writer, address, **fields)
    assert answer.status_code == 302, words_of(answer)
    (made,) = widgets().values()
    assert made["type"] == type_
    assert {key: made.get(key) for key in document} == document
    assert words in words_of(writer.get("/dashboards/board/"))
    # And again untouched: the same.
    before = Page.objects.get(identifier="board").document()
    changes = Change.objects.count()
    assert fill(writer, f"{WIDGET}?id={made['id']}").status_code == 302
    assert Page.objects.get(identifier="board").document() == before
    assert Change.objects.count() == changes
    # What the editor saves is what the API takes and gives.
    sent = {**page_body(before, {}), "identifier": "sent"}
    taken = create_page(sent, by=TESTER, now=NOW)
    assert shown_page(taken)["widgets"] == before["widgets"]


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("type_", "fields", "document", "words"), MADE)
def test_what_a_form_does_not_know_is_kept(writer, type_, fields, document, words):
    stored = {"type": type_, **document, "dontAggregateOther": True, "theirs": {"deep": [1, None]}}
    if type_ not in ("markdown", "links-widget", "iframe-widget", "multi-line-chart"):
        stored["blueprint"] = "service"
    board(stored)
    fill(writer, f"{WIDGET}?id=w0", title="Renamed")
    assert widgets()["w0"] == {**stored, "id": "w0", "title": "Renamed"}


def test_the_dashboard_of_the_seed_stays_as_it_is_when_it_is_saved_untouched(writer):
    make_team("core", title="Core", properties={})
    install_pack(name="dora", by=TESTER, now=NOW)
    seed = json.loads(SEED.read_text())
    document = {**seed, "identifier": "board", "parent": None}
    save_page(document=document, by=TESTER, now=NOW)
    changes = Change.objects.count()
    for id_ in widgets():
        assert fill(writer, f"{WIDGET}?id={id_}").status_code == 302
    assert Page.objects.get(identifier="board").widgets == seed["widgets"]
    assert Change.objects.count() == changes


def test_rows_keep_what_else_they_say_and_go_where_they_are_emptied(writer):
    links = [
        {"title": "A", "url": "https://a.example.com", "icon": "Star"},
        {"title": "B", "url": "https://b.example.com", "icon": "Moon"},
    ]
    board({"type": "links-widget", "links": links})
    fill(
        writer,
        f"{WIDGET}?id=w0",
        **{"links-title": ["", "C", ""], "links-url": ["", "https://b.example.com", ""]},
    )
    assert widgets()["w0"]["links"] == [
        {"title": "C", "url": "https://b.example.com", "icon": "Moon"}
    ]


def test_lines_are_added_and_removed(writer):
    board({"type": "multi-line-chart", "lines": [{"blueprint": "service", "note": "mine"}]})
    address = f"{WIDGET}?id=w0"
    form = form_of(fill(writer, address, act="add-line"), "config-form")
    assert form["lines"] == ["0:0", "1:"]
    form = {**form, "line1-blueprint": "deployment"}
    writer.post(address, {**form, "act": "save"})
    assert [line["blueprint"] for line in widgets()["w0"]["lines"]] == ["service", "deployment"]
    fill(writer, address, act="drop-line 1")
    form = form_of(fill(writer, address, act="drop-line 1"), "config-form")
    writer.post(address, {**form, "act": "save"})
    assert widgets()["w0"]["lines"] == [{"blueprint": "service", "note": "mine"}]


def test_columns_move_up_and_down(writer):
    chosen = {"propertiesSettings": {"order": ["$title", "tier", "language"]}}
    board(table(**chosen))
    address = f"{WIDGET}?id=w0"
    form = form_of(fill(writer, address, act="column-up language"), "config-form")
    assert form["columns"] == ["language", "tier"]
    writer.post(address, {**form, "act": "save"})
    settings = widgets()["w0"]["blueprintConfig"]["service"]["propertiesSettings"]
    assert settings["order"] == ["$title", "language", "tier"]


def test_conditions_narrow_a_widget(writer):
    board(pie("property#language"))
    fill(
        writer,
        f"{WIDGET}?id=w0",
        **{"dataset-property": ["tier"], "dataset-operator": ["<"], "dataset-value": ["3"]},
    )
    rules = [{"property": "tier", "operator": "<", "value": 3}]
    assert widgets()["w0"]["dataset"] == {"combinator": "and", "rules": rules}


def test_small_widgets_of_one_type_make_a_row_together(writer):
    board(pie("property#tier"))
    for _ in range(4):
        fill(writer, f"{WIDGET}?type=entities-pie-chart", blueprint="service", property="$team")
    assert re.fullmatch(r"w0:3 \S+:3 \S+:3 \S+:3 / \S+:12", layout())


def test_a_new_widget_may_stand_in_a_row(writer):
    two()
    fill(writer, f"{WIDGET}?type=markdown&row=0", markdown="three")
    assert re.fullmatch(r"w0:6 \S+:6 / w1:12", layout())


@pytest.mark.parametrize(
    ("widget", "fields", "message"),
    [
        (pie("property#language"), {"property": "property#nope"}, "Service has no 'nope'"),
        (pie("property#language"), {"property": ""}, "required"),
        (pie("property#language"), {"dataset": "{", "dataset-edited": "json"}, "not JSON"),
        (table(), {"columns": ["tier", "nope"]}, "Service has no 'nope'; take it out"),
        (table(), {"group": "nope"}, "Service has no 'nope'"),
        (
            {"type": "entity-details", "blueprint": "service", "entity": "anchor"},
            {"entity": "nobody"},
            "There is no Service 'nobody'",
        ),
        (
            {"type": "links-widget", "links": []},
            {"links-title": ["x"], "links-url": ["javascript:alert(1)"]},
            "is no address that can be linked",
        ),
        (
            {"type": "iframe-widget", "url": "https://x.example.com"},
            {"url": "https://other.example.com"},
            "TIDEMARK_FRAME_HOSTS",
        ),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(
    writer, widget, fields, message
):
    board(widget)
    before = widgets()
    answer = fill(writer, f"{WIDGET}?id=w0", **fields)
    assert re.search(
        rf'class="field-error" role="alert">[^<]*{re.escape(message)}', unquoted(answer)
    )
    assert widgets() == before


def unquoted(response):
    """Return a page with its quotes as people read them."""
    return html_of(response).replace("&#x27;", "'")


@pytest.mark.parametrize(
    "query",
    ["?id=nobody", "?id=", "?id=w1", "?id=%00"],
)
def test_a_widget_that_is_not_there_or_has_no_form_is_not_found(writer, query):
    board({"type": "markdown", "markdown": "x"}, {"type": "action-card-widget"})
    assert writer.get(f"{WIDGET}{query}").status_code == 404


def test_what_has_no_form_can_be_moved_and_removed(writer):
    board({"type": "markdown", "markdown": "x"}, {"type": "action-card-widget"})
    assert f"{WIDGET}?id=w1" not in html_of(writer.get(EDIT))
    press(writer, "up w1")
    assert layout() == "w0:6 w1:6"


def test_every_type_is_offered_with_a_sentence(writer):
    two()
    page = writer.get(WIDGET)
    for type_, *_ in MADE:
        assert f"?type={type_}" in html_of(page)
    assert "Choose what it is to show" in words_of(writer.get(f"{WIDGET}?type=nothing"))


HOSTILE = [
    "<script>alert(1)</script>",
    "\x00",
    "'\"><img src=x onerror=alert(1)>",
    "x" * 20_000,
    "{{ 7 }}",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("type_", dict.fromkeys(type_ for type_, *_ in MADE))
def test_hostile_input_is_told_or_shown_as_text(writer, type_, value):
    save_page(document={"identifier": "board", "type": "dashboard"}, by=TESTER, now=NOW)
    address = f"{WIDGET}?type={type_}"
    form = form_of(writer.get(address), "config-form")
    hostile = {name: value for name in form if name not in ("seen", "csrfmiddlewaretoken")}
    for act in ("save", "preview", "refresh", f"column-up {value}", f"drop-line {value}", value):
        answer = writer.post(address, {**form, **hostile, "act": act})
        assert answer.status_code in (200, 302)
        if answer.status_code == 200:
            assert "<script>alert" not in html_of(answer)
            assert "<img src=x" not in html_of(answer)
            assert INLINE.search(re.sub(r"&lt;.*?&gt;", "", html_of(answer))) is None


def test_the_editor_makes_no_more_queries_for_more_rows(writer):
    board(pie("scorecard#quality"), pie("property#language"), table())
    before = queries(writer, EDIT), queries(writer, f"{WIDGET}?id=w2")
    for number in range(40):
        make_entity(f"more-{number}", team="core", properties={"tier": number})
    assert (queries(writer, EDIT), queries(writer, f"{WIDGET}?id=w2")) == before == (18, 23)


def test_the_list_makes_no_more_queries_for_more_dashboards(writer):
    two()
    before = queries(writer, "/dashboards/")
    for number in range(8):
        save_folder(document={"title": f"Folder {number}"}, by=TESTER, now=NOW)
        board({"type": "markdown"}, identifier=f"b{number}", parent=f"folder_{number}")
    assert queries(writer, "/dashboards/") == before == 7


def queries(client, address):
    """Return how many queries a page makes."""
    with CaptureQueriesContext(connection) as captured:
        html_of(client.get(address))
    return len(captured)
