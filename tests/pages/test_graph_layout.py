"""Where the boxes and lines of graphs stand: nothing overlaps, every line ends at its boxes."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.dashboards.graph_layers import layers_of
from portal.dashboards.graph_layout import HEIGHT, WIDTH, _Chains, _crossings, _ordered, layout

KEYS = [f"k{number}" for number in range(12)]
EDGES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=30)


@given(EDGES)
@settings(max_examples=150, deadline=None)
def test_every_box_has_one_place_and_stands_left_of_what_it_points_at_but_in_circles(edges):
    layers = layers_of(KEYS, edges)
    assert sorted(key for keys in layers for key in keys) == sorted(KEYS)
    assert all(layers)
    place = {key: index for index, keys in enumerate(layers) for key in keys}
    back = [(one, other) for one, other in edges if place[one] >= place[other]]
    # Without the edges that run back nothing is in a circle; with them everything is placed.
    assert all(_reaches(other, one, edges) for one, other in back)


def _reaches(start, end, edges):
    """Say whether edges lead from one to the other."""
    seen, due = set(), [start]
    while due:
        key = due.pop()
        if key == end:
            return True
        if key not in seen:
            seen.add(key)
            due += [target for source, target in edges if source == key]
    return False


@given(EDGES)
@settings(max_examples=150, deadline=None)
def test_no_two_boxes_overlap_and_all_are_inside_the_drawing(edges):
    drawn = layout(layers_of(KEYS, edges), edges)
    for one, other in combinations(drawn.boxes.values(), 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for box in drawn.boxes.values():
        assert 0 <= box.x <= drawn.width - WIDTH
        assert 0 <= box.y <= drawn.height - HEIGHT


@given(EDGES)
@settings(max_examples=150, deadline=None)
def test_every_line_leaves_its_first_box_ends_at_its_last_and_runs_through_none(edges):
    drawn = layout(layers_of(KEYS, edges), edges)
    assert set(drawn.routes) == set(edges)
    for (source, target), spots in drawn.routes.items():
        assert spots[0] in (drawn.boxes[source].left, drawn.boxes[source].right)
        assert spots[-1] in (drawn.boxes[target].left, drawn.boxes[target].right)
        for x, y in spots[1:-1]:
            assert not any(
                box.x <= x <= box.x + WIDTH and box.y < y < box.y + HEIGHT
                for box in drawn.boxes.values()
            )


@given(EDGES)
@settings(max_examples=80, deadline=None)
def test_the_order_that_is_found_never_crosses_more_than_the_one_given(edges):
    chains = _Chains(layers_of(KEYS, edges), edges)
    assert _crossings(_ordered(chains), chains) <= _crossings(chains.layers, chains)


@given(EDGES)
@settings(max_examples=50, deadline=None)
def test_the_same_graph_always_looks_the_same(edges):
    layers = layers_of(KEYS, edges)
    assert layout(layers, edges) == layout(layers_of(KEYS, edges), edges)


@pytest.mark.parametrize("count", [1, 5, 59])
def test_the_lines_of_a_star_do_not_cross(count):
    edges = [(f"s{number}", "middle") for number in range(count)]
    edges += [("middle", f"t{number}") for number in range(count)]
    keys = ["middle", *dict.fromkeys(key for edge in edges for key in edge if key != "middle")]
    chains = _Chains(layers_of(keys, edges), edges)
    assert _crossings(_ordered(chains), chains) == 0


def test_crossings_that_can_be_avoided_are():
    layers = [["a", "b", "c"], ["x", "y", "z"]]
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    drawn = layout(layers, edges)
    for source, target in edges:
        assert drawn.boxes[source].y == drawn.boxes[target].y


def test_a_circle_and_an_edge_to_itself_are_drawn():
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")]
    drawn = layout(layers_of(["a", "b", "c"], edges), edges)
    assert set(drawn.routes) == set(edges)


def test_nothing_is_a_drawing_of_nothing():
    assert layout([], []).boxes == {}
