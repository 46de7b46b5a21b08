"""Adding, changing and removing one widget among many."""

import pytest

from catalog.errors import Conflict, Invalid, NotFound
from portal.dashboards.widgets import add_widget, change_widget, ids_of, remove_widget


def widget(id_, **parts):
    return {"id": id_, "type": "markdown", **parts}


def row(**sizes):
    return {"height": 500, "columns": [{"id": id_, "size": size} for id_, size in sizes.items()]}


def board(widgets, layout, id_="root"):
    return {"id": id_, "type": "dashboard-widget", "layout": layout, "widgets": widgets}


@pytest.fixture
def nested():
    """Return a grouper with a dashboard of three in one group, and one widget in another."""
    inner = board([widget("a"), widget("b"), widget("c")], [row(a=3, b=3, c=6)], id_="inner")
    groups = [{"title": "One", "widgets": [inner]}, {"title": "Two", "widgets": [widget("d")]}]
    return [{"id": "tabs", "type": "grouper", "groups": groups}]


def test_on_a_dashboard_a_new_widget_has_a_row_of_its_own():
    before = [board([widget("a")], [row(a=12)])]
    added = {"height": 400, "columns": [{"id": "b", "size": 12}]}
    assert add_widget(before, widget("b")) == [
        board([widget("a"), widget("b")], [row(a=12), added])
    ]
    assert before == [board([widget("a")], [row(a=12)])]


def test_elsewhere_a_new_widget_comes_last(nested):
    assert add_widget(nested, widget("e")) == [*nested, widget("e")]
    assert add_widget([], widget("e")) == [widget("e")]


def test_two_widgets_have_not_the_same_id(nested):
    with pytest.raises(Conflict, match="'b'"):
        add_widget(nested, widget("b"))


def test_a_widget_is_found_however_deep_it_is(nested):
    assert list(ids_of(nested)) == ["tabs", "inner", "a", "b", "c", "d"]
    changed = change_widget(nested, "b", {"id": "b", "title": "B", "markdown": None})
    assert change_widget(nested, "d", {})[0] == nested[0]
    inner = changed[0]["groups"][0]["widgets"][0]
    assert inner["widgets"][1] == widget("b", title="B", markdown=None)
    assert nested[0]["groups"][0]["widgets"][0]["widgets"][1] == widget("b")


def test_a_widget_keeps_its_id(nested):
    with pytest.raises(Invalid, match="keeps its id"):
        change_widget(nested, "b", {"id": "z"})


@pytest.mark.parametrize("edit", [remove_widget, lambda *args: change_widget(*args, {})])
def test_what_is_not_there_is_told(nested, edit):
    with pytest.raises(NotFound, match="'z'"):
        edit(nested, "z")


def test_the_others_of_a_row_share_the_space(nested):
    inner = remove_widget(nested, "b")[0]["groups"][0]["widgets"][0]
    assert inner == board([widget("a"), widget("c")], [row(a=6, c=6)], id_="inner")


def test_a_row_goes_with_its_last_widget():
    before = [board([widget("a"), widget("b")], [row(a=12), row(b=12)])]
    assert remove_widget(before, "a") == [board([widget("b")], [row(b=12)])]


def test_a_root_and_a_member_of_a_group_can_be_removed(nested):
    assert remove_widget(nested, "tabs") == []
    assert remove_widget(nested, "d")[0]["groups"][1] == {"title": "Two", "widgets": []}
