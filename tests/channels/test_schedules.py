"""When reports are due."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.integrations.notices.schedules import Schedule, is_time_zone

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
schedules = st.builds(
    Schedule,
    st.sampled_from(["day", "week", "month"]),
    st.times(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    st.integers(0, 6),
    st.integers(1, 31),
)


@pytest.mark.parametrize(
    ("schedule", "moment", "due"),
    [
        (Schedule("day", time(9)), "2026-06-01T08:59", "2026-06-01T09:00"),
        (Schedule("day", time(9)), "2026-06-01T09:00", "2026-06-02T09:00"),
        (Schedule("week", time(9), weekday=0), "2026-06-01T10:00", "2026-06-08T09:00"),
        (Schedule("week", time(9), weekday=4), "2026-06-01T10:00", "2026-06-05T09:00"),
        (Schedule("month", time(9), month_day=31), "2026-02-01T00:00", "2026-02-28T09:00"),
        (Schedule("month", time(9), month_day=1), "2026-06-01T09:00", "2026-07-01T09:00"),
        (Schedule("day", time(9), "Europe/Berlin"), "2026-06-01T00:00", "2026-06-01T07:00"),
        (Schedule("day", time(9), "Europe/Berlin"), "2026-12-01T00:00", "2026-12-01T08:00"),
        # The day there is another one than here.
        (
            Schedule("week", time(1), "Asia/Tokyo", weekday=0),
            "2026-05-31T15:00",
            "2026-05-31T16:00",
        ),
        # The clocks leave this hour out.
        (Schedule("day", time(2, 30), "Europe/Berlin"), "2026-03-29T00:00", "2026-03-29T01:30"),
        # They show this one twice.
        (Schedule("day", time(2, 30), "Europe/Berlin"), "2026-10-25T00:00", "2026-10-25T00:30"),
    ],
)
def test_the_next_time(schedule: Schedule, moment: str, due: str) -> None:
    found = schedule.next_after(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(schedules, moments)
def test_there_is_always_a_next_time_and_it_is_later(schedule: Schedule, moment: datetime) -> None:
    due = schedule.next_after(moment)
    days = {"day": 2, "week": 8, "month": 32}[schedule.every]
    assert 0 < (due - moment).total_seconds() <= days * 86_400


def test_time_zones_go_by_their_names() -> None:
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("../etc/passwd")
    assert not is_time_zone("Mars/Base")
