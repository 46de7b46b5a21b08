"""Saved views of tables: whose they are, what they keep, who may change them, what they cost."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint, Change
from catalog.operations import delete_blueprint
from portal.dashboards import operations
from portal.dashboards.models import TableView
from portal.dashboards.operations.views import MOST_VIEWS
from portal.models import User
from tests.builders import NOW, TESTER, make_blueprint, make_user
from tests.pages.form_reading import form_of
from tests.pages.reading import assert_is_only_text, html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"
VIEWS = "/views/service/"


def make_view(title: str = "Mine", *, owner: User, **parts) -> TableView:
    """Save a view of the services."""
    values = {"query": "team=core&sort=-title", "is_shared": False, **parts}
    return operations.save_view(
        blueprint=Blueprint.objects.get(identifier=values.pop("blueprint", "service")),
        title=title,
        owner_id=owner.pk,
        by=TESTER,
        now=NOW,
        **values,
    )


def logged_in(user: User) -> Client:
    """Return a browser in which somebody is logged in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def maya(reader: Client) -> User:
    """Return the reader."""
    return User.objects.get(username="maya")


@pytest.fixture
def editor(db: None) -> User:
    """Return somebody who may edit the catalog."""
    return make_user("alex", is_staff=True)


def tabs(response) -> list[str]:
    """Return the titles of the views, in order."""
    html = html_of(response)
    found = re.search(r'<ul class="tabs tabs-card">(.*?)</ul>', html, re.DOTALL)
    return re.findall(r"<a [^>]*>([^<]*)</a>", found[1]) if found else []


def test_a_view_keeps_all_of_the_address_but_the_page(reader, maya):
    query = "?q=an&columns=owner%2Clevel.quality&sort=-title&group=team&page=2&menu=columns"
    response = reader.post(VIEWS, {"title": "  My   fleet ", "query": query})
    assert response.status_code == 302
    assert response["Location"] == f"{SERVICES}?view=my-fleet"
    view = TableView.objects.get()
    assert (view.title, view.owner, view.is_shared) == ("My fleet", maya, False)
    assert view.query == "q=an&columns=owner%2Clevel.quality&sort=-title&group=team"
    page = reader.get(response["Location"])
    assert row_names(page) == ["Canoe", "Anchor"]
    assert tabs(page) == ["All Services", "My fleet"]


def test_the_address_wins_over_the_view(reader, maya):
    make_view(owner=maya)
    assert row_names(reader.get(f"{SERVICES}?view=mine")) == ["Canoe", "Buoy", "Anchor"]
    assert row_names(reader.get(f"{SERVICES}?view=mine&sort=title"))[0] == "Anchor"
    assert len(row_names(reader.get(f"{SERVICES}?view=mine&team="))) == 4


def test_links_and_forms_stay_in_the_view(reader, maya):
    make_view(owner=maya, query="columns=owner&team=core")
    page = reader.get(f"{SERVICES}?view=mine&sort=owner")
    assert form_of(page, "sort") == {"view": ["mine"]}
    html = html_of(page)
    assert 'aria-label="Remove the filter Owner: Core"' in html
    assert 'href="?view=mine&amp;sort=owner&amp;team="' in html
    assert '<input type="hidden" name="view" value="mine" form="filters">' in html
    chosen = reader.get(f"{SERVICES}?view=mine&choose=1&column=identifier")
    assert chosen["Location"] == f"{SERVICES}?view=mine&columns=identifier"


def test_the_form_of_the_filters_can_lift_what_the_view_says(reader, maya):
    make_view(owner=maya, query="team=core")
    headers = {"HX-Request": "true", "HX-Target": "results"}
    response = reader.get(f"{SERVICES}?view=mine&q=&query=&team=", headers=headers)
    assert len(row_names(response)) == 4
    assert response["HX-Push-Url"] == f"{SERVICES}?view=mine&team="
    assert "Changed" in words_of(response)
    assert 'id="views" hx-swap-oob="true"' in html_of(response)


def test_a_changed_view_can_be_saved_or_left(reader, maya):
    make_view(owner=maya)
    same, changed = (reader.get(f"{SERVICES}?view=mine{more}") for more in ("", "&q=a"))
    assert "Changed" not in words_of(same)
    assert "Changed Save Discard" in words_of(changed)
    saved = {"act": "save", "query": "?team=core&sort=-title&q=a"}
    response = reader.post(f"{VIEWS}mine/", saved)
    assert response["Location"] == f"{SERVICES}?view=mine"
    assert TableView.objects.get().query == "team=core&sort=-title&q=a"


def test_a_view_of_somebody_else_is_not_there(reader, editor):
    make_view("Secret", owner=editor, query="q=anchor")
    page = reader.get(f"{SERVICES}?view=secret")
    assert tabs(page) == ["All Services"]
    assert len(row_names(page)) == 4
    assert "There is no such view" in words_of(page)
    for act in ("save", "rename", "delete"):
        assert reader.post(f"{VIEWS}secret/", {"act": act, "title": "x"}).status_code == 404
    assert TableView.objects.get().title == "Secret"


def test_a_view_belongs_to_one_table(reader, maya):
    make_view(owner=maya, blueprint="deployment")
    assert tabs(reader.get(SERVICES)) == ["All Services"]
    assert reader.post(f"{VIEWS}mine/", {"act": "delete"}).status_code == 404


def test_two_views_of_one_title_have_addresses_of_their_own(reader, maya, editor):
    views = [make_view("Same", owner=maya), make_view("Same", owner=editor)]
    views.append(make_view("???", owner=maya))
    assert [view.identifier for view in views] == ["same", "same-2", "view"]


def test_a_shared_view_is_seen_by_all_and_changed_by_editors(reader, maya, editor):
    make_view("Ours", owner=editor, is_shared=True)
    assert tabs(reader.get(SERVICES)) == ["All Services", "Ours"]
    html = html_of(reader.get(f"{SERVICES}?view=ours&q=a"))
    assert "Discard" in html
    assert "/views/service/ours/" not in html
    for act in ("save", "rename", "delete"):
        assert reader.post(f"{VIEWS}ours/", {"act": act, "title": "x"}).status_code == 403
    other = logged_in(make_user("sam", is_staff=True))
    other.post(f"{VIEWS}ours/", {"act": "rename", "title": "All of us", "is_shared": "on"})
    view = TableView.objects.get()
    assert (view.identifier, view.title, view.is_shared) == ("ours", "All of us", True)


def test_whoever_may_not_edit_may_not_share(reader, maya):
    make_view(owner=maya)
    new = {"title": "For all", "query": "", "is_shared": "on"}
    assert reader.post(VIEWS, new).status_code == 403
    act = {"act": "rename", "title": "Mine", "is_shared": "on"}
    assert reader.post(f"{VIEWS}mine/", act).status_code == 403
    assert list(TableView.objects.values_list("is_shared", flat=True)) == [False]
    assert "Everybody sees it" not in html_of(reader.get(SERVICES))


def test_whoever_made_a_shared_view_may_delete_it(reader, maya):
    make_view("Ours", owner=maya, is_shared=True)
    page = html_of(reader.get(f"{SERVICES}?view=ours"))
    assert "Delete the view" in page
    assert 'value="rename"' not in page
    assert reader.post(f"{VIEWS}ours/", {"act": "save", "query": ""}).status_code == 403
    response = reader.post(f"{VIEWS}ours/", {"act": "delete"})
    assert response["Location"] == SERVICES
    assert not TableView.objects.exists()


def test_sharing_ends_where_an_editor_says_so(editor):
    make_view("Ours", owner=editor, is_shared=True)
    logged_in(editor).post(f"{VIEWS}ours/", {"act": "rename", "title": "Ours"})
    assert not TableView.objects.get().is_shared


def test_the_public_sees_what_is_shared_and_saves_nothing(client, settings, editor):
    settings.TIDEMARK_PUBLIC_READ = True
    make_view("Ours", owner=editor, is_shared=True)
    make_view("Secret", owner=editor)
    page = client.get(f"{SERVICES}?view=ours")
    assert tabs(page) == ["All Services", "Ours"]
    assert "Save view" not in html_of(page)
    assert "There is no such view" in words_of(client.get(f"{SERVICES}?view=secret"))
    for address in (VIEWS, f"{VIEWS}ours/"):
        response = client.post(address, {"title": "x", "act": "delete"})
        assert response["Location"].startswith("/login/")
    assert TableView.objects.count() == 2


def test_views_are_changed_by_posts_with_a_token_only(maya):
    make_view(owner=maya)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(maya)
    assert strict.post(f"{VIEWS}mine/", {"act": "delete"}).status_code == 403
    assert strict.get(f"{VIEWS}mine/").status_code == 405
    assert strict.get(VIEWS).status_code == 405


def test_history_tells_what_became_of_a_view(reader, maya):
    reader.post(VIEWS, {"title": "Mine", "query": "q=a"})
    reader.post(f"{VIEWS}mine/", {"act": "rename", "title": "Ours"})
    reader.post(f"{VIEWS}mine/", {"act": "rename", "title": "Ours"})
    reader.post(f"{VIEWS}mine/", {"act": "delete"})
    rows = Change.objects.filter(kind="view").order_by("id")
    assert [
        (row.actor, row.source, row.blueprint, row.identifier, row.action, row.before, row.after)
        for row in rows
    ] == [
        (
            "maya", "page", "service", "mine", "created",
            {}, {"title": "Mine", "query": "q=a", "is_shared": False},
        ),
        ("maya", "page", "service", "mine", "updated", {"title": "Mine"}, {"title": "Ours"}),
        (
            "maya", "page", "service", "mine", "deleted",
            {"title": "Ours", "query": "q=a", "is_shared": False}, {},
        ),
    ]  # fmt: skip


def test_a_person_has_so_many_views_of_a_table_and_no_more(reader, maya):
    rows = [
        TableView(
            blueprint=Blueprint.objects.get(identifier="service"),
            identifier=f"v{number}",
            title=f"V{number:03}",
            owner=maya,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(MOST_VIEWS)
    ]
    TableView.objects.bulk_create(rows)
    response = reader.post(VIEWS, {"title": "One more", "query": "?q=a"}, follow=True)
    assert response.redirect_chain == [(f"{SERVICES}?q=a", 302)]
    assert "You have 100 views of this table" in words_of(response)
    assert TableView.objects.count() == MOST_VIEWS
    page = reader.get(f"{SERVICES}?view=v77")
    assert tabs(page) == ["All Services", "V000", "V001", "V002", "V003", "V077"]
    assert "95 more" in words_of(page)


@pytest.mark.parametrize(
    ("title", "query", "message"),
    [
        ("", "", "Give the view a title"),
        (" \x00 ", "", "Give the view a title"),
        ("x" * 101, "", "A title has 100 letters at most"),
        ("Long", "q=" + "a" * 9000, "too long to be saved"),
        ("Many", "&".join(f"p{n}=1" for n in range(300)), "too many parts"),
    ],
)
def test_a_view_that_cannot_be_saved_says_why(reader, maya, title, query, message):
    response = reader.post(VIEWS, {"title": title, "query": query})
    assert response.status_code == 302
    assert message in words_of(reader.get(SERVICES))
    assert not TableView.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "view=mine&view=other",
        "&&==&%zz=%zz",
        "q=%00&%00=1",
        "columns=<script>alert(1)</script>",
        "https://example.org/?q=1",
        "//example.org",
        "page=99&menu=filters",
        "q=%F0%9F%8C%8A&sort=--x",
    ],
)
def test_whatever_a_view_keeps_it_opens(reader, maya, query):
    response = reader.post(VIEWS, {"title": "Odd", "query": query}, follow=True)
    assert response.redirect_chain == [(f"{SERVICES}?view=odd", 302)]
    assert response.status_code == 200
    assert "Changed" not in words_of(response)
    assert "view=" not in TableView.objects.get().query


@pytest.mark.parametrize("view", ["", "%00", "nothing", "a/b", "x" * 3000, "<b>"])
def test_no_name_of_a_view_breaks_the_table(reader, view):
    assert len(row_names(reader.get(f"{SERVICES}?view={view}"))) == 4


@pytest.mark.parametrize("act", ["", "nonsense", "delete\x00"])
def test_an_act_that_there_is_none_of_is_refused(reader, maya, act):
    make_view(owner=maya)
    assert reader.post(f"{VIEWS}mine/", {"act": act}).status_code == 400


def test_a_failed_save_never_leads_away_from_the_table(reader):
    response = reader.post(VIEWS, {"title": "", "query": "//example.org/?x=1"})
    assert response["Location"].startswith(f"{SERVICES}?")


def test_a_hostile_title_is_only_text(reader, maya):
    make_view("<script>alert(1)</script><img onerror=alert(1)>", owner=maya)
    assert_is_only_text(html_of(reader.get(SERVICES)))


def test_a_view_that_names_what_is_gone_still_opens_and_says_so(reader, maya):
    make_view(owner=maya, query="columns=owner%2Clevel.gone&property.gone=x&sort=level.gone")
    page = reader.get(f"{SERVICES}?view=mine")
    assert len(row_names(page)) == 4
    assert "therefore ignored: level.gone , property.gone" in words_of(page)


def test_what_is_shared_outlives_its_owner_and_the_rest_goes_with_them(reader, maya, editor):
    make_view("Ours", owner=maya, is_shared=True)
    make_view("Mine", owner=maya)
    make_view("Other", owner=editor)
    maya.delete()
    rows = TableView.objects.order_by("title").values_list("title", "owner__username")
    assert list(rows) == [("Other", "alex"), ("Ours", None)]


def test_a_shared_view_without_an_owner_is_not_hidden_from_everybody(maya, editor):
    make_view("Ours", owner=maya, is_shared=True)
    maya.delete()
    client = logged_in(editor)
    act = {"act": "rename", "title": "Ours"}
    assert "belongs to nobody" in words_of(client.post(f"{VIEWS}ours/", act, follow=True))
    assert TableView.objects.get().is_shared


def test_views_go_with_their_blueprint(maya):
    library = make_blueprint("library")
    make_view(owner=maya, blueprint="library")
    delete_blueprint(blueprint=library, by=TESTER, now=NOW)
    assert not TableView.objects.exists()


def test_an_open_view_costs_one_query_however_many_there_are(reader, maya):
    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            html_of(reader.get(address))
        return len(captured)

    make_view(owner=maya)
    before = count(SERVICES), count(f"{SERVICES}?view=mine")
    for number in range(8):
        make_view(f"More {number}", owner=maya, is_shared=True)
    assert before == (18, 20)
    assert (count(SERVICES), count(f"{SERVICES}?view=mine")) == before
