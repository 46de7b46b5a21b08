"""Equality with values of the query, by how Django writes JSON, for SQLite.

A text, a boolean or null is written in one way only and a number in few, so that equality is mostly
membership in a set of spellings.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.queries.sql import FALSE, SQL, join, sql

# Longer lists travel as one parameter, which SQLite reads into a table of its own.
_MAX_PARAMS = 8


def among(raw: SQL, values: Sequence[Any]) -> SQL:
    """Return whether a JSON text is one of the values; null only where `raw` is."""
    texts = [text for value in values for text in spellings(value)]
    loose = [value for value in values if not _is_spelt_alike(value)]
    pieces = []
    if texts:
        pieces.append(sql("({raw} IN {texts})", raw=raw, texts=_listed(texts)))
    if loose:
        pieces.append(sql(_IS_AMONG_LOOSE, raw=raw, values=json.dumps(loose)))
    return join("OR", pieces) if pieces else FALSE


_IS_AMONG_LOOSE = """(substr({raw}, 1, 1) IN ('[', '{{') AND EXISTS(
SELECT 1 FROM json_each({values}) AS loose WHERE tidemark_equal({raw}, loose.value)))"""


def _listed(texts: list[str]) -> SQL:
    if len(texts) > _MAX_PARAMS:
        return sql("(SELECT value FROM json_each({texts}))", texts=json.dumps(texts))
    marks = ", ".join(["%s"] * len(texts))
    return SQL(f"({marks})", tuple(texts))


def spellings(value: Any) -> Iterator[str]:
    """Yield the JSON texts that a value may stand as; those of lists and objects may be more."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield json.dumps(value, separators=(",", ":"))
        return
    yield from dict.fromkeys(map(json.dumps, _numbers(value)))


def _numbers(value: int | float) -> Iterator[int | float]:
    """Yield the numbers equal to one that are written differently."""
    yield value
    if value == 0:
        yield from (0, 0.0, -0.0)
    elif int(value) == value:
        yield int(value)
        if float(value) == value:
            yield float(value)


def _is_spelt_alike(value: Any) -> bool:
    """Return whether all equal values have the spellings above."""
    match value:
        case list():
            return all(_has_one_spelling(item) for item in value)
        case dict():
            return len(value) <= 1 and all(_has_one_spelling(item) for item in value.values())
        case _:
            return True


def _has_one_spelling(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return not is_number and _is_spelt_alike(value)
