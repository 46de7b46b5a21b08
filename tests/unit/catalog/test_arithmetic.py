"""Numbers over related entities: percentiles, exact sums, begun intervals."""

import math
import statistics
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.blueprint_schema import FUNCTIONS, INTERVALS
from catalog.blueprints import parse
from catalog.computed.arithmetic import (
    PERCENTILES,
    SECONDS,
    aggregate,
    exact_sum,
    intervals_since,
    percentile,
    tidy,
)
from catalog.errors import Invalid
from catalog.models import Entity
from tests.builders import NOW, blueprint_document, make_blueprint, make_entity

numbers = st.floats(min_value=-1e9, max_value=1e9)


def of_property(func: str, **more: str) -> dict[str, str]:
    return {"func": func, "calculationBy": "property", "property": "n", **more}


def value_of(spec: dict[str, str], rows: list[dict[str, Any]]) -> Any:
    aggregations = {"a": {"target": "job", "calculationSpec": spec}}
    document = blueprint_document(aggregation_properties=aggregations)
    return aggregate(parse(document).aggregations["a"], rows, now=NOW)


def over(func: str, *values: Any) -> Any:
    return value_of(of_property(func), [{"n": value} for value in values])


@pytest.mark.parametrize(
    ("func", "expected"),
    [("p50", 2.5), ("median", 2.5), ("p75", 3.25), ("p90", 3.7), ("p95", 3.85)],
)
def test_a_percentile_lies_between_the_closest_ranks(func, expected):
    assert over(func, 4, 1, 3, 2) == expected


@pytest.mark.parametrize("func", PERCENTILES)
def test_a_percentile_of_one_value_is_that_value_and_of_none_is_null(func):
    assert (over(func, 7), over(func), over(func, None, "7", True)) == (7, None, None)


@given(st.lists(numbers, min_size=2, max_size=30), st.sampled_from([50, 75, 90, 95]))
def test_percentiles_are_those_of_the_standard_library(values, percent):
    theirs = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert percentile(values, percent) == pytest.approx(theirs, rel=1e-12, abs=1e-6)


@given(st.lists(numbers, min_size=1, max_size=30))
def test_p50_is_the_median(values):
    assert over("p50", *values) == over("median", *values)
    assert over("p50", *values) == pytest.approx(statistics.median(values), rel=1e-12, abs=1e-6)


@pytest.mark.postgres
@pytest.mark.django_db
@settings(max_examples=30, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=30), st.sampled_from([50, 75, 90, 95]))
def test_percentiles_are_those_of_postgresql(values, percent):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY v) FROM unnest(%s::float8[]) v",
            [percent / 100, values],
        )
        theirs = cursor.fetchone()[0]
    assert percentile(values, percent) == pytest.approx(theirs, rel=1e-12, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([0.1, 0.2, 0.3, -0.6], math.fsum([0.1, 0.2, 0.3, -0.6])),
        ([1e16, 1.0, -1e16], 1),
        ([1e308, 1e308, -1e308, -1e308, 5.0], 5),
    ],
)
def test_a_sum_is_exact_in_any_order(values, total):
    assert {over("sum", *order) for order in permutations(values)} == {total}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8), st.randoms())
def test_the_order_of_the_values_never_shows(values, random):
    shuffled = random.sample(values, k=len(values))
    for func in ("sum", "average", "min", "max", *PERCENTILES):
        assert repr(over(func, *shuffled)) == repr(over(func, *values))


def test_a_sum_that_no_float_holds_is_null():
    assert (over("sum", 1e308, 1e308), over("average", 1e308, 1e308)) == (None, None)
    with pytest.raises(OverflowError):
        exact_sum([1e308, 1e308])


def test_a_percentile_between_the_largest_numbers_is_found():
    assert over("median", 1e308, 1.5e308) == 1.25e308
    assert over("median", -1.7e308, 1.7e308) == 0


@pytest.mark.parametrize(
    ("value", "written"),
    [(2.0, "2"), (2.5, "2.5"), (-0.0, "0"), (float(2**53), str(2**53)), (1e300, "1e+300")],
)
def test_a_whole_result_is_written_as_an_integer(value, written):
    assert repr(tidy(value)) == written


def test_how_json_spelt_a_number_does_not_show():
    assert repr(over("max", 1, 3)) == repr(over("max", 1.0, 3.0)) == "3"


@pytest.mark.parametrize("interval", SECONDS)
def test_a_begun_interval_counts_whole_to_the_microsecond(interval):
    span, moment = timedelta(seconds=SECONDS[interval]), timedelta(microseconds=1)
    long_ago = NOW - 1_000 * span
    assert [
        intervals_since(since, interval, now=NOW)
        for since in (None, NOW + span, NOW, NOW - span, NOW - span - moment, long_ago - moment)
    ] == [1, 1, 1, 1, 2, 1_001]


def test_the_first_day_of_the_calendar_is_as_far_away_as_it_is():
    earliest = datetime(1, 1, 1, tzinfo=UTC)
    assert intervals_since(earliest, "day", now=NOW) == math.ceil((NOW - earliest).days + 0.5)


@pytest.mark.parametrize("func", FUNCTIONS)
@pytest.mark.parametrize("interval", INTERVALS)
def test_every_function_has_a_value_over_every_interval(func, interval):
    spec = of_property(func, averageOf=interval)
    if func == "count":
        spec = {"func": "count", "calculationBy": "entities", "averageOf": interval}
    row = {"n": 2, "$createdAt": "2026-06-01T11:30:00Z"}
    assert value_of(spec, [row]) == (1 if func == "count" else 2)


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        (of_property("p99"), "func", 'did you mean "p95"?'),
        (of_property("spread"), "func", "p50, p75, p90, p95"),
        ({"func": "p90", "calculationBy": "entities"}, "func", "calculationBy: property"),
        ({"func": "p90", "calculationBy": "property"}, "property", "name the property"),
    ],
)
def test_an_unusable_function_is_refused_with_the_way_out(spec, path, words):
    with pytest.raises(Invalid) as caught:
        value_of(spec, [])
    fault = caught.value.faults[0]
    assert fault.path == f"aggregation_properties.a.calculationSpec.{path}"
    assert words in fault.message


@pytest.mark.django_db
def test_percentiles_are_kept_with_the_entity():
    make_blueprint("service")
    relations = {"service": {"target": "service"}}
    make_blueprint("incident", ownership=None, relations=relations)
    make_blueprint(
        aggregation_properties={
            func: {
                "target": "incident",
                "calculationSpec": {
                    "func": func,
                    "calculationBy": "property",
                    "property": "tier",
                },
            }
            for func in PERCENTILES
        }
    )
    make_entity("pay")
    for minutes in (40, 10, 30, 20):
        related = {"properties": {"tier": minutes}, "relations": {"service": "pay"}}
        make_entity(blueprint="incident", **related)
    assert Entity.objects.get(identifier="pay").computed == {
        "median": 25,
        "p50": 25,
        "p75": 32.5,
        "p90": 37,
        "p95": 38.5,
    }
