"""Queries in PostgreSQL's words.

`jsonb` compares as the query language does: strictly by type, numbers by their exact value, however
deep. Casts raise, so each stands behind a CASE or takes what a pattern has let through.
"""

import json
import sys
from datetime import datetime
from typing import Any

from catalog.conditions.values import Span, as_ordered
from catalog.queries.dialects import Dialect, Fact, Literal, Lookup, Wanted, microseconds
from catalog.queries.postgresql_moments import microseconds_of
from catalog.queries.sql import FALSE, SQL, sql

# OFFSET 0 has the text taken out of the document once.
_MOMENT_OF_FACT = """(
SELECT {microseconds} FROM (SELECT {facts} ->> {key}::text AS text OFFSET 0) AS written)"""

_ITEMS = "jsonb_array_elements(CASE jsonb_typeof({json}) WHEN 'array' THEN {json} ELSE '[]' END)"


def _json(wanted: Wanted) -> SQL:
    """Return a value of the query, or what the entity holds, as jsonb; null where it is missing."""
    if isinstance(wanted, Literal):
        return sql("{text}::jsonb", text=json.dumps(_exact(wanted.value)))
    return sql("({facts} -> {key}::text)", facts=wanted.facts, key=wanted.key)


def _exact(value: Any) -> Any:
    """Return a value whose decimals are its numbers: the float 1e23 lies below 10 ** 23."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_exact(item) for item in value]
        case dict():
            return {key: _exact(item) for key, item in value.items()}
        case _:
            return value


def _text(wanted: Wanted) -> SQL:
    """Return the text that a value is, null where it is none."""
    if isinstance(wanted, Literal):
        return sql("{text}::text", text=wanted.value)
    template = "(CASE jsonb_typeof({json}) WHEN 'string' THEN {facts} ->> {key}::text END)"
    return sql(template, json=_json(wanted), facts=wanted.facts, key=wanted.key)


def _moment(wanted: Fact) -> SQL:
    """Return the microseconds since 1970 of a date, null where there is none."""
    # A number or a list in text form fits the pattern no more than a wrong date does.
    found = microseconds_of(SQL("text"))
    return sql(_MOMENT_OF_FACT, microseconds=found, facts=wanted.facts, key=wanted.key)


def _items(wanted: Wanted) -> SQL:
    """Return the rows of a list; none where the value is something else."""
    return sql(_ITEMS, json=_json(wanted))


def _is_empty(found: Fact, _wanted: Wanted) -> SQL:
    return sql(
        """(COALESCE({found}, 'null') IN ('null', '""', '[]', '{{}}'))""", found=_json(found)
    )


def _equals(found: Fact, wanted: Wanted) -> SQL:
    match wanted:
        case Literal(value=None):
            return sql("(COALESCE({found}, 'null') = 'null')", found=_json(found))
        case Literal(value=str() | bool() | int() | float() as value):
            document = Literal({found.key: value})
            return sql("({facts} @> {json})", facts=found.facts, json=_json(document))
    template = "COALESCE({found} = {wanted} AND {wanted} <> 'null', FALSE)"
    return sql(template, found=_json(found), wanted=_json(wanted))


def _ordered(sign: str) -> Lookup:
    def lookup(found: Fact, wanted: Wanted) -> SQL:
        if isinstance(wanted, Fact):
            return _order_facts(found, wanted, sign=SQL(sign))
        return _order(found, as_ordered(wanted.value), sign=SQL(sign))

    return lookup


def _order(found: Fact, bound: Any, *, sign: SQL) -> SQL:
    match bound:
        case None:
            return FALSE
        case datetime():
            template = "COALESCE({moment} {sign} {bound}, FALSE)"
            return sql(template, moment=_moment(found), sign=sign, bound=microseconds(bound))
    template = (
        "(CASE jsonb_typeof({found}) WHEN 'number'"
        " THEN ({found})::numeric {sign} ({bound})::numeric ELSE FALSE END)"
    )
    return sql(template, found=_json(found), sign=sign, bound=_json(Literal(bound)))


def _order_facts(found: Fact, wanted: Fact, *, sign: SQL) -> SQL:
    template = (
        "(CASE WHEN jsonb_typeof({found}) = 'number' AND jsonb_typeof({wanted}) = 'number'"
        " THEN ({found})::numeric {sign} ({wanted})::numeric"
        " ELSE COALESCE({earlier} {sign} {later}, FALSE) END)"
    )
    return sql(
        template,
        found=_json(found),
        wanted=_json(wanted),
        earlier=_moment(found),
        later=_moment(wanted),
        sign=sign,
    )


def _within(found: Fact, span: Span) -> SQL:
    if isinstance(span.start, datetime):
        template = "COALESCE({moment} BETWEEN {start} AND {end}, FALSE)"
        start, end = microseconds(span.start), microseconds(span.end)
        return sql(template, moment=_moment(found), start=start, end=end)
    template = (
        "(CASE jsonb_typeof({found}) WHEN 'number'"
        " THEN ({found})::numeric BETWEEN ({start})::numeric AND ({end})::numeric ELSE FALSE END)"
    )
    return sql(
        template,
        found=_json(found),
        start=_json(Literal(span.start)),
        end=_json(Literal(span.end)),
    )


def _contains(found: Fact, wanted: Wanted) -> SQL:
    has_part = FALSE
    if isinstance(wanted, Fact) or isinstance(wanted.value, str):
        has_part = sql(
            "COALESCE(strpos({found}, {part}) > 0, FALSE)", found=_text(found), part=_text(wanted)
        )
    template = (
        "(CASE jsonb_typeof({found}) WHEN 'string' THEN {has_part}"
        " WHEN 'array' THEN EXISTS(SELECT 1 FROM {items} AS item"
        " WHERE item.value = {wanted} AND item.value <> 'null') ELSE FALSE END)"
    )
    return sql(
        template, found=_json(found), has_part=has_part, items=_items(found), wanted=_json(wanted)
    )


def _contains_any(found: Fact, wanted: Wanted) -> SQL:
    template = "EXISTS(SELECT 1 FROM {items} AS item WHERE item.value IN (SELECT {choices}))"
    return sql(template, items=_items(found), choices=_items(wanted))


def _is_one_of(found: Fact, wanted: Wanted) -> SQL:
    template = "COALESCE({found} IN (SELECT {choices}) AND {found} <> 'null', FALSE)"
    return sql(template, found=_json(found), choices=_items(wanted))


def _begins_with(found: Fact, wanted: Wanted) -> SQL:
    template = "COALESCE(starts_with({found}, {part}), FALSE)"
    return sql(template, found=_text(found), part=_text(wanted))


def _ends_with(found: Fact, wanted: Wanted) -> SQL:
    template = "COALESCE(right({found}, length({part})) = {part}, FALSE)"
    return sql(template, found=_text(found), part=_text(wanted))


def float_of(json: SQL) -> SQL:
    """Return the number that a jsonb value is as a float, null where it is none."""
    template = (
        "(CASE jsonb_typeof({json}) WHEN 'number' THEN CASE"
        " WHEN abs(({json})::numeric) <= {largest}::numeric THEN ({json})::float8"
        " ELSE sign(({json})::numeric)::float8 * 'Infinity'::float8 END END)"
    )
    return sql(template, json=json, largest=str(int(sys.float_info.max)))


def _number(found: Fact) -> SQL:
    return float_of(_json(found))


DIALECT = Dialect(
    lookups={
        "=": _equals,
        "<": _ordered("<"),
        "<=": _ordered("<="),
        ">": _ordered(">"),
        ">=": _ordered(">="),
        "contains": _contains,
        "containsAny": _contains_any,
        "in": _is_one_of,
        "beginsWith": _begins_with,
        "endsWith": _ends_with,
        "isEmpty": _is_empty,
    },
    within=_within,
    number=_number,
    moment=_moment,
)
