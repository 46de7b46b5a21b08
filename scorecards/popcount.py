"""Counting the bits of a mask in the database."""

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import BigIntegerField, Func, IntegerField, Value
from django.db.models.expressions import Combinable, CombinedExpression

_NAME = "TIDEMARK_POPCOUNT"


class PopCount(Func):
    """How many bits of a mask are set."""

    function = _NAME
    arity = 1
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Count with the function that it has for strings of bits."""
        template = "bit_count((%(expressions)s)::bigint::bit(64))"
        return self.as_sql(compiler, connection, template=template, **context)


def common(left: Combinable, right: Combinable | int) -> CombinedExpression:
    """Return the bits that two masks have in common."""
    other = Value(right, output_field=BigIntegerField()) if isinstance(right, int) else right
    return CombinedExpression(left, Combinable.BITAND, other, output_field=BigIntegerField())


def connect() -> None:
    """Give every connection to SQLite the function, which it does not have."""
    connection_created.connect(_prepare, dispatch_uid="scorecards.popcount")


def _prepare(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(_NAME, 1, int.bit_count, deterministic=True)
