"""How numbers, times and names are written."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import formats

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "", "0"),
        (-3, "", "-3"),
        (1234567, "", "1,234,567"),
        (0.125, "", "0.13"),
        (14.0, "h", "14 h"),
        (99.999, "%", "100 %"),
        (1104.26, "h", "1,104.3 h"),
        (3108.0, "min", "3,108 min"),
        (1e300, "", f"{1e300:g}"),
        (float("inf"), "", "inf"),
    ],
)
def test_a_number_is_written_with_few_decimals_and_grouped_thousands(value, unit, text):
    assert formats.number(value, unit) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (0, 7, "0 %"), (7, 7, "100 %"), (1, 9999, "1 %"), (9998, 9999, "99 %")],
)
def test_a_share_says_none_or_all_only_where_it_is(part, whole, text):
    assert formats.percent(part, whole) == text


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Lead time (hours)", ("Lead time", "h")),
        ("Change failure rate (%)", ("Change failure rate", "%")),
        ("Frequency (per week)", ("Frequency", "per week")),
        ("Name (legal)", ("Name (legal)", "")),
        ("(hours)", ("(hours)", "")),
        ("", ("", "")),
    ],
)
def test_a_unit_in_brackets_is_taken_off_a_title(title, expected):
    assert formats.title_and_unit(title) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (-7200, "in 2 hours"),
        (86_400 * 6, "6 days ago"),
        (86_400 * 800, "2 years ago"),
    ],
)
def test_a_moment_is_told_from_now(seconds, words):
    assert formats.ago(NOW - timedelta(seconds=seconds), now=NOW) == words


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Service", "Services"), ("Library", "Libraries"), ("Key", "Keys"), ("Process", "Processes")],
)
def test_titles_are_told_in_the_plural(title, expected):
    assert formats.many(title) == expected


@pytest.mark.parametrize(
    ("count", "known", "text"),
    [
        (7, 7, "7"),
        (640, 640, "640"),
        (999, 1_000, "1k"),
        (16_649, 17_000, "17k"),
        (98_312, 98_000, "98k"),
        (104_000, 100_000, "100k"),
        (999_900, 1_000_000, "1M"),
        (1_234_567, 1_200_000, "1.2M"),
    ],
)
def test_an_estimate_has_two_digits(count, known, text):
    assert (formats.about(count), formats.brief(count)) == (known, text)
