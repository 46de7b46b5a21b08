"""Users and API tokens."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entity
from portal.models import ApiToken
from tests.admin.builders import BY, NOW
from tests.admin.pages import errors_of, fields_of

USERS = "/admin/portal/user/"
TOKENS = "/admin/portal/apitoken/"


def test_a_new_user_has_an_entity(admin: Client, service: Blueprint) -> None:
    data = {
        **fields_of(admin.get(f"{USERS}add/")),
        "username": "ann",
        "email": "Ann@example.org",
        "first_name": "Ann",
        "last_name": "Lee",
        "usable_password": "true",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }
    response = admin.post(f"{USERS}add/", data)
    assert response.status_code == 302, errors_of(response)
    user = get_user_model().objects.get(username="ann")
    entity = Entity.objects.get(blueprint__identifier="_user", identifier="ann@example.org")
    assert entity.title == "Ann Lee"
    assert user.check_password("a long enough phrase")


def test_a_user_page_shows_the_teams_of_the_entity(admin: Client, service: Blueprint) -> None:
    user = get_user_model().objects.create_user(username="ann", email="ann@example.org")
    page = f"{USERS}{user.pk}/change/"
    assert "There is no entity for this address yet" in admin.get(page).content.decode()
    upsert_entity(
        blueprint=Blueprint.objects.get(identifier="_user"),
        draft=EntityDraft(identifier="ann@example.org", team=["red", "blue"]),
        by=BY,
        now=NOW,
    )
    assert "Blue (blue), Red (red)" in admin.get(page).content.decode()


def test_a_token_is_shown_once_and_its_digest_never(admin: Client, service: Blueprint) -> None:
    user = get_user_model().objects.get(username="root")
    data = {**fields_of(admin.get(f"{TOKENS}add/")), "name": "pipeline", "scope": "write"}
    response = admin.post(f"{TOKENS}add/", data, follow=True)
    shown = response.content.decode()
    token = re.search(r"<code>(tdm_\w+)</code>", shown)[1]
    stored = ApiToken.objects.get()
    assert (stored.name, stored.scope, stored.user) == ("pipeline", "write", user)
    assert timedelta(days=89) < stored.expiry - timezone.now() <= timedelta(days=90)
    again = admin.get(TOKENS).content.decode()
    assert token not in again
    assert stored.token_key in again
    for body in (
        shown,
        again,
        admin.get(f"{TOKENS}{quote(stored.token_key)}/delete/").content.decode(),
    ):
        assert stored.digest not in body
    assert not LogEntry.objects.exists()


def test_an_expiry_that_has_passed_is_refused(admin: Client, service: Blueprint) -> None:
    data = {**fields_of(admin.get(f"{TOKENS}add/")), "expiry_0": "01/01/2020", "expiry_1": "00:00"}
    assert errors_of(admin.post(f"{TOKENS}add/", data)) == {
        "expiry": ["This moment has passed; choose a later one."]
    }
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_and_never_edited(admin: Client, service: Blueprint) -> None:
    user = get_user_model().objects.get(username="root")
    stored, _ = ApiToken.objects.create(user=user, name="old")
    # Reads like an escape of the admin's addresses.
    ApiToken.objects.filter(pk=stored.pk).update(token_key="tdm_22abc")
    kept, _ = ApiToken.objects.create(user=user, name="kept")
    page = re.search(rf"{TOKENS}(\S*22abc)/delete/", admin.get(TOKENS).content.decode())[0]
    page = page.removesuffix("/delete/")
    assert admin.post(f"{page}/change/", {"scope": "write"}).status_code == 403
    assert admin.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert list(ApiToken.objects.all()) == [kept]
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("name", ["%00", "_00"])
@pytest.mark.parametrize("page", ["apitoken/{}/delete/", "user/{}/change/", "user/{}/password/"])
def test_an_address_with_a_nul_leads_nowhere(admin: Client, page: str, name: str) -> None:
    assert admin.get(f"/admin/portal/{page.format(name)}").status_code in (302, 404)
