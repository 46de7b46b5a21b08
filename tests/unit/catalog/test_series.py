"""How aggregations are parted into what stands still, and is sampled, and what time moves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.blueprints import parse
from catalog.computed.graph import CatalogGraph
from catalog.computed.series import Plan, shared
from catalog.conditions import dump
from tests.builders import NOW, blueprint_document

MONTH = {"property": "done", "operator": "between", "value": {"preset": "lastMonth"}}
WEEK = {"property": "done", "operator": "between", "value": {"preset": "lastWeek"}}
OTHER = {"property": "begun", "operator": "between", "value": {"preset": "lastMonth"}}
NOT_LATELY = {"property": "done", "operator": "notBetween", "value": {"preset": "lastMonth"}}
BAD = {"property": "kind", "operator": "=", "value": "bad"}


def conditions(*parts: Any, combinator: str = "and") -> dict[str, Any]:
    return {"combinator": combinator, "rules": list(parts)}


def plan_of(query: dict[str, Any] | None, **spec: Any) -> Plan | None:
    """Return the plan of an aggregation over the events of a service."""
    calculation = {"func": "count", "calculationBy": "entities", **spec}
    owner = blueprint_document(
        aggregation_properties={
            "n": {"target": "event", "calculationSpec": calculation, "query": query}
        }
    )
    text = {"type": "string"}
    event = blueprint_document(
        "event",
        schema={
            "properties": {"kind": text, "done": text, "begun": text, "n": {"type": "number"}},
            "required": [],
        },
        relations={"service": {"target": "service"}},
    )
    graph = CatalogGraph(map(parse, (owner, event, blueprint_document("_team", ownership=None))))
    return graph.derived["service"]["n"].plan


def test_without_a_query_every_event_is_sampled():
    plan = plan_of(None)
    assert plan is not None
    assert (plan.series.query, plan.series.window_key, plan.span(NOW)) == (None, None, None)
    assert plan.adds_up


def test_a_span_of_time_is_a_window_and_the_rest_of_the_query_stands_still():
    plan = plan_of(conditions(BAD, conditions(MONTH, WEEK)))
    assert plan is not None
    assert dump(plan.series.query) == {"combinator": "and", "conditions": [BAD]}
    assert plan.series.window_key == "done"
    assert plan.span(NOW).start == NOW - timedelta(days=7)
    assert not plan.adds_up


@pytest.mark.parametrize(
    "query",
    [
        conditions(BAD, MONTH, combinator="or"),
        conditions(MONTH, OTHER),
        conditions(NOT_LATELY),
        conditions(BAD, conditions(BAD, MONTH, combinator="or")),
    ],
    ids=["or", "two properties", "not between", "nested or"],
)
def test_a_query_that_moves_with_the_clock_otherwise_has_no_plan(query):
    assert plan_of(query) is None


def test_a_sample_has_the_date_that_is_measured_by_or_when_the_event_became_known():
    assert plan_of(None).series.at_key == "$createdAt"
    assert plan_of(None, measureTimeBy="done").series.at_key == "done"
    weekly = {"func": "average", "averageOf": "week"}
    assert plan_of(None, **weekly).series.at_key == "$createdAt"
    assert plan_of(None, **weekly, measureTimeBy="done").series.at_key == "done"


def test_a_sample_that_a_window_dates_has_another_date_only_where_intervals_are_counted():
    for named in ({}, {"measureTimeBy": "begun"}):
        found = plan_of(conditions(MONTH), **named).series
        assert (found.at_key, found.day_column) == (None, "window_at")
    weekly = {"func": "average", "averageOf": "week", "measureTimeBy": "begun"}
    found = plan_of(conditions(MONTH), **weekly).series
    assert (found.at_key, found.day_column) == ("begun", "window_at")


def test_a_series_with_more_in_its_samples_is_read_in_the_place_of_one_with_less():
    count = replace(plan_of(None).series, at_key=None)
    weekly = plan_of(None, func="average", averageOf="week", measureTimeBy="done").series
    total = replace(count, value_key="n")
    bad = plan_of(conditions(BAD)).series
    dated = replace(total, at_key="$createdAt")
    known = replace(count, at_key="$createdAt")
    assert shared([count, weekly, bad]) == {count: weekly, weekly: weekly, bad: bad}
    assert shared([weekly, total]) == {weekly: weekly, total: dated}
    assert shared([known, total]) == {known: dated, total: dated}


def test_the_key_tells_series_apart_and_their_equals_not():
    queries = (None, conditions(BAD), conditions(BAD, MONTH), conditions(BAD, OTHER))
    assert len({plan_of(query).series.key for query in queries}) == 4
    assert plan_of(conditions(BAD, MONTH)).series.key == plan_of(conditions(BAD, WEEK)).series.key
