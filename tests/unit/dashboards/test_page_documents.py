"""What documents of pages and folders may say."""

import pytest
from django.core.exceptions import ValidationError

from catalog.errors import Invalid
from portal.dashboards.documents import (
    FolderDocument,
    PageDocument,
    parse_folder,
    parse_page,
    title_of,
)
from portal.dashboards.models import Folder, Page


def widget(id_="a", **parts):
    return {"id": id_, "type": "markdown", **parts}


def root(widgets, layout):
    return {"id": "root", "type": "dashboard-widget", "layout": layout, "widgets": widgets}


def row(*columns, height=400):
    return {"height": height, "columns": [{"id": id_, "size": size} for id_, size in columns]}


def page(**parts):
    return {"identifier": "board", "type": "dashboard", **parts}


def faults(document, parse=parse_page):
    with pytest.raises(Invalid) as caught:
        parse(document)
    return [(fault.path, fault.message) for fault in caught.value.faults]


def test_what_a_document_says_is_kept_and_the_rest_is_none():
    widgets = [
        root(
            [widget("a"), widget("b")],
            [
                row(("a", 9), ("b", 3)),
            ],
        )
    ]
    read = parse_page(page(title="Board", widgets=widgets, icon=None, parent="", extras={"x": 1}))
    assert read == PageDocument("board", "dashboard", title="Board", widgets=widgets,
                                extras={"x": 1})  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        page(),
        page(widgets=[]),
        page(identifier="$home", type="home", widgets=[widget(), widget("b")]),
        page(identifier="svc", type="blueprint-entities", blueprint="service"),
        page(identifier="serviceEntity", type="entity", blueprint="service", widgets=[
            {"type": "grouper", "groups": [{"title": "One", "widgets": [
                root([widget()], [row(("a", 12))]), {"type": "graph"}]}, {"title": "Two"}]}]),
        page(widgets=[root([widget(dataset=[]), widget("b", dataset=None)],
                           [row(("a", 6), ("b", 6), height=320.5)])]),
        page(widgets=[root([{"id": "x", "type": "never heard of", "widgets": 7}],
                           [{"columns": [{"id": "x", "size": 12}]}])]),
        page(page_filters=[{"identifier": "x", "title": "X", "query": {"rules": []}}]),
        page(visibility="private"),
        page(is_locked=False, shows_in_sidebar=True, parent="a/b", after="x"),
    ],
)  # fmt: skip
def test_it_is_a_page(document):
    assert parse_page(document).identifier == document["identifier"]


ROW = {"height": 400, "columns": [{"id": "a", "size": 12}]}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ([], [""]),
        ({}, ["identifier", "type"]),
        (page(identifier="a b"), ["identifier"]),
        (page(identifier="a" * 201), ["identifier"]),
        (page(identifier=7, type=["dashboard"]), ["identifier", "type"]),
        (page(type="report"), ["type"]),
        (page(pageFilters=[], locked=True), ["locked", "pageFilters"]),
        (page(title=7, icon="i" * 101, parent=["x"]), ["title", "icon", "parent"]),
        (page(title="a\x00b"), ["title"]),
        (page(is_locked="yes", shows_in_sidebar=1), ["is_locked", "shows_in_sidebar"]),
        (page(visibility="mine"), ["visibility"]),
        (page(visibility="private", parent="x", after="y"), ["parent", "after"]),
        (page(identifier="$home"), ["identifier"]),
        (page(type="home"), ["identifier"]),
        (page(type="blueprint-entities"), ["blueprint"]),
        (page(type="entity"), ["blueprint"]),
        (page(type="entity", blueprint="service"), ["identifier"]),
        (page(extras=[]), ["extras"]),
        (page(page_filters={}), ["page_filters"]),
        (page(page_filters=[7, {"query": []}]), ["page_filters[0]", "page_filters[1].query"]),
        (page(widgets={}), ["widgets"]),
        (page(widgets=[7]), ["widgets[0]"]),
        (page(widgets=[widget()]), ["widgets"]),
        (page(widgets=[root([], []), root([], [])]), ["widgets"]),
        (page(widgets=[root([{"id": "", "dataset": "x"}], [])]),
         ["widgets[0].widgets[0].type", "widgets[0].widgets[0].id",
          "widgets[0].widgets[0].dataset", "widgets[0].widgets[0].id"]),
    ],
)  # fmt: skip
def test_it_is_no_page_and_the_places_are_named(document, wanted):
    assert [path for path, _message in faults(document)] == wanted


@pytest.mark.parametrize(
    ("widgets", "layout", "wanted"),
    [
        ([widget()], [], ["widgets[0].id"]),
        ([widget()], {}, ["layout"]),
        ([widget()], [7], ["layout[0]"]),
        ([widget()], [{"columns": [7]}], ["layout[0]"]),
        ([widget()], [{"columns": []}, ROW], ["layout[0].columns"]),
        ([widget()], [row(("a", 11))], ["layout[0].columns"]),
        ([widget()], [row(("a", 12), height=0)], ["layout[0].height"]),
        ([widget()], [row(("a", 12), height=True)], ["layout[0].height"]),
        ([widget()], [row(("a", "12"))], ["layout[0].columns[0].size"]),
        ([widget()], [row(("a", True))], ["layout[0].columns[0].size"]),
        ([widget()], [row(("a", 2), ("b", 10))], ["layout[0].columns[0].size"]),
        ([widget()], [row((7, 12))], ["layout[0].columns[0].id"]),
        ([widget()], [row(*((name, 3) for name in "abcd"), ("e", 3))], ["layout[0].columns"]),
        ([widget()], [ROW, ROW], ["layout"]),
        ([widget(), widget()], [ROW], ["widgets"]),
        ([widget()], [row(("a", 6), ("b", 6))], ["layout"]),
        ([widget(), widget("b")], [ROW], ["widgets[1].id"]),
        ([widget(), {"type": "markdown"}], [ROW], ["widgets[1].id"]),
    ],
)
def test_columns_and_widgets_of_a_dashboard_are_the_same(widgets, layout, wanted):
    found = faults(page(widgets=[root(widgets, layout)]))
    assert [path.removeprefix("widgets[0].") for path, _message in found] == wanted


def test_a_fault_tells_the_way_out():
    assert faults(page(widgets=[root([widget()], [row(("a", 6), ("z", 5))])])) == [
        ("widgets[0].layout[0].columns", "sizes come to 11, not to 12")
    ]
    assert faults(page(widgets=[root([], [ROW])])) == [
        ("widgets[0].layout", "there is no widget 'a'; remove its column, or add the widget")
    ]


def test_a_folder_without_an_identifier_is_called_by_its_title():
    read = parse_folder({"title": "Engineering / Intelligence", "parent": ""})
    assert read == FolderDocument("engineering_intelligence", "Engineering / Intelligence")


def test_a_folder_without_a_title_is_called_by_its_identifier():
    read = parse_folder({"identifier": "on-call_rota", "after": "x"})
    assert read == FolderDocument("on-call_rota", "On call rota", after="x")
    assert title_of("_") == "_"


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({}, ["identifier", "title"]),
        ({"title": "!"}, ["identifier"]),
        ({"title": 7}, ["identifier", "title"]),
        ({"identifier": "a", "icon": "x"}, ["icon"]),
        ({"identifier": "a b"}, ["identifier"]),
        ({"identifier": "a", "parent": 7, "after": "a" * 201}, ["parent", "after"]),
    ],
)
def test_it_is_no_folder_and_the_places_are_named(document, wanted):
    assert [path for path, _message in faults(document, parse_folder)] == wanted


def test_rows_refuse_what_no_document_may_say():
    Page(identifier="board", type="dashboard", widgets=[root([widget()], [ROW])]).clean()
    Folder(identifier="boards", title="Boards").clean()
    with pytest.raises(ValidationError) as caught:
        Page(identifier="board", type="dashboard", widgets=[widget()], extras={"x": 1}).clean()
    assert len(caught.value.messages) == 1
    assert caught.value.messages[0].startswith("widgets: a dashboard has one widget")
    with pytest.raises(ValidationError):
        Folder(identifier="no good", title="Boards").clean()
