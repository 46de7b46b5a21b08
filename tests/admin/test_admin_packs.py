"""The list of packs, and the form by which one is installed and set."""

from unittest.mock import patch

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.models import Blueprint, Change
from catalog.operations import save_blueprint
from scorecards.models import InstalledPack, Scorecard
from scorecards.operations import install_pack
from tests.admin.builders import BY, SERVICE
from tests.admin.pages import Data, errors_of, fields_of
from tests.builders import NOW
from tests.unit.packs.delivery import DEFAULTS, deploy, install, level_of

PACKS = "/admin/scorecards/installedpack/"
DORA = f"{PACKS}dora/change/"
BASICS = f"{PACKS}basics/change/"


def page_of(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def opened(admin: Client) -> Data:
    return fields_of(admin.get(DORA))


def test_the_list_shows_every_pack_and_whether_it_is_installed(admin: Client) -> None:
    page = page_of(admin, PACKS)
    assert page.count(">No<") == 5
    for text in ("DORA metrics", "Engineering basics", "from a README to code owners", DORA):
        assert text in page
    install_pack(name="basics", by=BY, now=NOW)
    page = page_of(admin, PACKS)
    assert page.count(">No<") == 4
    assert "Since 2026-06-01" in page


def test_a_pack_that_is_not_installed_shows_its_defaults_and_is_installed_by_saving(
    admin: Client,
) -> None:
    assert "Not yet. Saving installs it." in page_of(admin, DORA)
    data = opened(admin)
    assert data == {
        "definitions": "four_keys",
        "thresholds": "none",
        "minimum": "5",
        "attribution_hours": "24",
        "measures": "on",
    }
    response = admin.post(DORA, data, follow=True)
    assert response.redirect_chain == [(PACKS, 302)]
    assert "8 scorecards are installed; 0 levels changed." in response.content.decode()
    assert InstalledPack.objects.get().settings == DEFAULTS
    assert Scorecard.objects.count() == 8
    change = Change.objects.get(kind="pack")
    assert (change.actor, change.source, change.action) == ("root", "admin", "created")


def test_every_field_is_explained(admin: Client) -> None:
    form = admin.get(DORA).context["adminform"].form
    assert list(form.fields) == list(DEFAULTS)
    assert all(field.label and field.help_text for field in form.fields.values())


def test_settings_are_saved_by_the_operation_and_move_the_levels(admin: Client) -> None:
    install(minimum=4)
    deploy(4)
    assert (level_of("dora_deploy_freq"), opened(admin)["minimum"]) == ("Silver", "4")
    edited = {**opened(admin), "definitions": "dora", "thresholds": "2024"}
    with (
        patch("scorecards.admin_packs.install_pack", wraps=install_pack) as save,
        patch("scorecards.admin_packs.timezone.now", return_value=NOW),
    ):
        response = admin.post(DORA, {**edited, "_continue": "1"}, follow=True)
    assert save.call_count == 1
    assert InstalledPack.objects.get().settings == DEFAULTS | {
        "definitions": "dora",
        "thresholds": 2024,
        "minimum": 4,
    }
    assert Scorecard.objects.count() == 16
    assert level_of("dora_deploy_freq") == "Bronze"
    assert fields_of(response) == edited


def test_saving_what_was_shown_changes_nothing(admin: Client) -> None:
    install(definitions="dora", thresholds=2019, attribution_hours=0)
    before, count = InstalledPack.objects.get().settings, Change.objects.count()
    assert admin.post(DORA, opened(admin)).status_code == 302
    assert (InstalledPack.objects.get().settings, Change.objects.count()) == (before, count)


def test_a_switch_that_is_off_is_a_setting(admin: Client) -> None:
    install()
    data = opened(admin)
    del data["measures"]
    assert admin.post(DORA, data).status_code == 302
    assert InstalledPack.objects.get().settings == DEFAULTS | {"measures": False}
    assert "measures" not in opened(admin)


@pytest.mark.parametrize(
    ("edits", "errors"),
    [
        (
            {"minimum": "0", "attribution_hours": "721"},
            {
                "minimum": ["must be a whole number from 1 to 1000, not '0'"],
                "attribution_hours": ["must be a whole number from 0 to 720, not '721'"],
            },
        ),
        ({"minimum": "9" * 5_000}, {"minimum": ["Enter a whole number."]}),
        ({"minimum": ""}, {"minimum": ["This field is required."]}),
        (
            {"thresholds": "2020"},
            {"thresholds": ["Select a valid choice. 2020 is not one of the available choices."]},
        ),
        (
            {"thresholds": "2024", "definitions": "dora", "measures": ""},
            {
                "definitions": [
                    "'dora' reads DORA's own measures, so these cannot be left out: switch "
                    "'measures' on, or choose four_keys"
                ],
                "thresholds": [
                    "they grade DORA's own measures, so these cannot be left out: switch "
                    "'measures' on, or choose none"
                ],
            },
        ),
    ],
)
@pytest.mark.parametrize("is_installed", [True, False])
def test_what_cannot_be_is_shown_at_its_field_and_nothing_is_saved(
    admin: Client, edits: Data, errors: dict[str, list[str]], is_installed: bool
) -> None:
    if is_installed:
        install()
    before = list(InstalledPack.objects.values()), Scorecard.objects.count(), Change.objects.count()
    data = {key: value for key, value in {**opened(admin), **edits}.items() if value != ""}
    response = admin.post(DORA, data)
    assert response.status_code == 200
    assert errors_of(response) == errors
    after = list(InstalledPack.objects.values()), Scorecard.objects.count(), Change.objects.count()
    assert after == before
    mended = {**fields_of(response), **DEFAULTS, "thresholds": "none", "measures": "on"}
    assert admin.post(DORA, mended).status_code == 302
    assert InstalledPack.objects.get().settings == DEFAULTS


def test_what_the_catalog_refuses_is_shown_above_the_form(
    admin: Client, service: Blueprint
) -> None:
    own = {"properties": {"total_deployments": {"type": "number"}}}
    save_blueprint(definition={**SERVICE, "schema": own}, by=BY, now=NOW)
    response = admin.post(DORA, opened(admin))
    assert response.status_code == 200
    (message,) = errors_of(response)[""]
    assert "total_deployments" in message
    assert not InstalledPack.objects.exists()


def test_a_pack_without_settings_has_a_page_too(admin: Client) -> None:
    assert fields_of(admin.get(BASICS)) == {}
    assert admin.post(BASICS, {}).status_code == 302
    assert InstalledPack.objects.get().settings == {}
    assert Scorecard.objects.get().identifier == "basics"
    assert "last brought up to date" in page_of(admin, BASICS)


def test_the_history_link_leads_to_the_changes_of_the_settings(admin: Client) -> None:
    install()
    install(minimum=9)
    page = admin.get(f"{PACKS}dora/history/", follow=True)
    assert [change.action for change in page.context["cl"].result_list] == ["updated", "created"]


@pytest.mark.parametrize("name", ["nope", "%00", "dora%2F..", "_64ora"])
def test_a_pack_that_there_is_not_leads_back(admin: Client, name: str) -> None:
    response = admin.get(f"{PACKS}{name}/change/")
    assert response.status_code in (302, 404)
    assert admin.post(f"{PACKS}{name}/change/", {"minimum": "9"}).status_code in (302, 404)
    assert not InstalledPack.objects.exists()


def test_packs_are_neither_added_nor_deleted(admin: Client) -> None:
    install()
    assert admin.get(f"{PACKS}add/").status_code == 403
    assert admin.post(f"{PACKS}add/", {}).status_code == 403
    assert admin.post(f"{PACKS}dora/delete/", {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": ["dora"], "post": "yes"}
    admin.post(PACKS, bulk)
    assert InstalledPack.objects.exists()


def test_only_staff_see_and_set_packs(db: None) -> None:
    users = get_user_model().objects
    client = Client()
    for address in (PACKS, DORA):
        assert client.get(address).status_code == 302
    client.force_login(users.create_user(username="ann", email="ann@example.org"))
    for address in (PACKS, DORA):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
    assert not InstalledPack.objects.exists()
    client.force_login(users.create_user(username="bo", email="bo@example.org", is_staff=True))
    assert client.get(PACKS).status_code == 200
    assert client.post(BASICS, {}).status_code == 302
    assert InstalledPack.objects.get().name == "basics"
