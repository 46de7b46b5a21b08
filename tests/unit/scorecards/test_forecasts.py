"""When a campaign will be done, if it goes on like this."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecards.forecasts import FARTHEST, RECENT, Forecast, Left, forecast

DAY = date(2026, 5, 1)


def past(*counts: int, step: int = 1) -> list[Left]:
    """Return what was left, a step of days apart."""
    return [Left(DAY + timedelta(days=step * index), count) for index, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (past(10, 8, 6), Forecast(2.0, DAY + timedelta(days=5))),
        (past(20, 15, step=7), Forecast(5 / 7, DAY + timedelta(days=28))),
        # Half a day is the day on which it is over.
        (past(7, 5), Forecast(2.0, DAY + timedelta(days=4))),
        (past(5, 5, 5), Forecast(0.0, None)),
        (past(5, 6), Forecast(-1.0, None)),
    ],
)
def test_a_forecast_goes_on_as_it_went(points, expected):
    assert forecast(points) == expected


@pytest.mark.parametrize("points", [[], past(5), past(5, 0), [Left(DAY, 9), Left(DAY, 5)]])
def test_nothing_is_forecast_where_nothing_can_be_said(points):
    assert forecast(points) is None


def test_what_is_long_ago_does_not_count():
    long_ago = Left(DAY - RECENT - timedelta(days=1), 1_000)
    assert forecast([long_ago, *past(10, 8)]) == forecast(past(10, 8))


def test_a_pace_that_takes_years_is_no_pace():
    found = forecast(past(10_000, 9_999))
    assert found is not None
    assert found.done_on is None


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=40), st.integers(1, 60))
def test_a_forecast_is_never_in_the_past_nor_too_far_ahead(counts, step):
    points = past(*counts, step=step)
    found = forecast(points)
    if found is not None and found.done_on is not None:
        assert points[-1].day <= found.done_on <= points[-1].day + FARTHEST
        assert found.per_day > 0
