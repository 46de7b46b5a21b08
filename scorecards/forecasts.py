"""When something that goes down will be over, if it goes on like this. Pure: no model, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# How far back the trend is looked for, and how far ahead anybody should believe it.
RECENT = timedelta(days=42)
FARTHEST = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Left:
    """How much was left to do on a day."""

    day: date
    count: int


@dataclass(frozen=True)
class Forecast:
    """The trend of what is left: how much less it gets a day, and the day on which nothing is.

    `done_on` is None where that never comes at this pace.
    """

    per_day: float
    done_on: date | None


def forecast(past: Sequence[Left]) -> Forecast | None:
    """Return the linear trend of the recent part of the past, by least squares.

    `past` is in the order of time, and its last point is now. None where nothing can be said:
    fewer than two days, or nothing left.

    >>> days = [Left(date(2026, 5, 1), 10), Left(date(2026, 5, 6), 5)]
    >>> forecast(days)
    Forecast(per_day=1.0, done_on=datetime.date(2026, 5, 11))
    """
    if not past or past[-1].count <= 0:
        return None
    last = past[-1]
    recent = [point for point in past if last.day - point.day <= RECENT]
    if recent[0].day == last.day:
        return None
    per_day = -_slope(recent)
    # From where things stand, not from where the line passes today: it starts at the last point.
    days = last.count / per_day if per_day > 0 else float("inf")
    if days > FARTHEST.days:
        return Forecast(per_day, None)
    return Forecast(per_day, last.day + timedelta(days=-int(-days // 1)))


def _slope(points: Sequence[Left]) -> float:
    """Return how much the count changes in a day."""
    days = [(point.day - points[0].day).days for point in points]
    mean_day = sum(days) / len(points)
    mean = sum(point.count for point in points) / len(points)
    spread = sum((day - mean_day) ** 2 for day in days)
    moved = sum(
        (day - mean_day) * (point.count - mean) for day, point in zip(days, points, strict=True)
    )
    return moved / spread
