"""Undoing a deletion: what the message offers, what the page asks, and who may."""

import pytest
from django.test import Client

from catalog.models import Deleted, Entity
from portal.dashboards import views_undo
from tests.builders import make_entity, make_user
from tests.pages.reading import INLINE, html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

BULK = "/bulk/service/"


@pytest.fixture
def editor(client: Client) -> Client:
    """Return a browser in which somebody is logged in who may edit."""
    client.force_login(make_user("alex", is_staff=True))
    return client


def delete(editor: Client, *names: str) -> tuple[str, str]:
    """Delete services by the table; return the page after it and where Undo leads."""
    ids = list(Entity.objects.of("service").named(names).values_list("pk", flat=True))
    sent = {"id": ids, "action": "delete", "confirmed": "1"}
    response = editor.post(BULK, sent, follow=True)
    batches = set(Deleted.objects.values_list("batch", flat=True))
    assert len(batches) == 1
    return html_of(response), f"/undo/{batches.pop()}/"


def test_what_was_deleted_in_the_table_comes_back_by_undo(editor):
    page, address = delete(editor, "anchor", "buoy")
    assert f'2 entities were deleted. <a href="{address}">Undo</a>' in page
    asked = editor.get(address)
    assert "Deleted by alex on" in words_of(asked)
    assert "service/anchor service/buoy" in words_of(asked)
    assert INLINE.search(html_of(asked)) is None
    done = editor.post(address, follow=True)
    assert done.redirect_chain == [("/catalog/service/", 302)]
    assert "2 were restored." in words_of(done)
    assert Entity.objects.of("service").count() == 4
    assert editor.get(address).status_code == 404


def test_the_table_says_beforehand_for_how_long(editor, settings):
    ids = [Entity.objects.of("service").get(identifier="anchor").pk]
    asked = words_of(editor.post(BULK, {"id": ids, "action": "delete"}))
    assert "What is deleted can be restored for 30 days" in asked
    settings.TIDEMARK_KEEP_DELETED_DAYS = 0
    asked = words_of(editor.post(BULK, {"id": ids, "action": "delete"}))
    assert "What is deleted is gone" in asked


def test_nothing_is_offered_where_nothing_is_kept(editor, settings):
    settings.TIDEMARK_KEEP_DELETED_DAYS = 0
    ids = [Entity.objects.of("service").get(identifier="anchor").pk]
    page = editor.post(BULK, {"id": ids, "action": "delete", "confirmed": "1"}, follow=True)
    assert "Undo" not in words_of(page)


def test_a_name_that_is_taken_is_told_and_nothing_comes_back(editor):
    _, address = delete(editor, "anchor", "buoy")
    make_entity("anchor")
    told = words_of(editor.post(address))
    assert "Nothing was restored : there is a service 'anchor' again" in told
    assert not Entity.objects.of("service").named(["buoy"]).exists()


def test_what_does_not_come_back_with_them_is_told(editor, monkeypatch):
    monkeypatch.setattr(views_undo, "MOST_REMARKS", 1)
    _, address = delete(editor, "anchor")
    row = Deleted.objects.get()
    row.document["incoming"] = [["service", "x", "buoy"], ["nothing", "y", "buoy"]]
    row.save()
    told = words_of(editor.post(address, follow=True))
    assert "service/buoy: relations.x: does not lead to service any more" in told
    assert "And 1 more did not come back with them." in told


def test_only_the_first_are_named(editor, monkeypatch):
    monkeypatch.setattr(views_undo, "MOST_NAMED", 1)
    _, address = delete(editor, "anchor", "buoy")
    assert "service/anchor and 1 more" in words_of(editor.get(address))


def test_who_might_not_have_deleted_them_does_not_see_them(editor, client):
    _, address = delete(editor, "anchor")
    other = Client()
    assert other.get(address)["Location"].startswith("/login/")
    other.force_login(make_user("maya"))
    assert other.get(address).status_code == 404
    assert other.post(address).status_code == 404
    other.force_login(make_user("vera", role="viewer"))
    assert other.post(address).status_code == 403
    assert Deleted.objects.exists()
