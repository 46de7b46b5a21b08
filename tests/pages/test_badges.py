"""Badges for elsewhere: what they show, to whom, and for how long it holds."""

import re
from xml.etree import ElementTree

import pytest

from portal.dashboards.badges import _COLORS, badge_svg
from portal.dashboards.views_badges import signature_of
from scorecards.models import LevelColor
from tests.builders import make_entity, make_user
from tests.pages.reading import html_of
from tests.pages.test_static import contrast

pytestmark = pytest.mark.usefixtures("catalog")

PATH = "/badges/service/anchor/quality.svg"


def test_a_badge_shows_the_level_that_is_held_now(reader):
    response = reader.get(PATH)
    assert response["Content-Type"] == "image/svg+xml"
    assert "Quality: Gold" in response.content.decode()
    make_entity("anchor", properties={"tier": 3})
    assert "Quality: Basic" in reader.get(PATH).content.decode()


def test_a_badge_is_asked_for_again_only_where_it_changed(reader):
    first = reader.get(PATH)
    assert first["Cache-Control"] == "private, max-age=300"
    assert reader.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 304
    make_entity("anchor", properties={"tier": 3})
    assert reader.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_strangers_see_a_badge_only_by_its_own_signed_address(client):
    assert client.get(PATH).status_code == 302
    signed = client.get(PATH, {"sig": signature_of(PATH)})
    assert (signed.status_code, signed["Cache-Control"]) == (200, "public, max-age=300")
    other = "/badges/service/buoy/quality.svg"
    assert client.get(other, {"sig": signature_of(PATH)}).status_code == 302
    assert client.get(PATH, {"sig": "x"}).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/badges/service/nobody/quality.svg",
        "/badges/service/anchor/nothing.svg",
        "/badges/x/y/z.svg",
    ],
)
def test_what_is_not_there_has_no_badge(reader, path):
    assert reader.get(path).status_code == 404


def test_what_is_not_graded_says_so(reader):
    assert (
        "Quality: not graded"
        in reader.get("/badges/deployment/anchor-v1/quality.svg").content.decode()
    )


def test_the_page_of_badges_gives_addresses_for_anybody_to_those_who_edit(reader, client):
    html = html_of(reader.get("/badges/service/anchor/"))
    assert "[![Quality](http://testserver/badges/service/anchor/quality.svg)]" in html
    client.force_login(make_user("ada", is_staff=True))
    html = html_of(client.get("/badges/service/anchor/"))
    signature = re.search(r"quality\.svg\?sig=([\w-]+)\)", html)[1]
    client.logout()
    assert client.get(PATH, {"sig": signature}).status_code == 200


def test_the_address_for_anybody_holds_for_names_of_any_script(client):
    make_entity("größe/à=b", title="Größe", properties={"tier": 1})
    client.force_login(make_user("ada", is_staff=True))
    page = client.get("/badges/service/größe~à=b/")
    address = re.search(r"\(http://testserver([^)]*\?sig=[^)]*)\)", html_of(page))[1]
    client.logout()
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("color", [*LevelColor.values, "none", "nobody's"])
@pytest.mark.parametrize("words", ["Gold", "<b>&\"'", "日本語" * 40, ""])
def test_every_badge_is_a_drawing_that_says_itself(color, words):
    root = ElementTree.fromstring(badge_svg(words, words, color))  # noqa: S314 - our own
    assert root.get("aria-label") == root[0].text
    texts = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == (words if len(words) <= 60 else f"{words[:59]}…")
    assert float(root.get("width")) > 0


@pytest.mark.parametrize("name", _COLORS)
def test_the_words_of_a_badge_are_readable(name):
    fill, ink = (f"#{color[1:] * (2 if len(color) == 4 else 1)}" for color in _COLORS[name])
    assert contrast(fill, ink) >= 4.5
