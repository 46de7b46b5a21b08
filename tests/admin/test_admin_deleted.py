"""The admin's pages of what was deleted, and for how long things are kept."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from catalog.models import Change, Deleted, Entity, Retention
from catalog.operations import delete_entities
from scorecards.models import Scorecard
from tests.admin.builders import BY
from tests.admin.pages import errors_of, fields_of

DELETED = "/admin/catalog/deleted/"
RETENTION = "/admin/catalog/retention/"


def delete(*names: str) -> list[Deleted]:
    entities = list(Entity.objects.named(names))
    delete_entities(entities=entities, by=BY, now=timezone.now())
    return list(Deleted.objects.order_by("id"))


def act(admin: Client, action: str, *rows: Deleted) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return admin.post(DELETED, data, follow=True).content.decode()


def test_after_deleting_there_is_a_way_back(admin: Client, scorecard: Scorecard) -> None:
    entity = Entity.objects.get(identifier="middle")
    page = admin.post(
        f"/admin/catalog/entity/{entity.pk}/delete/", {"post": "yes"}, follow=True
    ).content.decode()
    row = Deleted.objects.get()
    assert "It can be restored for 30 days." in page
    assert f'href="/undo/{row.batch}/">Undo</a>' in page
    page = admin.post(
        f"/admin/scorecards/scorecard/{scorecard.pk}/delete/", {"post": "yes"}, follow=True
    ).content.decode()
    assert f'href="/undo/{Deleted.objects.get(kind="scorecard").batch}/">Undo</a>' in page


def test_what_is_not_kept_is_told_to_be_gone(admin: Client, scorecard, settings) -> None:
    settings.TIDEMARK_KEEP_DELETED_DAYS = 0
    entity = Entity.objects.get(identifier="middle")
    page = admin.post(
        f"/admin/catalog/entity/{entity.pk}/delete/", {"post": "yes"}, follow=True
    ).content.decode()
    assert "This cannot be undone" in page


def test_a_blueprint_says_what_becomes_of_its_entities(admin: Client, scorecard, monkeypatch):
    scorecard.delete()
    kind = Entity.objects.get(identifier="middle").blueprint
    address = f"/admin/catalog/blueprint/{kind.pk}/delete/"
    page = admin.post(address, {"post": "yes"}, follow=True).content.decode()
    assert "Its 3 entities can be restored when there is such a blueprint again." in page
    assert Deleted.objects.filter(kind="entity").count() == 3


def test_those_chosen_come_back_or_all_that_went_with_them(admin: Client, scorecard) -> None:
    low, middle, high = delete("low", "middle", "high")
    assert "1 restored." in act(admin, "restore_these", low)
    assert "2 restored." in act(admin, "restore_together", middle)
    assert Entity.objects.of("service").count() == 3
    assert high.batch == middle.batch


def test_remarks_and_refusals_are_told(admin: Client, scorecard) -> None:
    Entity.objects.get(identifier="low").delete()
    (low,) = Deleted.objects.all()
    low.document["incoming"] = [["service", "uses", "nobody"]]
    low.save()
    page = act(admin, "restore_these", low)
    assert "service/nobody: relations.uses" in page
    rows = delete("middle")
    rows.append(rows[0])
    Deleted.objects.update(blueprint="nothing")
    page = act(admin, "restore_these", *rows)
    assert "Nothing was restored: there is no blueprint nothing any more; create it first" in page


def test_a_page_shows_what_it_was_and_nothing_can_be_edited(admin: Client, scorecard) -> None:
    low, *_ = delete("low", "middle")
    page = admin.get(f"{DELETED}{low.pk}/change/").content.decode()
    for words in ("coverage", "40", "low!", "2. <a", f"/undo/{low.batch}/"):
        assert words in page, words
    assert admin.post(f"{DELETED}{low.pk}/change/", {"title": "x"}).status_code == 403
    assert admin.post(f"{DELETED}{low.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_scorecard_is_shown_by_its_document(admin: Client, scorecard: Scorecard) -> None:
    admin.post(f"/admin/scorecards/scorecard/{scorecard.pk}/delete/", {"post": "yes"})
    row = Deleted.objects.get()
    assert "well_covered" in admin.get(f"{DELETED}{row.pk}/change/").content.decode()


def test_the_command_restores_by_name(admin: Client, scorecard: Scorecard) -> None:
    delete("low", "middle")
    out = StringIO()
    call_command("restore", "entity", "service", "low", "--alone", stdout=out)
    assert out.getvalue() == "1 restored.\n"
    call_command("restore", "entity", "service", "middle", stdout=out)
    assert Change.objects.filter(source="command", action="created").count() == 2
    with pytest.raises(CommandError, match=r"^No service 'low' was deleted that is still kept\.$"):
        call_command("restore", "entity", "service", "low")


def test_a_retention_is_made_changed_and_lifted(admin: Client, scorecard: Scorecard) -> None:
    kind = Entity.objects.get(identifier="low").blueprint
    data = fields_of(admin.get(f"{RETENTION}add/"))
    response = admin.post(f"{RETENTION}add/", {**data, "blueprint": kind.pk, "days": "400"})
    assert response.status_code == 302, errors_of(response)
    page = f"{RETENTION}{kind.pk}/change/"
    data = fields_of(admin.get(page))
    response = admin.post(page, {**data, "property": "url"})
    assert "is no date of this blueprint; there are: released" in str(errors_of(response))
    response = admin.post(page, {**data, "days": "300", "property": "released"})
    assert response.status_code == 302, errors_of(response)
    row = Retention.objects.get()
    assert (row.blueprint, row.days, row.property) == (kind, 300, "released")
    assert "service" in admin.get(f"{RETENTION}{kind.pk}/history/")["Location"]
    admin.post(f"{RETENTION}{kind.pk}/delete/", {"post": "yes"})
    assert not Retention.objects.exists()
    assert Change.objects.filter(kind="retention", source="admin").count() == 3
