"""SQL over the facts of entities, the same on SQLite and PostgreSQL.

Django's key transforms are not used to order by: on SQLite they turn a JSON null into the text
"null", which then sorts among the values instead of last.
"""

from typing import Any

from django.db.models import FloatField, Func, TextField
from django.db.models.fields.json import compile_json_path

Sql = tuple[str, list[Any]]


class FactText(Func):
    """The fact at a path as text; NULL where it is missing or null.

    `facts` leads to the column: ``entity__facts`` where rows point at entities.
    """

    sqlite = "JSON_EXTRACT({facts}, %s)"
    postgresql = "({facts} #>> %s)"
    output_field = TextField()

    def __init__(self, *path: str | int, facts: str = "facts") -> None:
        self.path = path
        super().__init__(facts)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Sql:
        """Read with SQLite's functions, which know paths as text."""
        return self._filled(compiler, self.sqlite, compile_json_path(self.path))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Sql:
        """Read with PostgreSQL's operators, which know paths as lists."""
        return self._filled(compiler, self.postgresql, [str(part) for part in self.path])

    def _filled(self, compiler: Any, template: str, path: Any) -> Sql:
        facts, params = compiler.compile(self.source_expressions[0])
        places = template.count("{facts}")
        return template.format(facts=facts), [*params, path] * places


class FactNumber(FactText):
    """The fact under a key as a number; NULL where it is anything else.

    SQLite would sort a text after every number, PostgreSQL would refuse to cast it.
    """

    sqlite = (
        "CASE WHEN JSON_TYPE({facts}, %s) IN ('integer', 'real') THEN JSON_EXTRACT({facts}, %s) END"
    )
    postgresql = (
        "CASE WHEN jsonb_typeof({facts} #> %s) = 'number' "
        "THEN ({facts} #>> %s)::double precision END"
    )
    output_field = FloatField()
