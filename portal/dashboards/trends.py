"""How a number came to be what it is: its values at moments of the past, as charts draw them."""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.computed.trends import trend
from catalog.models import Entity
from portal.dashboards.formats import day, number
from portal.dashboards.line_charts import Point
from portal.dashboards.properties import Origin, Property
from portal.dashboards.querystring import QueryString


@dataclass(frozen=True)
class Period:
    """So many steps back from now. `key` names it in addresses, `noun` what a step is."""

    key: str
    title: str
    noun: str
    steps: int
    step: timedelta

    def moments(self, now: datetime) -> list[datetime]:
        """Return the moments at the ends of the steps, the last of which is now."""
        return [now - index * self.step for index in reversed(range(self.steps + 1))]


PERIODS = (
    Period("30d", "30 days", "day", 30, timedelta(days=1)),
    Period("90d", "90 days", "day", 90, timedelta(days=1)),
    Period("6m", "6 months", "week", 26, timedelta(days=7)),
    Period("1y", "1 year", "week", 52, timedelta(days=7)),
    Period("2y", "2 years", "month", 24, timedelta(days=730) / 24),
)


@dataclass(frozen=True)
class Trend:
    """The values of a number over a period."""

    prop: Property
    period: Period
    points: list[Point]

    @property
    def has_values(self) -> bool:
        """Say whether there was a value at any of the points."""
        return any(point.value is not None for point in self.points)

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to draw."""
        return not self.has_values and not self.most

    @property
    def rows(self) -> list[tuple[str, str, int]]:
        """Return the date, the value and the number of events of each point, the newest first."""
        return [
            (
                day(point.at),
                number(point.value, self.prop.unit) if point.value is not None else "–",
                point.count,
            )
            for point in reversed(self.points)
        ]

    @property
    def query(self) -> QueryString:
        """Return the parameters of an address that ask for this."""
        return QueryString().having("period", self.period.key)

    @property
    def periods(self) -> tuple[Period, ...]:
        """Return the periods to choose from."""
        return PERIODS

    @property
    def most(self) -> int:
        """Return how many events the highest bar stands for."""
        return max((point.count for point in self.points[1:]), default=0)


def has_trend(prop: Property) -> bool:
    """Say whether the past values of a property can be worked out: those of numbers of events."""
    return prop.is_number and prop.origin in (Origin.AGGREGATION, Origin.CALCULATION)


def trend_of(entity: Entity, prop: Property, *, period: str, now: datetime) -> Trend:
    """Return the trend of a number up to now; an unknown period is the first."""
    chosen = next((item for item in PERIODS if item.key == period), PERIODS[0])
    found = trend(entity, prop.identifier, moments=chosen.moments(now))
    points = [Point(point.at, _number(point.value), point.count) for point in found]
    return Trend(prop=prop, period=chosen, points=points)


def _number(value: object) -> int | float | None:
    """Return a value where it is a number that can be drawn: a program may yield anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= sys.float_info.max else None
