"""A real browser on a real site: the demo, served by its own command, in Chromium."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
PASSWORD = "tidemark-demo"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Load the demo into a directory of its own, serve it, and return its address."""
    names = ("DATABASE_URL", "CELERY_BROKER_URL")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment["TIDEMARK_DATA_DIR"] = str(tmp_path_factory.mktemp("demo"))

    def command(*words: str) -> list[str]:
        return [sys.executable, "manage.py", *words]

    for name in ("migrate", "load_demo"):
        subprocess.run(command(name), cwd=ROOT, env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield re.search(r"http://[\d.:]+", process.stdout.readline())[0]
    process.terminate()
    assert process.wait(timeout=40) == 0


# Not for the session: while Playwright runs, Django takes the main thread for an event loop and
# refuses its database to the tests that follow.
@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Start one Chromium for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """Open a window of its own, without cookies."""
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: str) -> Iterator[Page]:
    """Open a page that must not log an error, nor ask another server for anything.

    An error is a broken script, a blocked style, a missing file.
    """
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("request", lambda it: None if is_ours(it.url, site) else complaints.append(it.url))
    yield page
    assert [line for line in complaints if not EXPECTED.search(line)] == []


# The browser itself logs every answer that is an error, be it the page that was asked for.
EXPECTED = re.compile(r"the server responded with a status of (403|404)")


def is_ours(url: str, site: str) -> bool:
    """Say whether a request stays on the server; what is in the address itself asks nobody."""
    return url.startswith((f"{site}/", "data:", "blob:"))


@pytest.fixture(scope="package")
def sessions() -> dict[str, list[dict[str, str]]]:
    """Return the cookies of those who have logged in, by user name: each does so only once."""
    return {}


@pytest.fixture
def log_in(page: Page, sessions: dict[str, list[dict[str, str]]]) -> Callable[..., Page]:
    """Return a function that logs a demo user in and returns their page."""

    def log_in(username: str, to: str = "/") -> Page:
        if username in sessions:
            page.context.add_cookies(sessions[username])
            page.goto(to)
            return page
        page.goto(f"/login/?next={to}")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        sessions[username] = page.context.cookies()
        return page

    return log_in


@pytest.fixture
def keep(page: Page) -> Callable[[str], None]:
    """Return a function that keeps what is seen, where TIDEMARK_SCREENSHOTS names a directory."""
    directory = os.environ.get("TIDEMARK_SCREENSHOTS")

    def keep(name: str) -> None:
        if directory:
            page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)

    return keep
