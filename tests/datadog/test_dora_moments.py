"""Moments of delivery events, by the unit that their size tells."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.errors import Invalid
from portal.integrations.datadog.dora_moments import instant_of, microseconds, moment_of, shown

MOMENT = datetime(2023, 8, 31, 14, 26, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (1693491974, MOMENT),
        (1693491974000, MOMENT),
        (1693491974123, MOMENT + timedelta(milliseconds=123)),
        (1693491974000000000, MOMENT),
        (1693491974123456789, MOMENT + timedelta(microseconds=123456)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        # The largest of a unit, and the smallest of the next.
        (10**11 - 1, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (10**11, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (10**14 - 1, datetime(5138, 11, 16, 9, 46, 39, 999000, tzinfo=UTC)),
        (10**17, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (2**63 - 1, datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC)),
    ],
)
def test_the_size_of_a_number_tells_its_unit(number: int, moment: datetime) -> None:
    assert moment_of(number, path="started_at") == moment


@pytest.mark.parametrize("value", [10**14, 10**17 - 1, -1, 1.0, True, "1693491974", None, []])
def test_what_is_no_such_number_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="started_at: give"):
        moment_of(value, path="started_at")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59Z"),
        ("2026-01-31T23:59:59.000Z", "2026-01-31T23:59:59Z"),
        ("2026-01-31T23:59:59.5+02:00", "2026-01-31T21:59:59.500000Z"),
        ("2026-01-31T23:59:59", "2026-01-31T23:59:59Z"),
        ("soon", None),
        ("0001-01-01T00:00:00+10:00", None),
        (7, None),
        (None, None),
    ],
)
def test_dates_are_shown_in_utc(text: Any, expected: str | None) -> None:
    assert shown(text) == expected


def test_instants_are_read_and_counted() -> None:
    assert instant_of("1970-01-01T01:00:01+01:00", path="from") == datetime(
        1970, 1, 1, 0, 0, 1, tzinfo=UTC
    )
    assert microseconds(datetime(1970, 1, 1, 0, 0, 1, 7, tzinfo=UTC)) == 1_000_007
    with pytest.raises(Invalid, match="to: give a time"):
        instant_of("soon", path="to")
