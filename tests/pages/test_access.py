"""Who sees pages, and what every page promises: no inline code, landmarks, designed errors."""

import re

import pytest
from django.views.defaults import server_error

from tests.builders import make_user
from tests.pages.reading import INLINE, html_of, words_of

pytestmark = pytest.mark.usefixtures("delivery")

PAGES = [
    "/",
    "/catalog/service/",
    "/catalog/service/?where=open",
    "/catalog/service/?group=team",
    "/catalog/deployment/",
    "/catalog/service/?menu=columns",
    "/catalog/service/?menu=filters&columns=owner,rule.quality.top",
    "/catalog/_user/",
    "/catalog/service/anchor/",
    "/catalog/service/anchor/?tab=scorecards",
    "/catalog/service/anchor/?tab=related&depth=2",
    "/catalog/service/anchor/?tab=dora",
    "/catalog/service/anchor/?tab=timeline",
    "/catalog/_user/maya@example.com/",
    "/teams/",
    "/teams/?team=core&choose=1",
    "/teams/core/",
    "/scorecards/",
    "/scorecards/quality/",
    "/dashboards/",
    "/search/",
    "/search/?q=anchor",
    "/catalog/deployment/?behind.service.failed=anchor",
    "/numbers/service/failed/anchor/",
    "/numbers/service/failed/drift/",
    "/numbers/service/rest_share/anchor/?period=1y",
    "/numbers/service/size/anchor/",
    "/numbers/service/lead_name/anchor/",
    "/numbers/_team/failed/core/",
    "/numbers/_user/owned/maya@example.com/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_for_a_login(client, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("address", [page for page in PAGES if "_user" not in page])
def test_where_reading_is_public_anybody_reads(client, settings, address):
    settings.TIDEMARK_PUBLIC_READ = True
    words = words_of(client.get(address))
    assert "Log in" in words
    assert "Log out" not in words


@pytest.mark.parametrize("address", [*PAGES, "/nothing/", "/login/", "/api/docs/"])
def test_no_page_has_inline_code_or_style(reader, address):
    response = reader.get(address)
    assert INLINE.search(response.content.decode()) is None
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_its_landmarks_one_heading_and_unique_ids(reader, address):
    html = html_of(reader.get(address))
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert '<nav class="side" aria-label="Main">' in html
    assert '<a class="skip-link" href="#main">' in html
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert sorted(ids) == sorted(set(ids))
    named = set(re.findall(r'aria-labelledby="([^"]*)"', html))
    assert named <= set(ids)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_no_other_server(reader, address):
    found = re.findall(r'(?:src|href)="(https?:)?//', html_of(reader.get(address)))
    assert found == []


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_read_only(reader, address):
    assert reader.post(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/nothing/",
        "/catalog/nothing/",
        "/catalog/service/nothing/",
        "/catalog/service/anchor",
        "/teams/nothing/",
        "/scorecards/nothing/",
        "/catalog/a%00b/",
        "/catalog/service/a%00b/",
        "/numbers/",
        "/numbers/service/failed/",
        "/numbers/service/failed/nothing/",
        "/numbers/service/nothing/anchor/",
        # Given, not computed.
        "/numbers/service/tier/anchor/",
        "/numbers/service/$team/anchor/",
        "/numbers/nothing/failed/anchor/",
        "/numbers/service/failed/a%00b/",
    ],
)
def test_what_is_not_there_is_a_page_in_style(reader, address):
    response = reader.get(address, follow=True)
    if response.status_code == 200:
        assert response.redirect_chain == [("/catalog/service/anchor/", 301)]
        return
    assert response.status_code == 404
    assert "Nothing is moored here" in response.content.decode()


def test_an_error_page_tells_a_stranger_nothing_about_the_catalog(client):
    html = client.get("/nothing/").content.decode()
    assert "Deployment" not in html
    assert "Quality" not in html


def test_a_broken_page_is_designed_and_needs_nothing(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        html = server_error(rf.get("/")).content.decode()
    assert "Something broke on our side" in html
    assert INLINE.search(html) is None


def test_only_staff_see_the_way_to_the_admin(reader, client):
    assert 'href="/admin/"' not in html_of(reader.get("/"))
    client.force_login(make_user("alex", is_staff=True))
    assert 'href="/admin/"' in html_of(client.get("/"))


def test_login_is_designed_and_goes_on_to_the_page(client):
    make_user("alex", password="right-pass-1")
    html = html_of(client.get("/login/?next=/scorecards/"))
    assert "Log in to see that page." in html
    assert INLINE.search(html) is None
    wrong = client.post("/login/", {"username": "alex", "password": "x", "next": "/scorecards/"})
    assert "do not match" in html_of(wrong)
    right = {"username": "alex", "password": "right-pass-1", "next": "/scorecards/"}
    assert client.post("/login/", right)["Location"] == "/scorecards/"


def test_logging_out_takes_a_form(reader):
    assert '<form method="post" action="/logout/">' in html_of(reader.get("/"))


def test_the_navigation_marks_where_one_is(reader):
    html = html_of(reader.get("/catalog/service/anchor/"))
    assert '<a href="/catalog/service/" aria-current="page">' in html


@pytest.mark.parametrize("address", [page for page in PAGES if "_user" in page])
def test_the_public_does_not_see_people(client, settings, address):
    settings.TIDEMARK_PUBLIC_READ = True
    assert client.get(address)["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("address", ["/search/?q=maya", "/teams/core/"])
def test_the_public_finds_no_people_elsewhere(client, settings, address):
    settings.TIDEMARK_PUBLIC_READ = True
    assert "maya@example.com" not in client.get(address).content.decode()
