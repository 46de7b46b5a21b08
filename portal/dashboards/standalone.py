"""A chart of the pages as a file of its own: with its title, its legend, and its colours inside.

The style is that of the pages, as far as the chart uses it; it follows light and dark.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path

from portal.dashboards.badges import text_width
from portal.dashboards.charts import color_class

_STATIC = Path(__file__).parent.parent / "static" / "tidemark"
_SHEETS = ("components.css", "entity.css")
_PARTS = (".plot-", ".plot ", ".donut-", ".donut ", ".graph-", ".bars-", ".icon ")
_ROOT = re.compile(r'<svg class="([^"]*)"([^>]*)>(.*)</svg>', re.DOTALL)
_TOKEN = re.compile(r"(--[\w-]+):\s*(light-dark\((?:[^()]|\([^()]*\))*\)|[^;{}]+);")
_VAR = re.compile(r"var\((--[\w-]+)")
_CLASS = re.compile(r'class="([^"]*)"')
_NAME = re.compile(r"\.([a-zA-Z][\w-]*)")
_USE = re.compile(r'href="[^"]*icons\.svg#([\w-]+)"')
_WIDTH = 720
_EDGE = 16
_HEAD, _LINE = 40, 22
_BASE = (
    ":root{color-scheme:light dark}"
    "svg{font-family:Inter,system-ui,sans-serif;font-size:11px;color:var(--ink-2);"
    "overflow:visible}"
    ".ground{fill:var(--surface);stroke:var(--line)}"
    ".words{fill:var(--ink-2);font-size:12px}"
    ".words-title{fill:var(--ink);font-size:14px;font-weight:600}"
    ".words-dot{fill:var(--lv-solid,var(--accent))}"
    "a{cursor:pointer}"
)


@dataclass(frozen=True)
class Inset:
    """The room that the labels of a chart take outside of its box."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


# By the classes of charts that are as wide as their page: see `.plot` in components.css.
_INSETS = {
    "plot": Inset(10, 8, 28, 48),
    "plot plot-levels": Inset(10, 8, 28, 84),
}
# Charts that are as large as they are elsewhere; the others say their own size.
_SIZES = {"donut": (220.0, 220.0)}


@dataclass(frozen=True)
class Standalone:
    """A file, and the policy under which its own style, and nothing else, is allowed."""

    text: str
    policy: str


def standalone(svg: str, *, title: str, legend: Sequence[tuple[str, str]] = ()) -> Standalone:
    """Make a file of a chart that a page shows; `legend` are words with their colours.

    Raises `ValueError` where there is nothing to show.
    """
    found = _ROOT.fullmatch(svg)
    if found is None:
        raise ValueError("no chart")
    kind, attributes, inner = found.groups()
    inset = _INSETS.get(kind, Inset())
    width, height = _size(kind, attributes, inset)
    needed = min(text_width(title) * 14 / 11 * 1.15, _WIDTH)
    whole = max(width + inset.left + inset.right, needed) + 2 * _EDGE
    keys = list(_legend(legend, width=whole, top=_HEAD + inset.top + height + inset.bottom + 8))
    bottom = _HEAD + inset.top + height + inset.bottom + _EDGE + _LINE * _rows(keys)
    inner, symbols = _with_icons(inner)
    style = _style(frozenset(_classes(f"{svg}{''.join(text for _, text in keys)}")))
    size = f'width="{whole:g}" height="{bottom:g}"'
    view = re.search(r'viewBox="[^"]*"', attributes)
    label = re.search(r'aria-label="([^"]*)"', attributes)
    said = label[1] if label else escape(title)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {whole:g} {bottom:g}" '
        f'role="img" aria-label="{said}"><title>{said}</title><style>{style}</style>{symbols}'
        f'<rect class="ground" x="0.5" y="0.5" width="{whole - 1:g}" height="{bottom - 1:g}" '
        f'rx="10"/><text class="words-title" x="{_EDGE}" y="26">{escape(title)}</text>'
        f'<svg class="{kind}" x="{_EDGE + inset.left}" y="{_HEAD + inset.top}" '
        f'width="{width:g}" height="{height:g}" {view[0] if view else ""}>{inner}</svg>'
        f"{''.join(text for _, text in keys)}</svg>"
    )
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return Standalone(text, f"default-src 'none'; style-src 'sha256-{digest}'")


def _size(kind: str, attributes: str, inset: Inset) -> tuple[float, float]:
    """Return how large the drawing is without its labels."""
    if kind in _SIZES:
        return _SIZES[kind]
    said = dict(re.findall(r'\b(width|height)="([\d.]+)"', attributes))
    width = said.get("width") or _WIDTH - inset.left - inset.right
    return float(width), float(said.get("height") or 200)


def _legend(
    legend: Sequence[tuple[str, str]], *, width: float, top: float
) -> Iterator[tuple[int, str]]:
    """Yield the lines of the legend's words, each with its number, and the words."""
    x, line = float(_EDGE), 0
    for words, color in legend:
        needed = 16 + text_width(words) * 12 / 11 + 18
        if x > _EDGE and x + needed > width - _EDGE:
            x, line = float(_EDGE), line + 1
        y = top + line * _LINE + 12
        dot = color_class(color) if color else ""
        yield (
            line,
            f'<rect class="words-dot {dot}" x="{x:g}" y="{y - 9:g}" width="9" height="9" rx="3"/>'
            f'<text class="words" x="{x + 15:g}" y="{y:g}">{escape(words)}</text>',
        )
        x += needed


def _rows(keys: Sequence[tuple[int, str]]) -> int:
    return keys[-1][0] + 1 if keys else 0


def _classes(svg: str) -> set[str]:
    return {name for found in _CLASS.findall(svg) for name in found.split()}


def _with_icons(inner: str) -> tuple[str, str]:
    """Return a drawing that brings its icons along: a picture may ask for no other file."""
    names = sorted(set(_USE.findall(inner)))
    if not names:
        return inner, ""
    symbols = dict(re.findall(r'<symbol id="([\w-]+)"(.*?</symbol>)', _sheet("icons.svg")))
    brought = "".join(f'<symbol id="icon-{name}"{symbols[name]}' for name in names)
    return _USE.sub(r'href="#icon-\1"', inner), f"<defs>{brought}</defs>"


@lru_cache(maxsize=64)
def _style(classes: frozenset[str]) -> str:
    """Return the rules that these classes need, with the tokens that the rules need."""
    rules = [_BASE, *_rules(classes)]
    tokens = dict(_TOKEN.findall(_sheet("tokens.css") + _sheet("levels.css").split(".lv-")[0]))
    needed: dict[str, str] = {}
    due = _VAR.findall("".join(rules))
    while due:
        name = due.pop()
        if name in tokens and name not in needed:
            needed[name] = tokens[name]
            due += _VAR.findall(tokens[name])
    root = "".join(f"{name}:{value};" for name, value in sorted(needed.items()))
    return f":root{{{root}}}{''.join(rules)}"


def _rules(classes: frozenset[str]) -> Iterator[str]:
    """Yield the lines of the style sheets that are about charts: a rule is a line there."""
    for name in _SHEETS:
        for line in _sheet(name).splitlines():
            if line.startswith(_PARTS) and _is_about(line.partition("{")[0], classes):
                yield line
    for line in _sheet("levels.css").splitlines():
        if line.startswith(".lv-") and line.partition(" ")[0][1:] in classes:
            yield line


def _is_about(selectors: str, classes: frozenset[str]) -> bool:
    """Say whether one of the selectors of a rule can match anything that has these classes."""
    return any(set(_NAME.findall(item)) <= classes for item in selectors.split(","))


@lru_cache
def _sheet(name: str) -> str:
    return (_STATIC / name).read_text()
