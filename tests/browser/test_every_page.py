"""Every page, in light and dark, on a desk and on a telephone."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.addresses import ADMIN_PAGES, PAGES

pytestmark = pytest.mark.browser

LogIn = Callable[..., Page]
SCHEMES = ("light", "dark")
WIDTHS = (1440, 390)
GRAVE = ("serious", "critical")
ONLY_VIOLATIONS = {"resultTypes": ["violations"]}


def violations(page: Page) -> list[str]:
    """Return what axe calls serious or critical, each with the first place where it does."""
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:200]}"
        for found in Axe().run(page, options=ONLY_VIOLATIONS).response["violations"]
        if found["impact"] in GRAVE
    ]


def faults(page: Page, address: str, *, width: int) -> list[str]:
    """Go to a page and return what is wrong with it."""
    page.set_viewport_size({"width": width, "height": 900})
    response = page.goto(address)
    page.wait_for_load_state("networkidle")
    # What axe finds is the same at both widths, nearly, and takes it long.
    found = violations(page) if width == WIDTHS[0] else []
    if response.status != (404 if address == "/nowhere/" else 200):
        found.append(f"answered {response.status}")
    if page.get_by_role("heading", level=1).count() != 1:
        found.append("has not one heading of the first level")
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append("scrolls sideways")
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("username", "addresses"), [("maya", PAGES), ("admin", ADMIN_PAGES)], ids=["pages", "admin"]
)
def test_every_page_is_whole_and_open_to_all(
    log_in: LogIn,
    keep: Callable[[str], None],
    *,
    username: str,
    addresses: tuple[str, ...],
    scheme: str,
    width: int,
) -> None:
    page = log_in(username)
    page.emulate_media(color_scheme=scheme)
    found = {}
    for address in addresses:
        found[address] = faults(page, address, width=width)
        keep(f"{re.sub(r'[^a-z0-9]+', '-', address).strip('-') or 'home'}.{scheme}.{width}")
    assert {address: item for address, item in found.items() if item} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_way_in_is_open_to_all(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    assert faults(page, "/login/", width=WIDTHS[0]) == []
