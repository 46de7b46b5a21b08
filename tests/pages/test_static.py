"""The static files: level colours readable in both modes, icons all there, nothing from outside."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from portal.dashboards.charts import COLORS
from portal.dashboards.icons import DRAWINGS, drawn
from scorecards.models import LevelColor

STATIC = Path(settings.BASE_DIR) / "portal" / "static" / "tidemark"
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)",
        (STATIC / "tokens.css").read_text() + (STATIC / "levels.css").read_text(),
    )
}
LEVELS = [f"lv-{color.lower()}" for color in LevelColor.values]
READABLE = [
    *((name, f"{name}-soft") for name in [*LEVELS, "pass", "fail", "warn", "skip"]),
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("canvas", "surface-2")),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
]


def luminance(color: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG defines it."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), READABLE)
def test_words_are_readable_on_their_ground(ink, ground, mode):
    assert contrast(TOKENS[ink][mode], TOKENS[ground][mode]) >= 4.5


def test_every_level_colour_can_be_drawn():
    assert {color.lower() for color in LevelColor.values} <= COLORS


def test_every_colour_has_its_class():
    css = (STATIC / "levels.css").read_text()
    assert {name for name in COLORS if f".lv-{name} {{" not in css} == set()


def test_the_icons_that_are_named_are_the_icons_that_are_drawn():
    symbols = re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text())
    assert set(symbols) == DRAWINGS


@pytest.mark.parametrize(
    ("name", "drawing"),
    [("Microservice", "service"), ("_team", "team"), ("home", "home"), ("nonsense", "")],
)
def test_icons_go_by_the_names_that_blueprints_use(name, drawing):
    assert drawn(name) == drawing


def test_no_file_asks_another_server():
    asking = re.compile(r"(url\(|@import|src=|href=|fetch\(|import\()\s*[\"']?(https?:)?//")
    found = [path.name for path in STATIC.iterdir() if asking.search(path.read_text())]
    assert found == []
