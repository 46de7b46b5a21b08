"""A column for secrets: sealed in the database, and nowhere shown but where it is asked for."""

from typing import Any

from django import forms
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from portal.sealing import PREFIX, Sealed


class SecretInput(forms.PasswordInput):
    """An input that never holds what is stored, and that browsers do not fill in."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "new-password", **(attrs or {})})


class SecretField(forms.CharField):
    """A field that can be written and not read: left empty, it keeps the secret that is stored."""

    widget = SecretInput

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """Return the field as this form shows it: required only where nothing is stored."""
        if getattr(getattr(form, "instance", None), field_name, None):
            self.required = False
            self.help_text = self.help_text or "Leave empty to keep the one that is stored."
        return super().get_bound_field(form, field_name)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether something was entered."""
        return bool(data)


class _SealedAttribute(DeferredAttribute):
    def __set__(self, instance: models.Model, value: Any) -> None:
        is_plain = isinstance(value, str)
        instance.__dict__[self.field.attname] = Sealed.of(value) if is_plain else value


class EncryptedTextField(models.Field):
    """Text that is sealed from the moment it is assigned, in memory as in the column.

    Assign a str or None; what is read is a `Sealed` or None, and `credential.secret.reveal()` the
    str. Rows, lists and forms therefore load, save and validate whatever became of the key: only
    revealing raises `Unsealable`. Blank is stored as blank. Sealed text is never twice the same, so
    there is nothing to search for but `isnull`. Forms write it and never show it; to take a secret
    away, assign "". A serializer declares it as a write-only CharField.
    """

    descriptor_class = _SealedAttribute
    empty_values = (None, "", Sealed(""))

    def get_internal_type(self) -> str:
        """Return the kind of column. No subclass of TextField: its widgets show what is stored."""
        return "TextField"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed | None:
        """Return the secret, still sealed."""
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        """Return what is stored, sealing what was not assigned to an object first."""
        value = super().get_prep_value(value)
        if isinstance(value, str):
            value = Sealed.of(value)
        return value.text if isinstance(value, Sealed) else value

    def to_python(self, value: Any) -> Any:
        """Return the secret from a plain text, or from a dump, where it is sealed."""
        if not isinstance(value, str):
            return value
        return Sealed(value) if value.startswith(PREFIX) else Sealed.of(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return the sealed text, for dumps that the same keys will open."""
        return self.value_from_object(obj).text

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookup for null; the others would silently find nothing."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def formfield(self, **kwargs: Any) -> Any:
        """Return a form field that can only be written."""
        return super().formfield(**{"form_class": SecretField, **kwargs})

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Assign what was entered; nothing entered keeps what is stored."""
        if data:
            super().save_form_data(instance, data)
