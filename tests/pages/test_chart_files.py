"""Charts as files of their own: whole, coloured, under a strict policy, and only for readers."""

import re
from base64 import b64encode
from hashlib import sha256
from xml.etree import ElementTree

import pytest

from portal.dashboards.charts import Slice, donut
from portal.dashboards.embedding import signature_of
from portal.dashboards.models import Page
from portal.dashboards.operations import save_page
from portal.dashboards.standalone import standalone
from tests.builders import NOW, TESTER, make_entity, make_user
from tests.pages.reading import html_of

pytestmark = pytest.mark.usefixtures("delivery")

BOARD = "/charts/boards/overview"
FILES = [
    "/charts/numbers/service/failed/anchor.svg",
    "/charts/numbers/service/rest_share/anchor.svg?period=1y",
    "/charts/numbers/_team/failed/core.svg",
    "/charts/levels/service/anchor/quality.svg",
    "/charts/graphs/service/anchor.svg",
    "/charts/graphs/service/anchor.svg?depth=3&direction=in&color=quality",
    "/charts/scorecards/quality.svg",
    "/charts/teams/core/quality.svg",
    f"{BOARD}/pie.svg",
    f"{BOARD}/bars.svg",
    f"{BOARD}/lines.svg",
]
SVG = "{http://www.w3.org/2000/svg}"


WIDGETS = [
    {"id": "pie", "type": "entities-pie-chart", "title": "Levels", "property": "property#tier"},
    {"id": "bars", "type": "bar-chart", "title": "Tiers", "property": "scorecard#quality"},
    {
        "id": "lines",
        "type": "multi-line-chart",
        "title": "Pace",
        "timeInterval": "day",
        "timeRange": {"preset": "lastMonth"},
        "lines": [
            {
                "title": "Deployments",
                "blueprint": "deployment",
                "measureTimeBy": "deployed_at",
                "dataset": [],
                "chartType": "countEntities",
                "func": "count",
            }
        ],
    },
    {"id": "text", "type": "markdown", "title": "Text", "markdown": "# Hello"},
]


@pytest.fixture(autouse=True)
def board(delivery: None) -> None:
    """Make a dashboard with charts, and let Anchor move."""
    about = {"blueprint": "service", "dataset": {"combinator": "and", "rules": []}}
    root = {
        "id": "root",
        "type": "dashboard-widget",
        "layout": [{"height": 400, "columns": [{"id": it["id"], "size": 12}]} for it in WIDGETS],
        "widgets": [{**about, **widget} for widget in WIDGETS],
    }
    document = {"identifier": "overview", "type": "dashboard", "widgets": [root]}
    save_page(document=document, by=TESTER, now=NOW)
    make_entity("anchor", properties={"tier": 3})


@pytest.mark.parametrize("path", FILES)
def test_a_file_stands_alone(reader, path):
    response = reader.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    text = response.content.decode()
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == root.find(f"{SVG}title").text
    assert float(root.get("width")) > 200
    assert float(root.get("height")) > 80
    style = root.find(f"{SVG}style").text
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert response["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'"
    )
    # Every token that is used is there, and nothing is asked of anybody.
    defined = set(re.findall(r"(--[\w-]+):", style))
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= defined
    assert "url(" not in style
    assert "icons.svg" not in text


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_for_readers_or_for_who_has_its_signed_address(client, path):
    assert client.get(path)["Location"].startswith("/login/?next=")
    bare, _, query = path.partition("?")
    signed = client.get(f"{bare}?{query}&sig={signature_of(bare)}")
    assert (signed.status_code, signed["Cache-Control"]) == (200, "public, max-age=300")
    other = "/charts/scorecards/other.svg"
    assert client.get(f"{bare}?sig={signature_of(other)}").status_code == 302


def test_where_reading_is_public_anybody_sees_files(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    assert client.get("/charts/scorecards/quality.svg").status_code == 200
    assert client.get("/charts/numbers/_user/owned/maya@example.com.svg").status_code == 404


def test_a_file_is_asked_for_again_only_where_it_changed(reader):
    path = "/charts/scorecards/quality.svg"
    first = reader.get(path)
    assert first["Cache-Control"] == "private, max-age=300"
    assert reader.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    make_entity("drift", properties={"tier": 1, "language": "Go"})
    assert reader.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/charts/numbers/service/failed/nobody.svg",
        "/charts/numbers/service/nothing/anchor.svg",
        "/charts/numbers/service/language/anchor.svg",
        "/charts/numbers/service/lead_name/anchor.svg",
        "/charts/levels/service/anchor/nothing.svg",
        "/charts/levels/service/drift/quality.svg",
        "/charts/graphs/nothing/anchor.svg",
        "/charts/scorecards/nothing.svg",
        "/charts/teams/nobody/quality.svg",
        "/charts/teams/core/nothing.svg",
        "/charts/boards/nothing/pie.svg",
        f"{BOARD}/nothing.svg",
        f"{BOARD}/text.svg",
    ],
)
def test_what_is_no_chart_has_no_file(reader, path):
    assert reader.get(path).status_code == 404


def test_a_private_dashboard_has_files_for_its_maker_alone(reader, client):
    Page.objects.filter(identifier="overview").update(visibility="private", created_by="ada")
    path = f"{BOARD}/pie.svg"
    assert reader.get(path).status_code == 404
    assert client.get(path, {"sig": signature_of(path)}).status_code == 404
    client.force_login(make_user("ada"))
    assert client.get(path).status_code == 200


def test_a_signed_address_shows_what_anybody_may_see_whoever_asks(reader):
    path = "/charts/graphs/_team/core.svg"
    assert "Maya L" in reader.get(path).content.decode()
    signed = reader.get(path, {"sig": signature_of(path)})
    assert signed["Cache-Control"] == "public, max-age=300"
    assert "Anchor" in signed.content.decode()
    assert "Maya L" not in signed.content.decode()


def test_a_number_of_a_person_has_no_address_for_anybody(client):
    client.force_login(make_user("ada", is_staff=True))
    html = html_of(client.get("/numbers/_user/owned/maya@example.com/"))
    assert "sig=" not in html


def test_pages_link_the_files_of_their_charts(reader, client):
    pages = {
        "/catalog/service/anchor/?tab=scorecards": "/charts/levels/service/anchor/quality.svg",
        "/catalog/service/anchor/?tab=related": "/charts/graphs/service/anchor.svg",
        "/catalog/service/anchor/?tab=dora": "/charts/numbers/service/rest_share/anchor.svg",
        "/numbers/service/failed/anchor/": "/charts/numbers/service/failed/anchor.svg",
    }
    for page, path in pages.items():
        html = html_of(reader.get(page))
        assert f'<a class="chart-link" href="{path}' in html
        assert "sig=" not in html
    client.force_login(make_user("ada", is_staff=True))
    for page, path in pages.items():
        assert f"sig={signature_of(path)}" in html_of(client.get(page))


def test_nothing_in_a_name_becomes_markup(reader):
    hostile = '<script>alert(1)</script>"><img onload=x>'
    make_entity("anchor", title=hostile)
    for path in FILES[:6]:
        text = reader.get(path).content.decode()
        ElementTree.fromstring(text)  # noqa: S314 - our own
        assert "<script" not in text
        assert "<img" not in text


def test_a_legend_that_is_too_long_for_a_line_goes_on_in_the_next():
    slices = [Slice(f"Level number {number}", number + 1, "gold") for number in range(30)]
    drawn = donut(slices, label="Many")
    legend = [(part.label, part.color) for part in slices]
    short, long = (standalone(drawn, title="Many", legend=legend[:count]) for count in (1, 30))
    heights = [
        float(ElementTree.fromstring(item.text).get("height"))  # noqa: S314 - our own
        for item in (short, long)
    ]
    assert heights[1] > heights[0] + 200


def test_no_drawing_is_no_file():
    with pytest.raises(ValueError, match="no chart"):
        standalone("", title="Nothing")
