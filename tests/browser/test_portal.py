"""What a newcomer does with the demo, in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

LogIn = Callable[..., Page]


def badge(page: Page, scorecard: str) -> str:
    """Return the level that the entity page shows for a scorecard."""
    link = page.get_by_role("list", name="Levels").first.get_by_role("link", name=scorecard)
    return link.inner_text().removeprefix(scorecard).strip()


def test_a_visitor_is_asked_to_log_in_and_lands_where_they_wanted(page: Page) -> None:
    page.goto("/scorecards/")
    page.get_by_label("User name").fill("maya")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    page.get_by_label("User name").fill("maya")
    page.get_by_label("Password").fill("tidemark-demo")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url("/scorecards/")


def test_home_shows_what_my_teams_own(log_in: LogIn) -> None:
    page = log_in("maya")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Maya")
    mine = (
        page.get_by_role("region", name="What my teams own")
        .locator("tbody")
        .get_by_role("rowheader")
    )
    expect(mine).to_have_text(["netbox", "paperless-ngx"])


def test_the_catalog_is_filtered_while_typing_and_the_address_keeps_it(log_in: LogIn) -> None:
    page = log_in("maya", to="/catalog/service/")
    names = page.locator("table tbody").get_by_role("rowheader")
    expect(names).to_have_count(19)
    page.get_by_label("Filter by name").press_sequentially("paper")
    expect(names).to_have_text(["paperless-ngx"])
    page.reload()
    expect(names).to_have_text(["paperless-ngx"])
    names.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("paperless-ngx")


def test_a_failed_rule_tells_what_was_found_what_is_wanted_and_how_to_fix_it(log_in: LogIn) -> None:
    page = log_in("maya", to="/catalog/service/netbox/?tab=scorecards")
    panel = page.get_by_role("region", name="Change failure rate")
    rule = panel.get_by_role("listitem").filter(has_text="Fail: At most 5 incidents")
    expect(rule).to_contain_text("7.94 %")
    expect(rule).to_contain_text("at most 5 %")
    expect(rule).to_contain_text("Send a new version a small share of the traffic first")


def test_a_threshold_changed_in_the_admin_moves_the_badge(log_in: LogIn) -> None:
    page = log_in("admin", to="/catalog/service/netbox/")
    assert badge(page, "Deployment frequency") == "Bronze"
    page.goto("/scorecards/dora_deploy_freq/")
    page.get_by_role("link", name="Edit").first.click()
    page.locator("[name=rules-1-query-value]").first.fill("0.5")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/catalog/service/netbox/")
    assert badge(page, "Deployment frequency") == "Silver"


def test_an_edit_is_previewed_before_it_is_saved(log_in: LogIn) -> None:
    page = log_in("admin", to="/scorecards/dora_lead_time/")
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_role("link", name="Add another Rule").click()
    page.locator("[name=rules-3-title]").fill("Is documented")
    page.locator("[name=rules-3-level]").select_option("Bronze")
    page.locator("[name=rules-3-query-property]").first.select_option("description")
    page.locator("[name=rules-3-query-operator]").first.select_option("isNotEmpty")
    page.get_by_role("button", name="Preview impact").click()
    impact = page.get_by_role("region", name="10 of 19 entities would move")
    expect(impact).to_contain_text("Nothing has been saved.")
    expect(impact.get_by_role("row", name="Is documented")).to_contain_text("new")
    expect(impact.get_by_role("img", name="Levels after saving: 19 Basic")).to_be_visible()
    expect(page.locator("[name=rules-3-title]")).to_have_value("Is documented")
    expect(page.locator("[name=rules-3-query-operator]").first).to_have_value("isNotEmpty")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.goto("/scorecards/dora_lead_time/")
    expect(page.get_by_role("main")).not_to_contain_text("Is documented")


def test_a_number_leads_to_the_events_behind_it(log_in: LogIn) -> None:
    page = log_in("maya", to="/catalog/service/netbox/")
    page.get_by_role("link", name="DORA lead time for changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("DORA lead time for changes")
    expect(page.get_by_role("img", name="DORA lead time for changes: from")).to_be_visible()
    page.get_by_role("link", name="1 year").click()
    expect(page.get_by_text("by week, in h")).to_be_visible()
    page.get_by_role("link", name="Median lead time of pull requests").first.click()
    expect(page.get_by_role("main")).to_contain_text("of the pull requests of netbox, by way of")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name=re.compile(r"^All \d+ in the table$")).click()
    chip = page.get_by_role("link", name="Remove the filter Behind: Median lead time of pull")
    expect(chip).to_be_visible()
    rows = page.locator("table tbody").get_by_role("rowheader")
    expect(rows).to_have_count(50)
    page.get_by_label("Filter by name").fill("22676")
    expect(rows).to_have_count(1)
    expect(chip).to_be_visible()
    chip.click()
    expect(chip).to_have_count(0)


def test_a_table_is_narrowed_by_conditions(log_in: LogIn) -> None:
    page = log_in("maya", to="/catalog/service/")
    names = page.locator("table tbody").get_by_role("rowheader")
    page.get_by_role("button", name="Conditions").click()
    page.get_by_text("As JSON").click()
    field = page.get_by_label("The same conditions as in the rules of scorecards")
    query = (
        '{"combinator": "and", "conditions": [{"property": "%s", "operator": "=", "value": "MIT"}]}'
    )
    field.fill(query % "licence")
    page.get_by_role("button", name="Apply the JSON").click()
    expect(page.get_by_role("alert")).to_contain_text('did you mean "license"?')
    expect(names).to_have_count(19)
    field.fill(query % "license")
    page.get_by_role("button", name="Apply the JSON").click()
    chip = page.get_by_role("link", name="Remove the filter Where: Licence is MIT")
    expect(chip).to_be_visible()
    page.reload()
    expect(chip).to_be_visible()
    chip.click()
    expect(names).to_have_count(19)


def test_conditions_are_built_in_rows_with_fields_that_suit(log_in: LogIn) -> None:
    page = log_in("maya", to="/catalog/service/")
    page.get_by_role("button", name="Conditions").click()
    row = page.get_by_role("group", name="Condition 1")
    row.get_by_label("Property").select_option("level.dora_cfr")
    operators = row.get_by_label("Operator").locator("option")
    expect(operators).to_have_text(["is", "is below", "is not graded"])
    row.get_by_label("Operator").select_option(label="is below")
    row.get_by_role("combobox", name="Value").select_option("Silver")
    page.get_by_role("button", name="Apply", exact=True).click()
    chip = page.get_by_role("link", name="Remove the filter Change failure rate: Below Silver")
    expect(chip).to_be_visible()
    page.get_by_label("Group by").select_option("team")
    expect(page.locator(".table-group").first).to_be_visible()
    button = page.get_by_role("button", name="Rows of").first
    button.click()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_the_portal_works_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("User name").fill("maya")
    page.get_by_label("Password").fill("tidemark-demo")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("searchbox", name="Find anything").fill("paperless")
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="Paperless-ngx").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paperless-ngx")
    context.close()


def test_the_api_explorer_works_offline(log_in: LogIn) -> None:
    page = log_in("maya", to="/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()


def test_a_service_is_found_by_the_palette_with_the_keyboard_alone(log_in: LogIn) -> None:
    page = log_in("maya")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Maya")
    page.keyboard.press("Control+k")
    page.keyboard.type("netbox")
    found = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(found.first).to_contain_text("netbox")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/catalog/service/netbox/")


def test_escape_closes_the_palette_and_leaves_the_words(log_in: LogIn) -> None:
    page = log_in("maya")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Maya")
    box = page.get_by_label("Find anything")
    box.fill("dora")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("Escape")
    expect(page.get_by_role("option").first).to_be_hidden()
    expect(box).to_have_value("dora")
