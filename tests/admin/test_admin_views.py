"""Saved views in the admin: what is shared is listed and can be deleted."""

import pytest

from catalog.models import Blueprint, Change
from portal.dashboards import operations
from portal.dashboards.models import TableView
from tests.builders import NOW, TESTER, make_blueprint, make_user

LIST = "/admin/dashboards/tableview/"


@pytest.fixture
def views(db: None) -> list[TableView]:
    """Save one view that is shared and one that is not."""
    make_blueprint("service")
    owner = make_user("sam")
    return [
        operations.save_view(
            blueprint=Blueprint.objects.get(identifier="service"),
            title=title,
            query="sort=-title",
            is_shared=title == "Ours",
            owner_id=owner.pk,
            by=TESTER,
            now=NOW,
        )
        for title in ("Ours", "Mine")
    ]


@pytest.fixture
def staff(db, client):
    """Return a browser of an editor."""
    client.force_login(make_user("alex", is_staff=True))
    return client


def test_the_list_holds_what_is_shared(staff, views):
    html = staff.get(LIST).content.decode()
    assert "Ours" in html
    assert "Mine" not in html
    assert staff.get(f"{LIST}{views[0].pk}/change/").status_code == 200
    assert staff.get(f"{LIST}{views[1].pk}/change/").status_code == 302
    assert staff.get(f"{LIST}add/").status_code == 403


def test_deleting_is_the_operation(staff, views):
    staff.post(f"{LIST}{views[0].pk}/delete/", {"post": "yes"})
    assert list(TableView.objects.all()) == [views[1]]
    row = Change.objects.get(kind="view", action="deleted")
    assert (row.actor, row.source, row.identifier) == ("alex", "admin", "ours")


def test_many_are_deleted_at_once(staff, views):
    data = {"action": "delete_selected", "_selected_action": [views[0].pk], "post": "yes"}
    staff.post(LIST, data)
    assert list(TableView.objects.all()) == [views[1]]


def test_only_editors_see_the_list(client, views):
    client.force_login(make_user("maya"))
    assert client.get(LIST).status_code == 403
