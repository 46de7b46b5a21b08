"""The JSON column of the catalog: Django's, decoded several times as fast."""

from typing import Any

import msgspec
from django.db import models
from django.db.models.fields.json import KeyTransform

_decode = msgspec.json.decode


class JSONField(models.JSONField):
    """Django's field in all but the decoder: entities have four such columns, and are many."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Decode what the database keeps; leave to Django what else it may have for an answer."""
        if isinstance(value, str) and not isinstance(expression, KeyTransform):
            try:
                return _decode(value)
            except msgspec.DecodeError:
                # Written past the checks: numbers beyond all floats, half surrogate pairs.
                pass
        return super().from_db_value(value, expression, connection)

    def deconstruct(self) -> Any:
        """Stand as Django's own in migrations: the database sees no difference."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
