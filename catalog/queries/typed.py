"""Facts as values of one type, read by the database: what conditions see of numbers and dates."""

from typing import Any, ClassVar

from django.db.models import BigIntegerField, Field, FloatField, Func

from catalog.queries import postgresql, sqlite
from catalog.queries.dialects import Dialect, Fact
from catalog.queries.sql import SQL


class _Typed(Func):
    def __init__(self, key: str, *, facts: str = "facts") -> None:
        self.key = key
        super().__init__(facts)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the value in SQLite's words."""
        return self._compile(compiler, sqlite.DIALECT)

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        """Return the value in PostgreSQL's words."""
        return self._compile(compiler, postgresql.DIALECT)

    def _compile(self, compiler: Any, dialect: Dialect) -> tuple[str, list[Any]]:
        text, params = compiler.compile(self.source_expressions[0])
        value = self.read(dialect, Fact(SQL(text, tuple(params)), self.key))
        return value.text, list(value.params)

    def read(self, dialect: Dialect, fact: Fact) -> SQL:
        """Return the fact as a database of this dialect reads it."""
        raise NotImplementedError


class NumberOf(_Typed):
    """The number under a key as a float, infinite where it is too large, null where none is."""

    output_field: ClassVar[Field] = FloatField()

    def read(self, dialect: Dialect, fact: Fact) -> SQL:
        """Read a number."""
        return dialect.number(fact)


class MomentOf(_Typed):
    """The date under a key as microseconds since 1970, null where none is."""

    output_field: ClassVar[Field] = BigIntegerField()

    def read(self, dialect: Dialect, fact: Fact) -> SQL:
        """Read a date."""
        return dialect.moment(fact)
