"""The official thresholds of DORA's yearly reports: read, checked and put into numbers. Pure.

A report describes clusters of teams. Cut into limits, its table grades: a value stands in the
highest cluster that it is good enough for. Where a lower cluster of the table asks for more than a
higher one does (2024, change failure rate), whoever meets the higher one meets the lower one too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from scorecards.packs.reading import FOLDER, read_yaml

METRICS = ("deployment_frequency", "lead_time", "change_failure_rate", "recovery_time")
TITLES = (("Low", "Medium", "High", "Elite"), ("Low", "Medium", "High"))
HOURS = {"hour": 1, "day": 24, "week": 168, "month": 720, "six months": 4320}
OPERATORS = {"once_per": ">=", "more_than_once_per": ">", "at_most": "<=", "under": "<"}


class ThresholdsError(ValueError):
    """Say what is wrong with a table of thresholds."""


class UnknownYearError(LookupError):
    """Say that there are no thresholds of this year."""


@dataclass(frozen=True)
class Limit:
    """What a value must be for a cluster, with the report's words for it.

    Deployments are per week, lead times in hours, rates in percent, recoveries in minutes.
    """

    words: str
    operator: str
    value: float

    @property
    def leniency(self) -> tuple[float, bool]:
        """Return what sorts limits of one metric, the strictest first."""
        includes = self.operator in ("<=", ">=")
        return (self.value if self.operator.startswith("<") else -self.value), includes


@dataclass(frozen=True)
class Thresholds:
    """The table of one year: `clusters` from the lowest up, `limits` for all but that one.

    `limits` maps clusters to metrics to limits; `words` has the report's words for every cluster.
    """

    year: int
    report: str
    clusters: tuple[str, ...]
    limits: Mapping[str, Mapping[str, Limit]]
    words: Mapping[str, Mapping[str, str]]

    def limit(self, cluster: str, metric: str) -> Limit:
        """Return what grades: the most lenient limit of the cluster and those above it."""
        above = self.clusters[self.clusters.index(cluster) :]
        return max((self.limits[name][metric] for name in above), key=lambda item: item.leniency)


@cache
def all_thresholds() -> dict[int, Thresholds]:
    """Return the tables there are, by year."""
    tables = [read_thresholds(item) for item in read_yaml(FOLDER / "dora" / "thresholds.yaml")]
    return {table.year: table for table in tables}


def thresholds_of(year: int) -> Thresholds:
    """Return the table of a year; raises `UnknownYearError` naming the years there are."""
    tables = all_thresholds()
    if year not in tables:
        years = ", ".join(map(str, tables))
        raise UnknownYearError(f"There are no thresholds of {year}. There are: {years}.")
    return tables[year]


def read_thresholds(document: Mapping[str, Any]) -> Thresholds:
    """Read the document of one year.

    Raises:
        ThresholdsError: a cluster, a metric or a limit is missing, unknown or not understood.
    """
    year, clusters = document["year"], document["clusters"]
    titles = tuple(cluster["title"] for cluster in clusters)
    if titles not in TITLES:
        raise ThresholdsError(f"{year}: clusters must be Low, Medium, High and maybe Elite")
    for cluster in clusters:
        if set(cluster) != {"title", *METRICS}:
            wanted = ", ".join(METRICS)
            raise ThresholdsError(f"{year}, {cluster['title']}: must have {wanted}, nothing else")
    return Thresholds(
        year=year,
        report=document["report"],
        clusters=titles,
        limits=_limits(year, clusters),
        words={
            cluster["title"]: {metric: cluster[metric]["words"] for metric in METRICS}
            for cluster in clusters
        },
    )


def _limits(year: int, clusters: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Limit]]:
    lowest, *graded = clusters
    for metric in METRICS:
        if set(lowest[metric]) != {"words"}:
            raise ThresholdsError(f"{year}, {lowest['title']}, {metric}: must have words only")
    return {
        cluster["title"]: {
            metric: _limit(metric, cluster[metric], f"{year}, {cluster['title']}, {metric}")
            for metric in METRICS
        }
        for cluster in graded
    }


def _limit(metric: str, found: Mapping[str, Any], place: str) -> Limit:
    keys = ("once_per", "more_than_once_per")
    if metric != "deployment_frequency":
        keys = ("at_most", "under")
    given = [key for key in found if key != "words"]
    if "words" not in found or len(given) != 1 or given[0] not in keys:
        raise ThresholdsError(f"{place}: must have words and one of {', '.join(keys)}")
    return Limit(found["words"], OPERATORS[given[0]], _number(metric, found[given[0]], place))


def _number(metric: str, found: Any, place: str) -> float:
    if metric == "change_failure_rate":
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 100:
            raise ThresholdsError(f"{place}: must be a percentage, not {found!r}")
        return found
    if found not in HOURS:
        raise ThresholdsError(f"{place}: must be one of {', '.join(HOURS)}, not {found!r}")
    hours = HOURS[found]
    match metric:
        case "deployment_frequency":
            return HOURS["week"] / hours
        case "recovery_time":
            return hours * 60
    return hours
