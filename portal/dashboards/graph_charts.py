"""A graph of entities as SVG text. Pure, like `portal.dashboards.charts`.

Its boxes are links, so that it is no image to readers of the page but a group that is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from portal.dashboards import icons
from portal.dashboards.badges import text_width
from portal.dashboards.charts import color_class
from portal.dashboards.graph_layout import HEIGHT, WIDTH, Box, Edge, Spot, layout

# The room of words in a box, in the widths of `text_width`.
_ROOM = 136
_BEND = 40


@dataclass(frozen=True)
class Node:
    """A box: an entity, or so many of a kind. `hint` says in words what its colour says."""

    title: str
    kind: str
    icon: str
    href: str
    color: str
    hint: str
    is_many: bool = False
    is_middle: bool = False


@dataclass(frozen=True)
class Drawing:
    """What is drawn: nodes by key in their layers, and what each edge is called."""

    layers: Sequence[Sequence[str]]
    nodes: Mapping[str, Node]
    edges: Mapping[Edge, str]


def graph(drawing: Drawing, *, label: str, sprite: str) -> str:
    """Draw a graph from left to right: lines lead from what points to what is pointed at."""
    placed = layout(drawing.layers, drawing.edges)
    lines = [_line(spots, _edge_in_words(edge, drawing)) for edge, spots in placed.routes.items()]
    boxes = [_box(placed.boxes[key], node, sprite) for key, node in drawing.nodes.items()]
    width, height = f"{placed.width:g}", f"{placed.height:g}"
    return (
        f'<svg class="graph" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="group" aria-label="{escape(label)}">'
        '<defs><marker id="graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="graph-head" d="M0 0 8 4 0 8z"/></marker>'
        f"</defs>{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _edge_in_words(edge: Edge, drawing: Drawing) -> str:
    source, target = (drawing.nodes[key].title for key in edge)
    return f"{source}: {drawing.edges[edge]} → {target}"


def _line(spots: Sequence[Spot], words: str) -> str:
    path = "".join(_curves(spots))
    # The wide one is only there for the pointer.
    return (
        f'<g class="graph-edge"><title>{escape(words)}</title><path class="graph-reach" '
        f'd="{path}"/><path class="graph-line" d="{path}" marker-end="url(#graph-arrow)"/></g>'
    )


def _curves(spots: Sequence[Spot]) -> Iterator[str]:
    (x, y), *others = spots
    yield f"M{x:g} {y:g}"
    for to_x, to_y in others:
        if to_x == x:
            # Within a layer: out to the right, and back.
            yield f"C{x + _BEND:g} {y:g} {to_x + _BEND:g} {to_y:g} {to_x:g} {to_y:g}"
        elif to_y == y:
            yield f"L{to_x:g} {to_y:g}"
        else:
            middle = (x + to_x) / 2
            yield f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
        x, y = to_x, to_y


def _box(box: Box, node: Node, sprite: str) -> str:
    kinds = ["graph-node", color_class(node.color)]
    kinds += ["graph-many"] if node.is_many else []
    kinds += ["graph-middle"] if node.is_middle else []
    words = f"{node.title}, {node.kind}{f', {node.hint}' if node.hint else ''}"
    behind = ""
    if node.is_many:
        behind = (
            f'<rect class="graph-box" x="{box.x + 4:g}" y="{box.y + 4:g}" width="{WIDTH}" '
            f'height="{HEIGHT}" rx="8"/>'
        )
    here = ' aria-current="true"' if node.is_middle else ""
    return (
        f'<a class="{" ".join(kinds)}" href="{escape(node.href)}"{here}>'
        f"<title>{escape(words)}</title>{behind}"
        f'<rect class="graph-box" x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" '
        f'rx="8"/><rect class="graph-band" x="{box.x + 5:g}" y="{box.y + 8:g}" width="4" '
        f'height="{HEIGHT - 16}" rx="2"/>{_sign(box, node, sprite)}'
        f'<text class="graph-title" x="{box.x + 42:g}" y="{box.y + 19:g}">'
        f"{escape(_cut(node.title))}</text>"
        f'<text class="graph-kind" x="{box.x + 42:g}" y="{box.y + 34:g}">'
        f"{escape(_cut(node.kind))}</text></a>"
    )


def _sign(box: Box, node: Node, sprite: str) -> str:
    x, y = box.x + 18, box.y + HEIGHT / 2
    if icons.drawn(node.icon):
        return (
            f'<svg class="icon" x="{x:g}" y="{y - 8:g}" width="16" height="16" aria-hidden="true">'
            f'<use href="{escape(sprite)}#{icons.drawn(node.icon)}"/></svg>'
        )
    letter = escape(node.kind.strip()[:1].upper() or "?")
    return f'<text class="graph-letter" x="{x + 8:g}" y="{y + 4:g}">{letter}</text>'


def _cut(text: str) -> str:
    """Return as much of a text as a box has room for."""
    if text_width(text) <= _ROOM:
        return text
    room, kept = _ROOM - text_width("…"), ""
    for letter in text:
        room -= text_width(letter)
        if room < 0:
            break
        kept += letter
    return f"{kept.rstrip()}…"
