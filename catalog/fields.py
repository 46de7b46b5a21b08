"""The JSON columns of the catalog."""

from typing import Any

import msgspec
from django.db import models
from django.db.models.fields.json import KeyTransform

_decode = msgspec.json.decode


class JSONField(models.JSONField):
    """Django's field in all but the decoder: entities have four such columns, and are many.

    PostgreSQL's `jsonb` forgets the order of keys: what people put in order is a `DocumentField`.
    """

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


class DocumentField(models.JSONField):
    """JSON that keeps the order of its keys, in PostgreSQL as the type `json`, which has no `=`.

    For documents that are read whole: a query with DISTINCT, or one that looks into them, fails.
    """

    def db_type(self, connection: Any) -> str | None:
        """Return the type of the column."""
        is_postgresql = connection.vendor == "postgresql"
        return "json" if is_postgresql else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what the driver sends; Django's sends `jsonb`, which is in order no more."""
        sent = super().get_db_prep_value(value, connection, prepared)
        if connection.vendor != "postgresql":
            return sent
        from psycopg.types.json import Json

        return Json(sent.obj, sent.dumps)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the document, which PostgreSQL's driver has decoded already."""
        if not isinstance(value, str):
            return value
        return super().from_db_value(value, expression, connection)
