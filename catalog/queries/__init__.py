"""Queries answered by the database, with the answers of `catalog.conditions.matches`.

Facts are compared as the database gives them back: PostgreSQL keeps 1e16 as an integer.

What an index can serve. On PostgreSQL `=` with a text, a number or a boolean is containment
(`facts @> {...}`), which a GIN index over `facts` (`jsonb_path_ops`) answers while it stands at the
top or below groups joined by "and"; nothing else can use one. On SQLite no index can serve a query:
keys are bound, and expressions over bound values match none. Narrow to a blueprint first, as tables
do; then every remaining row is read. No index is made for this until a measurement asks for it.

Limits. Whatever `parse` accepts runs on both databases: groups are joined in the shape that nests
least, and lists travel as one parameter. The rows must hold what `catalog.storable` lets in, as
Django's JSON field writes it. SQLite must be 3.38 or newer. Dates are read by patterns that take
what `fromisoformat` takes in Python 3.11 to 3.13.
"""

from datetime import datetime
from typing import Any

from django.db import NotSupportedError
from django.db.models import BooleanField, Func, Q

from catalog.conditions import Query
from catalog.queries import postgresql, sqlite
from catalog.queries.dialects import Dialect
from catalog.queries.nodes import compile_node
from catalog.queries.sql import SQL

__all__ = ["Holds", "compile_q"]


def compile_q(query: Query, *, now: datetime, facts: str = "facts") -> Q:
    """Return the condition that the query holds for the facts; it is never null.

    `facts` leads to the column: ``entity__facts`` where rows point at entities.
    """
    return Q(Holds(query, now=now, facts=facts))


class Holds(Func):
    """Whether a query holds for a column of facts: true or false, so that NOT may stand before."""

    output_field = BooleanField()

    def __init__(self, query: Query, *, now: datetime, facts: str = "facts") -> None:
        self.query, self.now = query, now
        super().__init__(facts)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Refuse: every other database would have ideas of its own about equality."""
        raise NotSupportedError(f"queries are compiled for SQLite and PostgreSQL, not {connection}")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the condition in SQLite's words."""
        return self._compile(compiler, sqlite.DIALECT)

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        """Return the condition in PostgreSQL's words."""
        return self._compile(compiler, postgresql.DIALECT)

    def _compile(self, compiler: Any, dialect: Dialect) -> tuple[str, list[Any]]:
        text, params = compiler.compile(self.source_expressions[0])
        facts = SQL(text, tuple(params))
        answer = compile_node(self.query.root, facts=facts, dialect=dialect, now=self.now)
        return answer.text, list(answer.params)
