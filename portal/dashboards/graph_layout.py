"""Where the boxes and the lines of a graph stand. Pure: the same graph always looks the same.

Boxes stand in columns, the layers, which are given. Within them they are ordered by the middle of
what they are joined to (the barycenter), back and forth, and the order with the fewest crossings
is kept. A line that passes a layer is given a place of its own there, so that none runs through a
box.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
Spot = tuple[float, float]
# A key of a box, or the number of a line that passes with that of the layer.
_Node = str | tuple[int, int]

WIDTH, HEIGHT = 208, 44
_ACROSS, _BETWEEN, _PASSING = 76, 14, 10
_MARGIN = 12
_ROUNDS = 12


@dataclass(frozen=True)
class Box:
    """Where a box stands: its upper left corner."""

    x: float
    y: float

    @property
    def left(self) -> Spot:
        """Return the middle of the left side."""
        return self.x, self.y + HEIGHT / 2

    @property
    def right(self) -> Spot:
        """Return the middle of the right side."""
        return self.x + WIDTH, self.y + HEIGHT / 2


@dataclass(frozen=True)
class Layout:
    """A graph laid out: boxes by key, and for each edge the spots that its line goes through."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    routes: Mapping[Edge, Sequence[Spot]]


def layout(layers: Sequence[Sequence[str]], edges: Iterable[Edge]) -> Layout:
    """Lay a graph out; every edge joins two of the boxes.

    >>> drawn = layout([["a"], ["b", "c"]], [("a", "b"), ("a", "c")])
    >>> drawn.boxes["a"].y > drawn.boxes["b"].y, drawn.boxes["b"].y < drawn.boxes["c"].y
    (True, True)
    """
    chains = _Chains(layers, edges)
    order = _ordered(chains)
    heights = [_height(nodes) for nodes in order]
    height = max(heights, default=0)
    boxes: dict[str, Box] = {}
    passing: dict[_Node, Spot] = {}
    for index, nodes in enumerate(order):
        x = _MARGIN + index * (WIDTH + _ACROSS)
        y = _MARGIN + (height - heights[index]) / 2
        for node in nodes:
            if isinstance(node, str):
                boxes[node] = Box(x, y)
            else:
                passing[node] = (x, y + _PASSING / 2)
            y += _thickness(node) + _BETWEEN
    return Layout(
        width=2 * _MARGIN + max(len(layers) * (WIDTH + _ACROSS) - _ACROSS, 0),
        height=2 * _MARGIN + height,
        boxes=boxes,
        routes={edge: _route(edge, chains, boxes, passing) for edge in chains.edges},
    )


class _Chains:
    """The edges as chains from layer to layer: `joined` are the neighbours to the right."""

    def __init__(self, layers: Sequence[Sequence[str]], edges: Iterable[Edge]) -> None:
        self.layer = {key: index for index, keys in enumerate(layers) for key in keys}
        self.edges = list(dict.fromkeys(edges))
        self.layers: list[list[_Node]] = [list(keys) for keys in layers]
        self.right: dict[_Node, list[_Node]] = defaultdict(list)
        self.left: dict[_Node, list[_Node]] = defaultdict(list)
        for number, edge in enumerate(self.edges):
            self._join(number, *sorted(edge, key=lambda key: self.layer[key]))

    def _join(self, number: int, start: str, end: str) -> None:
        if self.layer[start] == self.layer[end]:
            return
        passing = self.between(number, start, end)
        nodes: list[_Node] = [start, *passing, end]
        for one, other in zip(nodes, nodes[1:], strict=False):
            self.right[one].append(other)
            self.left[other].append(one)
        for node in passing:
            self.layers[node[1]].append(node)

    def between(self, number: int, start: str, end: str) -> list[tuple[int, int]]:
        """Return what stands for an edge in the layers that it passes, from left to right."""
        low, high = sorted([self.layer[start], self.layer[end]])
        return [(number, layer) for layer in range(low + 1, high)]


def _ordered(chains: _Chains) -> list[list[_Node]]:
    """Return the layers in the order with the fewest crossings that was found."""
    order = [list(nodes) for nodes in chains.layers]
    best, fewest = [list(nodes) for nodes in order], _crossings(order, chains)
    for sweep in range(_ROUNDS):
        if not fewest:
            break
        forth = sweep % 2 == 0
        _sweep(order, chains.left if forth else chains.right, is_forth=forth)
        if (found := _crossings(order, chains)) < fewest:
            best, fewest = [list(nodes) for nodes in order], found
    return best


def _sweep(
    order: list[list[_Node]], joined: Mapping[_Node, Sequence[_Node]], *, is_forth: bool
) -> None:
    """Put each layer in the order of the middles of what it is joined to in the layer before."""
    indexes = range(1, len(order)) if is_forth else range(len(order) - 2, -1, -1)
    for index in indexes:
        before = order[index - 1 if is_forth else index + 1]
        places = {node: place for place, node in enumerate(before)}
        middles = {}
        for place, node in enumerate(order[index]):
            found = [places[other] for other in joined.get(node, ())]
            # What is joined to nothing there stays about where it is.
            share = place * max(len(before), 1) / len(order[index])
            middles[node] = sum(found) / len(found) if found else share
        order[index].sort(key=middles.__getitem__)


def _crossings(order: Sequence[Sequence[_Node]], chains: _Chains) -> int:
    """Return how many pairs of lines cross between neighbouring layers."""
    total = 0
    for nodes, following in zip(order, order[1:], strict=False):
        places = {node: place for place, node in enumerate(following)}
        ends: list[int] = []
        for node in nodes:
            own = [places[other] for other in chains.right[node]]
            total += sum(len(ends) - bisect_right(ends, place) for place in own)
            for place in own:
                insort(ends, place)
    return total


def _thickness(node: _Node) -> int:
    return HEIGHT if isinstance(node, str) else _PASSING


def _height(nodes: Sequence[_Node]) -> float:
    return sum(map(_thickness, nodes)) + _BETWEEN * max(len(nodes) - 1, 0)


def _route(
    edge: Edge, chains: _Chains, boxes: Mapping[str, Box], passing: Mapping[_Node, Spot]
) -> list[Spot]:
    """Return the spots of a line: it leaves its first box and enters its last."""
    start, end = edge
    step = chains.layer[end] - chains.layer[start]
    if step == 0:
        return [boxes[start].right, boxes[end].right]
    number = chains.edges.index(edge) if abs(step) > 1 else 0
    between = [passing[node] for node in chains.between(number, start, end)]
    lines = [spot for x, y in between for spot in ((x, y), (x + WIDTH, y))]
    if step > 0:
        return [boxes[start].right, *lines, boxes[end].left]
    return [boxes[start].left, *reversed(lines), boxes[end].right]
