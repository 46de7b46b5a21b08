"""What people come for, from its beginning to its end, in every mode and width."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PASSWORD

pytestmark = pytest.mark.browser

LogIn = Callable[..., Page]
Keep = Callable[[str], None]
LOOKS = [
    (scheme, width, f"{scheme}.{width}") for scheme in ("light", "dark") for width in (1440, 390)
]


@pytest.fixture(params=LOOKS, ids=lambda look: look[2])
def look(page: Page, request: pytest.FixtureRequest) -> str:
    """Set mode and width; return what tells their pictures from others."""
    scheme, width, name = request.param
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    return name


def rows(page: Page) -> Locator:
    """Return the heads of the rows that a table shows."""
    return page.locator("table tbody").get_by_role("rowheader")


def fits(page: Page) -> bool:
    """Say whether nothing stands out of the page sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_services_below_silver_are_found_grouped_saved_and_taken_away(
    log_in: LogIn, look: str, keep: Keep, tmp_path: Path
) -> None:
    page = log_in("maya", to="/catalog/service/")
    page.locator("summary").get_by_text("Filters", exact=True).click()
    page.get_by_label("Lead time for changes").select_option(label="Below Silver")
    chip = page.get_by_role("link", name="Remove the filter Lead time for changes: Below Silver")
    expect(chip).to_be_visible()
    expect(rows(page)).to_have_count(9)
    page.keyboard.press("Escape")
    page.get_by_label("Group by").select_option("team")
    expect(page.locator("tr.table-group")).to_have_count(9)
    keep(f"journey-filter-group.{look}")
    title = f"To help {look}"
    page.locator("summary").get_by_text("Save view", exact=True).click()
    page.get_by_label("Title of the new view").fill(title)
    page.get_by_role("button", name="Save", exact=True).click()
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name=title)
    expect(tab).to_have_attribute("aria-current", "page")
    expect(chip).to_be_visible()
    page.locator("summary").get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV file").click()
    download.value.save_as(tmp_path / "services.csv")
    assert fits(page)
    keep(f"journey-view.{look}")
    with (tmp_path / "services.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert {line["Lead time for changes"] for line in found} == {"Basic"}
    assert len(found) == 9
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name=title)).to_be_visible()


def test_why_a_rule_fails_and_what_lifts_the_level(log_in: LogIn, look: str, keep: Keep) -> None:
    page = log_in("maya", to="/catalog/service/netbox/")
    advice = page.get_by_role("region", name="Next level: do this one thing")
    expect(advice).to_contain_text("Reaches production once a week")
    expect(advice).to_contain_text("at least 1")
    keep(f"journey-advice.{look}")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Scorecards").or_(
        page.get_by_role("main").get_by_role("link", name="Scorecards", exact=True)
    ).first.click()
    panel = page.get_by_role("region", name="Change failure rate")
    rule = panel.get_by_role("listitem").filter(has_text="Fail: At most 5 incidents")
    expect(rule).to_contain_text("7.94 %")
    expect(rule).to_contain_text("at most 5 %")
    expect(rule).to_contain_text("Send a new version a small share of the traffic first")
    assert fits(page)
    keep(f"journey-rule.{look}")


def test_teams_are_compared(log_in: LogIn, look: str, keep: Keep) -> None:
    page = log_in("maya", to="/teams/")
    page.get_by_label("Compare NetBox Community").check()
    page.get_by_label("Compare Jazzband").check()
    page.get_by_role("button", name="Compare the chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Teams side by side")
    compared = page.get_by_role("list", name="Compared")
    expect(compared).to_contain_text("NetBox Community")
    expect(compared).to_contain_text("Jazzband")
    expect(page.get_by_role("main")).to_contain_text("better")
    assert fits(page)
    keep(f"journey-teams.{look}")


@pytest.fixture
def plain(browser: Browser, site: str) -> Iterator[Page]:
    """Return the page of somebody who has logged in and whose browser runs no script."""
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("User name").fill("maya")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    yield page
    context.close()


def test_without_script_a_table_is_filtered_grouped_and_saved(plain: Page) -> None:
    plain.goto("/catalog/service/?menu=filters")
    plain.get_by_label("Lead time for changes").select_option(label="Below Silver")
    plain.get_by_label("Group by").select_option("team")
    plain.get_by_role("button", name="Apply").first.click()
    expect(plain.locator("tr.table-group")).to_have_count(9)
    plain.locator("summary").get_by_text("Save view", exact=True).click()
    plain.get_by_label("Title of the new view").fill("Without script")
    plain.get_by_role("button", name="Save", exact=True).click()
    expect(plain).to_have_url(re.compile(r"\?view="))
    expect(plain.locator("tr.table-group")).to_have_count(9)


def test_without_script_conditions_are_written_and_teams_compared(plain: Page) -> None:
    plain.goto("/catalog/service/?where=open")
    first = plain.get_by_role("group", name="Condition 1")
    first.get_by_label("Property").select_option(label="Licence")
    first.get_by_label("Operator").select_option(label="is")
    first.get_by_label("Value").fill("MIT")
    plain.locator("#where-apply").click()
    expect(
        plain.get_by_role("link", name="Remove the filter Where: Licence is MIT")
    ).to_be_visible()
    plain.goto("/teams/")
    plain.get_by_label("Compare NetBox Community").check()
    plain.get_by_label("Compare Jazzband").check()
    plain.get_by_role("button", name="Compare the chosen").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Teams side by side")


# A type of widget as the gallery names it, and what its form needs: labels with what is chosen.
WIDGETS = {
    "Number": {"Blueprint": "Service"},
    "Pie": {"Blueprint": "Service", "By": "Lead time for changes"},
    "Bars": {"Blueprint": "Service", "By": "Language"},
    "Lines": {"Blueprint": "Deployment"},
    "Table": {"Blueprint": "Service"},
    "Heat map": {"Blueprint": "Service", "Scorecard": "Lead time for changes"},
}


@pytest.mark.parametrize("width", [1440, 390])
def test_a_dashboard_is_built_of_every_type_of_widget(
    log_in: LogIn, keep: Keep, width: int
) -> None:
    page = log_in("admin", to="/dashboards/")
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("link", name="New dashboard").first.click()
    page.get_by_label("Title").fill(f"One of each {width}")
    page.keyboard.press("Enter")
    for kind, chosen in WIDGETS.items():
        begin_widget(page, kind)
        for label, value in chosen.items():
            page.get_by_label(label, exact=True).first.select_option(label=value)
        finish_widget(page, kind)
    begin_widget(page, "Details")
    page.get_by_label("Blueprint").select_option(label="Service")
    page.get_by_label("Entity").fill("netbox")
    finish_widget(page, "Details")
    begin_widget(page, "Text")
    page.get_by_role("textbox", name="Text").fill("Words **of ours**")
    finish_widget(page, "Text")
    begin_widget(page, "Links")
    links = page.get_by_role("group", name="Links")
    links.get_by_label("Title").first.fill("Runbook")
    links.get_by_label("Address").first.fill("https://example.com/runbook")
    finish_widget(page, "Links")
    begin_widget(page, "Other site")
    page.get_by_label("Address").fill("https://example.com/")
    page.get_by_role("button", name="Add to dashboard").click()
    expect(page.get_by_role("main")).to_contain_text("TIDEMARK_FRAME_HOSTS")
    page.goto(page.url.split("widget/")[0])
    for kind in [*WIDGETS, "Details", "Text", "Links"]:
        widget = page.get_by_role("region", name=f"My {kind}", exact=True)
        expect(widget).to_be_visible()
        expect(widget).not_to_contain_text("cannot be drawn")
    assert fits(page)
    keep(f"journey-dashboard.{width}")


def begin_widget(page: Page, kind: str) -> None:
    """Choose a type of widget from the gallery, and give it a title."""
    page.get_by_role("link", name="Add widget").first.click()
    page.get_by_role("link", name=re.compile(f"^{kind} ")).click()
    page.get_by_label("Title").first.fill(f"My {kind}")


def finish_widget(page: Page, kind: str) -> None:
    page.get_by_role("button", name="Add to dashboard").click()
    expect(page.get_by_role("region", name=f"My {kind}", exact=True)).to_be_visible()
