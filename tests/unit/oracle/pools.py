"""Values that the properties of the catalog under test may take, sound and odd."""

from typing import Any

MOMENTS = [
    None,
    "2026-06-01T12:00:00Z",
    "2026-06-01T12:45:00Z",
    "2026-06-01T23:59:59.999999Z",
    "2026-06-02T00:00:00Z",
    "2026-06-01T11:59:59.999999Z",
    "2026-05-31T23:30:00-02:00",
    "2026-05-25T12:00:00Z",
    "2026-05-25T14:00:00+02:00",
    "2026-05-25T11:59:59.9999999Z",
    "2026-05-25 12:00",
    "2026-05-02t12:00:00.5z",
    "2026-05-02",
    "2026-04-30T12:00:00,250",
    "2025-12-24T08:15",
    "1969-12-31T23:59:59.5Z",
    "0001-01-01T00:00:00Z",
    "2026-06-09T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "20260525T120000Z",
    "2026-13-01",
    "soon",
]
NUMBERS = [None, 0, 1, 2, 3, 2.5, 0.1, 2.7, -1.5, 40, 1_000_000, 1e22]
ODD = [None, "12", True, False, [1], {"n": 1}, 5, "2026-05-30T00:00:00Z"]
# Few owners and many events, so that there is something to add up.
NAMES = {
    "_team": "abc",
    "service": "abcd",
    "pull_request": "abcdefgh",
    "deployment": "abcdefghijkl",
    "incident": "abcdefgh",
    "alert": "abcdef",
}
WORDS = [None, "", "Go", "go", "C", "Zig"]


def values_of(*, numbers: str = "", moments: str = "", words: str = "", truths: str = "") -> Any:
    """Return what the properties named, by kind, may be given."""
    kinds = [(numbers, NUMBERS), (moments, MOMENTS), (words, WORDS), (truths, [None, True, False])]
    return {name: values for names, values in kinds for name in names.split()}


VALUES = {
    "_team": values_of(numbers="weight"),
    "service": values_of(numbers="tier", words="language"),
    "pull_request": values_of(numbers="hours", moments="merged"),
    "deployment": values_of(numbers="minutes", moments="at ready", words="env", truths="ok"),
    "incident": values_of(numbers="minutes", moments="at ended"),
    "alert": values_of(numbers="level", moments="at"),
}
