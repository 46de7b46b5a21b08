"""Making a dashboard in a browser: previews, handles, the keyboard and the pointer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LogIn = Callable[..., Page]


def rows(page: Page) -> list[list[str]]:
    """Return the names of the widgets, row by row."""
    names = "row => [...row.querySelectorAll('.edit-widget')].map(it => it.ariaLabel)"
    return page.evaluate(f"[...document.querySelectorAll('.edit-row')].map({names})")


def add_text(page: Page, title: str) -> None:
    """Add a text by its form."""
    page.get_by_role("link", name="Add widget").first.click()
    page.get_by_role("link", name="Text Words in Markdown").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("textbox", name="Text").fill(f"All about **{title}**")
    expect(page.get_by_role("region", name="Preview")).to_contain_text(f"All about {title}")
    page.get_by_role("button", name="Add to dashboard").click()
    expect(page.get_by_role("region", name=title, exact=True)).to_be_visible()


def test_a_dashboard_is_built_by_keyboard_and_pointer(log_in: LogIn) -> None:
    page = log_in("admin")
    page.goto("/dashboards/")
    page.get_by_role("link", name="New dashboard").first.click()
    page.get_by_label("Title").fill("By hand")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add widget").first.click()
    page.get_by_role("link", name="Pie Shares").click()
    page.get_by_label("Title").fill("Levels")
    page.get_by_label("Blueprint").select_option(label="Service")
    page.get_by_label("By", exact=True).select_option(label="Lead time for changes")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Gold")
    page.get_by_role("button", name="Add to dashboard").click()
    for title in ("First", "Second"):
        add_text(page, title)
    assert rows(page) == [["Levels"], ["First"], ["Second"]]
    page.get_by_role("button", name="Move First into the row above").press("Enter")
    expect(page.locator(".edit-row")).to_have_count(2)
    assert rows(page) == [["Levels", "First"], ["Second"]]
    expect(page.get_by_role("button", name="Move First into the row above")).to_be_focused()
    grip = page.get_by_role("region", name="Second", exact=True).locator(".edit-grip")
    goal = page.get_by_role("region", name="Levels", exact=True)
    grip.drag_to(goal, target_position={"x": 20, "y": 60})
    expect(page.locator(".edit-row")).to_have_count(1)
    assert rows(page) == [["Second", "Levels", "First"]]
    grip.drag_to(page.locator(".edit-gap").last)
    expect(page.locator(".edit-row")).to_have_count(2)
    assert rows(page) == [["Levels", "First"], ["Second"]]
