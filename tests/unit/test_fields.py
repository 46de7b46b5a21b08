"""A secret in a column is sealed there, never shown, and kept where a form is left empty."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import display_for_field
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models
from django.test import RequestFactory, override_settings
from django.test.utils import isolate_apps
from unfold.admin import ModelAdmin

from portal.fields import EncryptedTextField, SecretInput
from portal.models import User
from portal.sealing import Sealed, Unsealable

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> Iterator[Any]:
    """Return a model with a secret that must be there and one that need not."""
    with isolate_apps("portal"):

        class Keeper(models.Model):
            name = models.CharField(max_length=20, primary_key=True)
            secret = EncryptedTextField()
            spare = EncryptedTextField(blank=True, null=True)

            class Meta:
                app_label = "portal"
                db_table = "test_keeper"

            def __str__(self) -> str:
                return self.name

        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE test_keeper"
                " (name varchar(20) PRIMARY KEY, secret text NOT NULL, spare text NULL)"
            )
        yield Keeper


def stored(name: str) -> tuple[str, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, spare FROM test_keeper WHERE name = %s", [name])
        return cursor.fetchone()


def test_the_column_holds_no_plain_text(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2", spare="swordfish")
    secret, spare = stored("a")
    assert secret.startswith("sealed:1:")
    assert spare is not None
    assert spare.startswith("sealed:1:")
    row = keeper.objects.get()
    assert (row.secret.reveal(), row.spare.reveal()) == ("hunter2", "swordfish")


def test_every_way_of_writing_seals(keeper: Any) -> None:
    keeper.objects.bulk_create([keeper(name="a", secret="one"), keeper(name="b", secret="two")])
    keeper.objects.filter(name="a").update(secret="three")
    rows = list(keeper.objects.order_by("name"))
    rows[1].secret = "four"
    keeper.objects.bulk_update(rows, ["secret"])
    assert [stored(name)[0][:9] for name in "ab"] == ["sealed:1:", "sealed:1:"]
    assert [row.secret.reveal() for row in keeper.objects.order_by("name")] == ["three", "four"]


def test_null_and_blank_stay_what_they_are(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="", spare=None)
    keeper.objects.create(name="b", secret="x", spare="")
    assert stored("a") == ("", None)
    assert stored("b")[1] == ""
    row = keeper.objects.get(name="a")
    assert (row.secret.reveal(), row.spare) == ("", None)
    assert [row.name for row in keeper.objects.filter(spare__isnull=True)] == ["a"]


def test_saving_what_was_loaded_leaves_the_sealed_text_alone(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2")
    before = stored("a")
    keeper.objects.get().save()
    deferred = keeper.objects.defer("secret").get()
    deferred.save()
    assert deferred.secret.reveal() == "hunter2"
    assert stored("a") == before


def test_an_object_shows_no_secret_not_even_an_unsaved_one(keeper: Any) -> None:
    row = keeper(name="a", secret="hunter2")
    row.spare = "swordfish"
    shown = f"{row!r} {vars(row)} {row.secret} {forms.model_to_dict(row)}"
    assert "hunter2" not in shown
    assert "swordfish" not in shown
    assert row.secret.reveal() == "hunter2"


def test_a_row_whose_key_is_gone_loads_validates_and_saves_all_the_same(keeper: Any) -> None:
    with override_settings(SECRET_KEY="former"):
        keeper.objects.create(name="a", secret="hunter2", spare="swordfish")
    before = stored("a")
    row = keeper.objects.get()
    row.full_clean(validate_unique=False)
    row.save()
    row.refresh_from_db()
    assert stored("a") == before
    with pytest.raises(Unsealable):
        row.secret.reveal()
    row.secret = "entered again"
    row.save()
    assert keeper.objects.get().secret.reveal() == "entered again"


def test_a_blank_secret_that_must_be_there_is_an_error(keeper: Any) -> None:
    with pytest.raises(ValidationError) as error:
        keeper(name="a", secret="").full_clean(validate_unique=False)
    assert error.value.message_dict == {"secret": ["This field cannot be blank."]}
    keeper(name="a", secret="x", spare="").full_clean(validate_unique=False)


@pytest.mark.parametrize("lookup", ["secret", "secret__in", "secret__contains"])
def test_a_secret_cannot_be_searched_for(keeper: Any, lookup: str) -> None:
    with pytest.raises(FieldError, match="Unsupported lookup"):
        keeper.objects.filter(**{lookup: "hunter2"})


def test_a_dump_is_sealed_and_loads_under_the_same_key(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2")
    text, before = stored("a")[0], stored("a")
    dump = serializers.serialize("python", keeper.objects.all())
    assert dump[0]["fields"] == {"secret": text, "spare": None}
    keeper.objects.all().delete()
    loaded = keeper(
        name="a",
        **{
            name: keeper._meta.get_field(name).to_python(value)
            for name, value in json.loads(json.dumps(dump[0]["fields"])).items()
        },
    )
    loaded.save()
    assert stored("a") == before
    assert keeper.objects.get().secret.reveal() == "hunter2"


def form_of(keeper: Any, row: Any, **data: str) -> forms.ModelForm:
    form_class = forms.modelform_factory(keeper, fields=["secret", "spare"])
    return form_class(data or None, instance=row)


def test_a_form_never_holds_what_is_stored(keeper: Any) -> None:
    html = form_of(keeper, keeper(name="a", secret="hunter2")).as_p()
    assert 'type="password"' in html
    assert "value=" not in html
    assert "Leave empty to keep the one that is stored." in html


def test_a_form_left_empty_keeps_the_secret(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2", spare="swordfish")
    before = stored("a")
    form = form_of(keeper, keeper.objects.get(), secret="", spare="")
    assert form.is_valid(), form.errors
    assert form.changed_data == []
    form.save()
    assert stored("a") == before


def test_a_form_saves_what_is_entered(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2")
    form = form_of(keeper, keeper.objects.get(), secret="new", spare="swordfish")
    assert form.changed_data == ["secret", "spare"]
    form.save()
    row = keeper.objects.get()
    assert (row.secret.reveal(), row.spare.reveal()) == ("new", "swordfish")


def test_a_form_for_a_new_row_demands_the_secret(keeper: Any) -> None:
    form = form_of(keeper, keeper(name="a"), secret="", spare="")
    assert form.errors == {"secret": ["This field is required."]}
    # Forms of a class do not share what one of them found.
    assert form_of(keeper, keeper(name="b", secret="x"), secret="", spare="").is_valid()
    assert not form_of(keeper, keeper(name="c"), secret="", spare="").is_valid()


def test_the_admin_takes_a_secret_and_shows_none(keeper: Any) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    site = ModelAdmin(keeper, AdminSite())
    form = site.get_form(request)(instance=keeper(name="a", secret="hunter2"))
    assert isinstance(form.fields["secret"].widget, SecretInput)
    assert "hunter2" not in form.as_p()
    assert "sealed" not in form.as_p()
    field = keeper._meta.get_field("secret")
    assert display_for_field(form.instance.secret, field, "-") == "(sealed)"


def test_a_value_is_a_sealed_one_outside_of_objects_too(keeper: Any) -> None:
    keeper.objects.create(name="a", secret="hunter2")
    [value] = keeper.objects.values_list("secret", flat=True)
    assert isinstance(value, Sealed)
    assert value.reveal() == "hunter2"
