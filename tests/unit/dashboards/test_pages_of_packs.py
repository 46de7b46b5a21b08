"""Pages that come with packs."""

import pytest
from django.core.management import call_command

from portal.dashboards.models import Page
from portal.dashboards.operations import delete_page, save_page
from scorecards.models import InstalledPack, Scorecard
from scorecards.operations import install_pack
from scorecards.packs import load_pack
from tests.builders import NOW, TESTER, make_blueprint

pytestmark = pytest.mark.django_db


def install(name="dora", **settings):
    install_pack(name=name, settings=settings, by=TESTER, now=NOW)


def test_installing_a_pack_makes_its_pages(capsys):
    call_command("install_pack", "dora")
    page = Page.objects.get()
    [document] = load_pack("dora").pages
    said = {key: value for key, value in page.document().items() if value not in (None, {})}
    assert said == document
    assert (page.created_by, page.parent.title) == ("install_pack", "Engineering intelligence")


def test_what_the_page_shows_is_there():
    install()
    [root] = Page.objects.get().widgets
    shown = {widget["property"] for widget in root["widgets"] if "property" in widget}
    graded = Scorecard.objects.values_list("identifier", flat=True)
    assert shown <= {f"scorecard#{identifier}" for identifier in graded}


def test_a_page_that_people_changed_stays_and_one_that_is_gone_comes_back():
    install()
    page = Page.objects.get()
    document = {**page.document(), "title": "Ours"}
    save_page(document=document, page=page, by=TESTER, now=NOW)
    install(minimum=7)
    page = Page.objects.get()
    assert page.title == "Ours"
    delete_page(page=page, by=TESTER, now=NOW)
    install()
    assert Page.objects.get().title == "DORA scorecards"


def test_a_page_that_is_there_by_default_stays_too():
    make_blueprint("dora_scorecards")
    install()
    assert not Page.objects.exists()


def test_a_pack_without_pages_makes_none():
    install("basics")
    assert not Page.objects.exists()


def test_a_pack_whose_page_cannot_be_made_is_not_installed(monkeypatch):
    def refuse(*args, **kwargs):
        raise ValueError("no room")

    monkeypatch.setattr("portal.dashboards.receivers.save_missing_pages", refuse)
    with pytest.raises(ValueError, match="no room"):
        install()
    assert not InstalledPack.objects.exists()
