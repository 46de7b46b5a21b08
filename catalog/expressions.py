"""Expressions over columns of the catalog that an index is kept for."""

from typing import Any

from django.db.models import Func, TextField


class ShownName(Func):
    """What pages call an entity, in lower case: its title, or its identifier where it has none.

    Never null. Written without parameters: SQLite sees no index behind an expression with any.
    """

    template = "LOWER(CASE {title} WHEN '' THEN {identifier} ELSE {title} END)"
    output_field = TextField()

    def __init__(self, prefix: str = "") -> None:
        """Take the path to the entity, such as ``entity__``, where rows only point at it."""
        super().__init__(f"{prefix}title", f"{prefix}identifier")

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the same words for the index and for queries."""
        title, identifier = (compiler.compile(item)[0] for item in self.source_expressions)
        return self.template.format(title=title, identifier=identifier), []
