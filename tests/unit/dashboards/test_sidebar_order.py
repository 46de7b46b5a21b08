"""The order of the sidebar."""

from hypothesis import given
from hypothesis import strategies as st

from portal.dashboards.sidebar import Item, ordered


def item(identifier, *, folder=False, parent=None, after=None, title=""):
    return Item(identifier, title or identifier, folder, parent, after)


def names(items):
    return [found.identifier for found in ordered(items)]


def test_folders_are_followed_by_what_they_hold():
    items = [
        item("page", parent="inner"),
        item("last"),
        item("inner", folder=True, parent="first"),
        item("first", folder=True),
        item("also", parent="first"),
    ]
    assert names(items) == ["first", "also", "inner", "page", "last"]


def test_siblings_come_by_title_whatever_its_case():
    assert names([item("1", title="beta"), item("2", title="Alpha"), item("3", title="Beta")]) == [
        "2", "1", "3"
    ]  # fmt: skip


def test_one_that_names_another_stands_behind_it():
    items = [item("a", after="c"), item("b"), item("c"), item("d", after="a")]
    assert names(items) == ["b", "c", "a", "d"]


def test_one_that_names_nobody_there_or_itself_has_no_wish():
    items = [item("c"), item("b", after="elsewhere"), item("a", after="a")]
    assert names(items) == ["a", "b", "c"]


def test_those_in_a_circle_come_last():
    items = [item("a", after="b"), item("b", after="a"), item("c")]
    assert names(items) == ["c", "a", "b"]


NAMES = st.sampled_from("abcdef")


@given(
    st.lists(
        st.builds(Item, NAMES, NAMES, st.booleans(), st.none() | NAMES, st.none() | NAMES),
        unique_by=lambda found: found.identifier,
    )
)
def test_all_at_the_top_are_listed_once_whatever_they_wish(items):
    flat = [Item(i.identifier, i.title, i.is_folder, None, i.after) for i in items]
    assert sorted(names(flat)) == sorted(i.identifier for i in items)
