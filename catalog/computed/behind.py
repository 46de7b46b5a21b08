"""What a computed value is made of: the entities behind it, found by the database in one query."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Func
from django.db.models.lookups import IsNull

from catalog.blueprints import Aggregation
from catalog.computed.graph import Derived, Step
from catalog.queries.sql import SQL, sql
from catalog.queries.typed import NumberOf
from catalog.querysets import EntityQuerySet


def keep_behind(
    entities: EntityQuerySet, derived: Derived, *, owner_id: int, now: datetime
) -> EntityQuerySet:
    """Keep the entities that the value of an owner is made of.

    They stand at the end of its steps. Behind an aggregation are those that meet its query at
    `now` and, where it calculates with a property, have a number there.
    """
    found = entities.of(derived.end).filter(StandsAtEnd(derived.steps, owner_id))
    source = derived.source
    if not isinstance(source, Aggregation):
        return found
    if source.query is not None:
        found = found.matching(source.query, now=now)
    if source.property is not None:
        found = found.filter(IsNull(NumberOf(source.property), False))
    return found


class StandsAtEnd(Func):
    """Whether an entity stands at the end of steps from an owner.

    The steps are taken one after another, each from what the one before it reached. SQLite's
    parser does not take ten selections inside each other, PostgreSQL plans a join of ten steps for
    minutes, and a join finds an entity once for every way that leads to it.
    """

    output_field = BooleanField()

    def __init__(self, steps: Sequence[Step], owner_id: int) -> None:
        self.steps, self.owner_id = steps, owner_id
        super().__init__("pk")

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the condition, in the words of either database."""
        column, params = compiler.compile(self.source_expressions[0])
        walked = [self._walked(number, step) for number, step in enumerate(self.steps)]
        steps = SQL(
            ", ".join(step.text for step in walked),
            tuple(param for step in walked for param in step.params),
        )
        last = SQL(_name(len(walked) - 1))
        answer = sql(_STANDS, column=SQL(column, tuple(params)), steps=steps, last=last)
        return answer.text, list(answer.params)

    def _walked(self, number: int, step: Step) -> SQL:
        near, far = ("source_id", "target_id") if step.is_forward else ("target_id", "source_id")
        start = sql("= {owner}", owner=self.owner_id)
        if number:
            start = SQL(f"IN (SELECT id FROM {_name(number - 1)})")  # noqa: S608 - a name of ours
        return sql(
            _WALKED,
            name=SQL(_name(number)),
            near=SQL(near),
            far=SQL(far),
            start=start,
            relation=step.relation,
            blueprint=step.blueprint,
        )


_STANDS = "{column} IN (WITH {steps} SELECT id FROM {last})"
# Relation names are only unique within a blueprint, so each row's source is held to its own.
_WALKED = """{name}(id) AS MATERIALIZED (
SELECT edge.{far} FROM catalog_entityrelation AS edge
JOIN catalog_entity AS source ON source.id = edge.source_id
WHERE edge.{near} {start} AND edge.relation = {relation}
    AND source.blueprint_id = (SELECT id FROM catalog_blueprint WHERE identifier = {blueprint}))"""


def _name(number: int) -> str:
    return f"step_{number}"
