"""Dates in PostgreSQL's words: the microseconds since 1970 of a text, null where it is no date.

Casts raise, so each stands behind a CASE that lets through only what the database can read.
"""

from calendar import monthrange
from collections.abc import Iterable

from catalog.queries.sql import SQL, join, sql

_LEAP_YEAR = (
    "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"  # 2024, 2000
)
# The dates that `as_moment` reads. Nothing is captured: that would be ten times as slow.
_MOMENT = (
    "^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}-02-29)"
    "(?:[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
    "(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$"
)
# The form in which nearly all dates come, but for the last days of months: the database reads it
# by itself, in a third of the time.
_PLAIN_MOMENT = (
    "^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?Z$"
)
# The parts lie where the pattern has them; CASE keeps the casts from what none has let through.
# Without a SELECT of its own, which parallel workers do not work out. So `text` is to be a column.
_ZONE = "substring(substr({text}, 17) FROM '[+-].*$')"
_SHIFT = f"""COALESCE((left({_ZONE}, 1) || '1')::int * (substr({_ZONE}, 2, 2)::int * 60
    + COALESCE(NULLIF(ltrim(substr({_ZONE}, 4), ':'), '')::int, 0)), 0)"""
_AS_MICROSECONDS = f"""(CASE WHEN {{text}} ~ {{plain_pattern}}
THEN (extract(epoch FROM {{text}}::timestamptz) * 1000000)::bigint
WHEN {{text}} ~ {{pattern}} AND left({{text}}, 4) <> '0000' THEN CASE WHEN abs({_SHIFT}) < 24 * 60
THEN (left({{text}}, 10)::date - DATE '1970-01-01') * 86400000000
    + CASE WHEN length({{text}}) > 10
        THEN substr({{text}}, 12, 2)::int * 3600 + substr({{text}}, 15, 2)::int * 60 ELSE 0
        END * 1000000::bigint
    + CASE WHEN substr({{text}}, 17, 1) = ':' THEN substr({{text}}, 18, 2)::int ELSE 0 END * 1000000
    + CASE WHEN substr({{text}}, 20, 1) IN ('.', ',')
        THEN rpad(substring(substr({{text}}, 21) FROM '^[0-9]{{{{1,6}}}}'), 6, '0')::int ELSE 0 END
    - {_SHIFT} * 60000000::bigint END END)"""


def _texts(texts: Iterable[str]) -> str:
    return f"{{{','.join(texts)}}}"


# The form in which instants are stored, in parts: where each begins, how long it is, and all that
# it can be. The database finds a text among a thousand in a tenth of the time that a pattern takes
# to read it. Not the 29th of February, which the patterns know about.
_COMMON_YEAR = 1970
_PARTS = (
    (1, 5, _texts(f"{year}-" for year in range(1970, 2100))),
    (
        6,
        5,
        _texts(
            f"{month:02}-{day:02}"
            for month in range(1, 13)
            for day in range(1, monthrange(_COMMON_YEAR, month)[1] + 1)
        ),
    ),
    (11, 6, _texts(f"T{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))),
    (17, 4, _texts(f":{second:02}." for second in range(60))),
    # One more than these have: there is to be nothing behind them.
    (21, 5, _texts(f"{millisecond:03}Z" for millisecond in range(1000))),
)
_IS_ONE_OF = 'substr({text}, {start}, {length}) COLLATE "C" = ANY({texts}::text[])'
# A float holds the milliseconds of these years, and is quicker than the exact number.
_AS_STORED = """CASE WHEN {is_stored}
THEN (date_part('epoch', {text}::timestamptz) * 1000)::bigint * 1000 ELSE {otherwise} END"""


def microseconds_of(text: SQL) -> SQL:
    """Return the microseconds since 1970 of the date in a column, null where it is none."""
    return sql(_AS_MICROSECONDS, text=text, pattern=_MOMENT, plain_pattern=_PLAIN_MOMENT)


def stored_microseconds_of(text: SQL) -> SQL:
    """Return the same, quicker for texts by the million of which nearly all are stored instants."""
    parts = [
        sql(_IS_ONE_OF, text=text, start=SQL(str(start)), length=SQL(str(length)), texts=texts)
        for start, length, texts in _PARTS
    ]
    return sql(_AS_STORED, is_stored=join("AND", parts), text=text, otherwise=microseconds_of(text))
