"""Queries in SQLite's words.

`->` gives what stands in the document as JSON text, and that says more than SQLite's values do:
`true` is not `1`, and no digit of a long number is lost. So values are compared by their JSON; what
that cannot decide is asked of `catalog.queries.sqlite_functions`.
"""

import json
from datetime import datetime
from typing import Any

from catalog.conditions.values import Span, as_ordered
from catalog.queries import sqlite_functions  # noqa: F401 - connections get them on import
from catalog.queries.dialects import Dialect, Excerpt, Fact, Literal, Lookup, Wanted, microseconds
from catalog.queries.spellings import among
from catalog.queries.sql import FALSE, SQL, TRUE, join, sql
from catalog.queries.sqlite_moments import moment

# Numbers that lie closer, by their size, are not left to SQLite's own reading of decimals and of
# integers beyond 64 bits; nor are those so small that floats lose digits.
_NEARNESS, _SMALLEST = 1e-14, 1e-290
_LARGEST_INTEGER = 2**63 - 1

_FOUND, _WANTED = SQL("found"), SQL("wanted")
_ARE_NEAR = (
    "COALESCE(abs((CAST({left} AS NUMERIC) - CAST({right} AS NUMERIC)) * 1.0)"
    f" <= abs(CAST({{right}} AS NUMERIC) * {_NEARNESS}) + {_SMALLEST}, TRUE)"
)
_ARE_NUMBERS = "{left} GLOB '[-0-9]*' AND {right} GLOB '[-0-9]*'"
_ARE_EQUAL = f"""({{left}} = {{right}} OR CASE
WHEN {_ARE_NUMBERS} THEN {_ARE_NEAR} AND tidemark_equal({{left}}, {{right}})
WHEN substr({{left}}, 1, 1) IN ('[', '{{{{')
THEN substr({{left}}, 1, 1) = substr({{right}}, 1, 1) AND tidemark_equal({{left}}, {{right}})
ELSE FALSE END)"""
_ARE_IN_ORDER = f"""CASE WHEN {_ARE_NUMBERS} THEN CASE
WHEN {{left}} = {{right}} THEN {{on_equal}}
WHEN {_ARE_NEAR} THEN tidemark_order({{left}}, {{right}}) {{sign}} 0
ELSE CAST({{left}} AS NUMERIC) {{sign}} CAST({{right}} AS NUMERIC) END
ELSE {{earlier}} {{sign}} {{later}} END"""
_IS_IN_ORDER = """(CASE WHEN {found} GLOB '[-0-9]*' THEN CASE
WHEN {is_same} THEN {on_equal}
WHEN abs((CAST({found} AS NUMERIC) - {bound}) * 1.0) <= {nearness}
THEN tidemark_order({found}, {text}) {sign} 0
ELSE CAST({found} AS NUMERIC) {sign} {bound} END
ELSE FALSE END)"""


def _raw(wanted: Wanted) -> SQL:
    """Return a value of the query, or what the entity holds, as JSON text; null where missing."""
    if isinstance(wanted, Literal):
        return SQL("%s", (json.dumps(wanted.value, separators=(",", ":")),))
    if isinstance(wanted.facts, Excerpt):
        place = wanted.facts.keys.index(wanted.key)
        return sql("({facts} -> {place})", facts=wanted.facts, place=place)
    if '"' in wanted.key:
        return sql("tidemark_fact({facts}, {key})", facts=wanted.facts, key=wanted.key)
    return sql("({facts} -> {path})", facts=wanted.facts, path=f"$.{json.dumps(wanted.key)}")


def _compare(found: Fact, wanted: Wanted, condition: str, **parts: SQL) -> SQL:
    """Return whether a condition on `found` and `wanted` holds; each is looked up once."""
    template = (
        "EXISTS(SELECT 1 FROM (SELECT {found} AS found, {wanted} AS wanted LIMIT 1)"
        " WHERE {condition})"
    )
    return sql(template, found=_raw(found), wanted=_raw(wanted), condition=sql(condition, **parts))


def _are_equal(left: str, right: str) -> SQL:
    return sql(_ARE_EQUAL, left=SQL(left), right=SQL(right))


def _is_empty(found: Fact, _wanted: Wanted) -> SQL:
    template = """(COALESCE({found}, 'null') IN ('null', '""', '[]', '{{}}'))"""
    return sql(template, found=_raw(found))


def _equals(found: Fact, wanted: Wanted) -> SQL:
    if isinstance(wanted, Literal):
        raw = sql("COALESCE({found}, 'null')", found=_raw(found))
        return among(raw, [wanted.value])
    is_equal = _are_equal("found", "wanted")
    return _compare(found, wanted, "wanted <> 'null' AND {is_equal}", is_equal=is_equal)


def _ordered(sign: str, *, on_equal: SQL) -> Lookup:
    def lookup(found: Fact, wanted: Wanted) -> SQL:
        if isinstance(wanted, Literal):
            bound = as_ordered(wanted.value)
            return _order(found, bound, sign=SQL(sign), on_equal=on_equal)
        return _compare(
            found,
            wanted,
            _ARE_IN_ORDER,
            left=_FOUND,
            right=_WANTED,
            on_equal=on_equal,
            sign=SQL(sign),
            earlier=moment(_FOUND),
            later=moment(_WANTED),
        )

    return lookup


def _order(found: Fact, bound: Any, *, sign: SQL, on_equal: SQL) -> SQL:
    match bound:
        case None:
            return FALSE
        case datetime():
            template = "COALESCE({moment} {sign} {bound}, FALSE)"
            bound = microseconds(bound)
            return sql(template, moment=moment(_raw(found)), sign=sign, bound=bound)
    return sql(
        _IS_IN_ORDER,
        found=_raw(found),
        is_same=among(_raw(found), [bound]),
        on_equal=on_equal,
        bound=bound if abs(bound) <= _LARGEST_INTEGER else float(bound),
        nearness=abs(bound) * _NEARNESS + _SMALLEST,
        text=_raw(Literal(bound)),
        sign=sign,
    )


def _within(found: Fact, span: Span) -> SQL:
    if isinstance(span.start, datetime):
        template = "COALESCE({moment} BETWEEN {start} AND {end}, FALSE)"
        start, end = microseconds(span.start), microseconds(span.end)
        return sql(template, moment=moment(_raw(found)), start=start, end=end)
    lower = _order(found, span.start, sign=SQL(">="), on_equal=TRUE)
    upper = _order(found, span.end, sign=SQL("<="), on_equal=TRUE)
    return join("AND", [lower, upper])


def _contains(found: Fact, wanted: Wanted) -> SQL:
    condition = """CASE substr(found, 1, 1)
WHEN '"' THEN wanted GLOB '"*' AND instr(found ->> '$', wanted ->> '$') > 0
WHEN '[' THEN wanted <> 'null' AND EXISTS(
    SELECT 1 FROM json_each(found) AS item WHERE {is_equal}) END"""
    is_equal = _are_equal("(found -> item.key)", "wanted")
    return _compare(found, wanted, condition, is_equal=is_equal)


def _contains_any(found: Fact, wanted: Wanted) -> SQL:
    if isinstance(wanted, Literal):
        condition = """substr(found, 1, 1) = '[' AND EXISTS(
    SELECT 1 FROM json_each(found) AS item WHERE {is_wanted})"""
        is_wanted = among(SQL("(found -> item.key)"), wanted.value)
        return _compare(found, Literal(None), condition, is_wanted=is_wanted)
    condition = """substr(found, 1, 1) = '[' AND substr(wanted, 1, 1) = '[' AND EXISTS(
    SELECT 1 FROM json_each(found) AS item, json_each(wanted) AS choice WHERE {is_equal})"""
    is_equal = _are_equal("(found -> item.key)", "(wanted -> choice.key)")
    return _compare(found, wanted, condition, is_equal=is_equal)


def _is_one_of(found: Fact, wanted: Wanted) -> SQL:
    if isinstance(wanted, Literal):
        return among(sql("COALESCE({found}, 'null')", found=_raw(found)), wanted.value)
    condition = """found <> 'null' AND substr(wanted, 1, 1) = '[' AND EXISTS(
    SELECT 1 FROM json_each(wanted) AS choice WHERE {is_equal})"""
    is_equal = _are_equal("found", "(wanted -> choice.key)")
    return _compare(found, wanted, condition, is_equal=is_equal)


def _begins_with(found: Fact, wanted: Wanted) -> SQL:
    condition = """found GLOB '"*' AND wanted GLOB '"*'
AND substr(found ->> '$', 1, length(wanted ->> '$')) = wanted ->> '$'"""
    return _compare(found, wanted, condition)


def _ends_with(found: Fact, wanted: Wanted) -> SQL:
    # No length at all would mean the whole text to substr.
    condition = """found GLOB '"*' AND wanted GLOB '"*' AND (wanted = '""'
OR substr(found ->> '$', -length(wanted ->> '$')) = wanted ->> '$')"""
    return _compare(found, wanted, condition)


def _number(found: Fact) -> SQL:
    template = "(SELECT CAST(raw AS REAL) FROM (SELECT {raw} AS raw) WHERE raw GLOB '[-0-9]*')"
    return sql(template, raw=_raw(found))


def _moment(found: Fact) -> SQL:
    return moment(_raw(found))


DIALECT = Dialect(
    lookups={
        "=": _equals,
        "<": _ordered("<", on_equal=FALSE),
        "<=": _ordered("<=", on_equal=TRUE),
        ">": _ordered(">", on_equal=FALSE),
        ">=": _ordered(">=", on_equal=TRUE),
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
