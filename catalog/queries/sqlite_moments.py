"""Dates in SQLite's words: the microseconds that `as_moment` would find, or null."""

from catalog.queries.sql import SQL, sql

# From the inside out: the text, the length of its zone, its parts, the zone in minutes. What stands
# before the zone has no sign in it, so cutting off what looks like a zone cannot cut anything else;
# only a plain date ends like one, hence the length. Without LIMIT the steps would be folded into
# one, and every part worked out anew wherever it is named: fifty times as slow.
_ANY_MOMENT = """(
SELECT unixepoch(day) * 1000000
    + (substr(clock, 1, 2) * 3600 + substr(clock, 4, 2) * 60 + substr(clock, 7, 2)) * 1000000
    + substr(substr(clock, 10) || '000000', 1, 6) - shift * 60000000
FROM (
    SELECT day, clock, CASE substr(zone, 1, 1)
        WHEN '+' THEN substr(zone, 2, 2) * 60 + ltrim(substr(zone, 4), ':')
        WHEN '-' THEN -(substr(zone, 2, 2) * 60 + ltrim(substr(zone, 4), ':'))
        ELSE 0 END AS shift
    FROM (
        SELECT substr(text, 1, 10) AS day, substr(text, 11, 1) AS mark,
            substr(text, 12, max(length(text) - 11 - size, 0)) AS clock,
            substr(text, length(text) - size + 1) AS zone
        FROM (
            SELECT text, CASE
                WHEN length(text) < 17 THEN 0
                WHEN text GLOB '*[Zz]' THEN 1
                WHEN text GLOB '*[+-][0-9][0-9]' THEN 3
                WHEN text GLOB '*[+-][0-9][0-9][0-9][0-9]' THEN 5
                WHEN text GLOB '*[+-][0-9][0-9]:[0-9][0-9]' THEN 6
                ELSE 0 END AS size
            FROM (SELECT raw ->> '$' AS text
                WHERE raw GLOB '"[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*')
            WHERE date(substr(text, 1, 10), '+0 days') = substr(text, 1, 10) LIMIT 1)
        WHERE text > '0001' LIMIT 1)
    WHERE mark = '' OR (mark IN ('T', 't', ' ') AND substr(clock, 1, 2) < '24'
        AND substr(clock, 4, 2) < '60' AND substr(clock, 7, 2) < '60' AND (
            clock GLOB '[0-9][0-9]:[0-9][0-9]'
            OR clock GLOB '[0-9][0-9]:[0-9][0-9]:[0-9][0-9]'
            OR (clock GLOB '[0-9][0-9]:[0-9][0-9]:[0-9][0-9][.,][0-9]*'
                AND substr(clock, 10) NOT GLOB '*[^0-9]*'))) LIMIT 1)
WHERE abs(shift) < 24 * 60)"""


# The forms in which nearly all dates come, but for some days of months: SQLite reads those by
# itself, in a fraction of the time.
_PLAIN = """'"[1-9][0-9][0-9][0-9]-[01][0-9]-[012][0-8]T[012][0-9]:[0-5][0-9]:[0-5][0-9]"""
_MOMENT = """(SELECT CASE
WHEN raw GLOB {plain}Z"' AND substr(raw, 13, 2) < '24'
THEN unixepoch(substr(raw, 2, 19)) * 1000000
WHEN raw GLOB {plain}.[0-9][0-9][0-9]Z"' AND substr(raw, 13, 2) < '24'
THEN unixepoch(substr(raw, 2, 19)) * 1000000 + substr(raw, 22, 3) * 1000
ELSE {any} END FROM (SELECT {raw} AS raw LIMIT 1))"""


def moment(raw: SQL) -> SQL:
    """Return the microseconds since 1970 of the date that a JSON text is, null where it is none."""
    return sql(_MOMENT, plain=SQL(_PLAIN), any=SQL(_ANY_MOMENT), raw=raw)
