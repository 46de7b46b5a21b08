"""Moving the widgets of a dashboard: none is lost or doubled, and every row stays legal."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Conflict, Invalid, NotFound
from portal.dashboards.layouts import (
    HEIGHTS,
    MOVES,
    Move,
    moved,
    parse_move,
    put_after,
    put_at,
    sizes_for,
)
from portal.dashboards.widgets import DASHBOARD, faults_of

SIZES = [
    sizes
    for length in range(1, 5)
    for sizes in (
        [(12,)]
        if length == 1
        else [(one, 12 - one) for one in range(3, 10)]
        if length == 2
        else [(a, b, 12 - a - b) for a in range(3, 7) for b in range(3, 10 - a)]
        if length == 3
        else [(3, 3, 3, 3)]
    )
]


def rows(*shapes):
    """Return a layout of rows of these sizes; widgets are called a, b, c and so on."""
    names = count()
    return [
        {
            "height": 400,
            "columns": [{"id": chr(97 + next(names)), "size": size} for size in shape],
        }
        for shape in shapes
    ]


def shown(layout):
    """Return a layout in short: ``a6 b6 / c12``."""
    lines = (" ".join(f"{it['id']}{it['size']}" for it in row["columns"]) for row in layout)
    return " / ".join(lines)


layouts = st.lists(st.sampled_from(SIZES), min_size=1, max_size=5).map(lambda them: rows(*them))


@st.composite
def moves(draw):
    """Return a layout and a move of something on it, possible or not."""
    layout = draw(layouts)
    verb = draw(st.sampled_from(list(MOVES)))
    ids = [column["id"] for row in layout for column in row["columns"]]
    places = [str(number) for number in range(len(layout) + 1)]
    target = draw(st.sampled_from([*ids, *places, "nobody", ""]))
    amount = st.integers(0, 13) | st.sampled_from(HEIGHTS)
    amounts = draw(st.tuples(*[amount] * MOVES[verb][0]))
    return layout, Move(verb, target, amounts)


@given(moves())
def test_no_widget_is_lost_or_doubled_and_every_row_stays_legal(drawn):
    layout, move = drawn
    before = shown(layout)
    try:
        after = moved(layout, move)
    except (Conflict, Invalid, NotFound):
        after = layout
    assert shown(layout) == before
    ids = [column["id"] for row in layout for column in row["columns"]]
    assert sorted(ids) == sorted(column["id"] for row in after for column in row["columns"])
    root = {"type": DASHBOARD, "layout": after, "widgets": [{"id": it, "type": "x"} for it in ids]}
    assert list(faults_of(root)) == []


@given(layouts, st.integers(0, 6) | st.none())
def test_a_new_widget_finds_its_place_and_leaves_rows_legal(layout, row):
    try:
        after = put_at(layout, "new", row=row)
    except Conflict:
        assert len(layout[row]["columns"]) == 4
        return
    after = put_after(after, "copy", after="new")
    ids = [column["id"] for row in after for column in row["columns"]]
    assert len(ids) == len(set(ids)) == sum(len(row["columns"]) for row in layout) + 2
    assert all(sum(it["size"] for it in row["columns"]) == 12 for row in after)


@pytest.mark.parametrize(
    ("shapes", "act", "after"),
    [
        ([(6, 6)], "right a", "b6 a6"),
        ([(6, 6)], "left a", "a6 b6"),
        ([(3, 9)], "left b", "b9 a3"),
        # Into the next row: up to its end, down to its start.
        ([(6, 6), (12,)], "down a", "b12 / a6 c6"),
        ([(12,), (12,)], "up b", "a6 b6"),
        # A full row takes nobody: a row of its own on the way there.
        ([(3, 3, 3, 3), (6, 6)], "up e", "a3 b3 c3 d3 / e12 / f12"),
        ([(3, 3, 3, 3), (12,)], "up e", "e12 / a3 b3 c3 d3"),
        ([(6, 6)], "down a", "b12 / a12"),
        ([(6, 6)], "up b", "b12 / a12"),
        ([(12,)], "down a", "a12"),
        ([(4, 4, 4)], "alone b", "a6 c6 / b12"),
        ([(12,)], "alone a", "a12"),
        # Neighbours give way, the right one first, and never below three.
        ([(4, 4, 4)], "size:5 a", "a5 b3 c4"),
        ([(4, 4, 4)], "size:6 a", "a6 b3 c3"),
        ([(4, 4, 4)], "size:6 c", "a3 b3 c6"),
        ([(6, 6)], "size:3 a", "a3 b9"),
        ([(6, 6)], "size:3 b", "a9 b3"),
        ([(4, 4, 4)], "place:0.3 a", "b4 c4 a4"),
        ([(4, 4, 4)], "place:0.0 c", "c4 a4 b4"),
        ([(6, 6), (12,)], "place:1.0 b", "a12 / b6 c6"),
        ([(6, 6), (12,)], "insert:0 c", "c12 / a6 b6"),
        ([(6, 6), (12,)], "insert:2 a", "b12 / c12 / a12"),
        ([(6, 6), (12,)], "row-down 0", "c12 / a6 b6"),
        ([(6, 6), (12,)], "row-up 0", "a6 b6 / c12"),
    ],
)
def test_a_move_does_what_its_button_says(shapes, act, after):
    assert shown(moved(rows(*shapes), parse_move(act))) == after


def test_a_row_gets_another_height_and_keeps_what_else_it_says():
    layout = [{**rows((12,))[0], "note": "ours"}]
    assert moved(layout, parse_move("height:600 0")) == [{**layout[0], "height": 600}]


@pytest.mark.parametrize(
    ("shapes", "act", "error"),
    [
        ([(12,)], "size:6 a", Invalid),
        ([(6, 6)], "size:10 a", Invalid),
        ([(12,)], "height:401 0", Invalid),
        ([(12,)], "size a", Invalid),
        ([(12,)], "left z", NotFound),
        ([(12,)], "row-up 7", NotFound),
        ([(12,)], "row-up -1", NotFound),
        ([(12,)], "place:9.0 a", NotFound),
        ([(3, 3, 3, 3), (12,)], "place:0.0 e", Conflict),
    ],
)
def test_what_cannot_be_is_refused(shapes, act, error):
    with pytest.raises(error):
        moved(rows(*shapes), parse_move(act))


@pytest.mark.parametrize("text", ["", "fly a", "size:-1 a", "size:x a", "size:1.2.y a", "size:² a"])
def test_what_is_no_move_is_no_move(text):
    with pytest.raises(Invalid):
        parse_move(text)


@pytest.mark.parametrize(
    ("shape", "sizes"), [((12,), [12]), ((3, 3, 3, 3), [3]), ((6, 6), range(3, 10))]
)
def test_the_sizes_on_offer_leave_the_others_their_room(shape, sizes):
    assert sizes_for(rows(shape)[0]) == list(sizes)
