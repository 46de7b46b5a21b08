"""The judge of computed values itself, against what was worked out by hand."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.blueprints import parse
from catalog.computed.graph import CatalogGraph
from catalog.errors import Invalid
from tests.unit.oracle.definitions import aggregation, back, leaf, out, where
from tests.unit.oracle.every_kind import every_kind
from tests.unit.oracle.plain_catalog import PlainCatalog
from tests.unit.oracle.plain_values import DAY, begun, holds, instant, percentile

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MICROSECONDS = instant("2026-06-01T12:00:00Z")
MODEL = every_kind({})


@pytest.mark.parametrize("name", ["plain_values", "plain_catalog"])
def test_it_shares_nothing_with_the_product(name):
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text())
    named = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for part in [getattr(node, "module", None), *(item.name for item in node.names)]
        if part
    }
    assert not {part.split(".")[0] for part in named} & {"catalog", "scorecards", "portal"}


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2026-06-01T14:00:00+02:00", "2026-06-01T12:00:00Z"),
        ("2026-06-01T06:30-0530", "2026-06-01 12:00"),
        ("2026-05-31", "2026-05-31t00:00:00,000z"),
        ("2026-06-01T12:00:00.1234567", "2026-06-01T12:00:00.123456Z"),
    ],
)
def test_instants_are_read_as_they_are_meant(text, same_as):
    assert instant(text) == instant(same_as) is not None


@pytest.mark.parametrize("text", ["20260601", "2026-02-30", "2026-06-01T24:00", "soon", 5, None])
def test_what_is_no_date_has_no_instant(text):
    assert instant(text) is None


def test_instants_are_microseconds_apart():
    assert instant("1970-01-01") - instant("1969-12-31T23:59:59.5") == 500_000
    assert instant("0001-01-02") - instant("0001-01-01") == DAY


def test_percentiles_lie_on_the_line_between_ranks():
    assert [float(percentile([4, 1, 3, 2], p)) for p in (50, 75, 90, 95)] == [2.5, 3.25, 3.7, 3.85]


def test_a_begun_interval_counts_whole():
    week_ago = MICROSECONDS - 7 * DAY
    assert begun([None, week_ago, MICROSECONDS], "week", MICROSECONDS) == 1
    assert begun([week_ago - 1], "week", MICROSECONDS) == 2
    assert begun([MICROSECONDS + 1], "week", MICROSECONDS) == begun([], "week", MICROSECONDS) == 1


@pytest.mark.parametrize(
    ("query", "holds_for"),
    [
        (where(leaf("at", "between", {"preset": "lastWeek"})), {"edge", "now"}),
        (where(leaf("at", "notBetween", {"preset": "lastWeek"})), {"old", "odd", "none"}),
        (where(leaf("at", "<", "2026-05-25T12:00:00Z")), {"old"}),
        (where(leaf("at", "isEmpty")), {"none"}),
        (where(leaf("at", "=", "soon"), leaf("at", "isEmpty"), combinator="or"), {"odd", "none"}),
        (where(leaf("at", "!=", {"property": "same"})), {"none", "now"}),
        (where(leaf("#team", "contains", "a"), where(leaf("at", "isNotEmpty"))), {"now"}),
        (where(), {"edge", "now", "old", "odd", "none"}),
    ],
)
def test_queries_hold_for_what_they_say(query, holds_for):
    rows = {
        "edge": {"at": "2026-05-25T14:00:00+02:00"},
        "now": {"at": "2026-06-01T12:00:00Z", "relation#team": ["a"], "same": "x"},
        "old": {"at": "2026-05-25T11:59:59.999999Z"},
        "odd": {"at": "soon"},
        "none": {"relation#team": ["a"]},
    }
    for row in rows.values():
        row.setdefault("same", row.get("at"))
    found = {name for name, row in rows.items() if holds(query, row.get, MICROSECONDS)}
    assert found == holds_for


def test_an_owner_that_reaches_an_event_by_two_ways_counts_it_once():
    ways = {
        "direct": aggregation("incident", "count", way=back("incident", "services", "$team")),
        "hours": aggregation("incident", "sum", "minutes", way=back("incident", "$team")),
        "parents": aggregation("_team", "count", way=out("parent")),
    }
    model = every_kind({"_team": ways})
    plain = PlainCatalog(model.documents, model.programs, NOW)
    for blueprint, name in [("_team", "t"), ("_team", "top"), ("service", "a"), ("service", "b")]:
        plain.add(blueprint, name)
    deployment, incident = plain.add("deployment", "d"), plain.add("incident", "i")
    incident.properties["minutes"] = 30
    plain.point(plain.find("_team", "t"), "parent", ["top"])
    for name in ("a", "b"):
        plain.point(plain.find("service", name), "$team", ["t"])
    plain.point(incident, "services", ["a", "b"])
    plain.point(incident, "cause", ["d"])
    plain.point(deployment, "service", ["b"])
    team = plain.everything()["_team", "t"]
    assert (team["direct"], team["hours"], team["parents"], team["parent_title"]) == (
        1,
        30,
        1,
        "top",
    )
    assert plain.everything()["incident", "i"]["$team"] == ["t"]
    plain.remove(deployment)
    assert plain.everything()["_team", "t"]["hours"] == 0


def test_a_frequency_sinks():
    plain = PlainCatalog(MODEL.documents, MODEL.programs, NOW)
    service, deployment = plain.add("service", "a"), plain.add("deployment", "d")
    deployment.properties["at"] = "2026-05-25T12:00:00Z"
    plain.point(deployment, "service", ["a"])
    assert plain.everything()["service", service.name]["rate_week"] == 1
    plain.now += timedelta(microseconds=1)
    assert plain.everything()["service", service.name]["rate_week"] == 0.5


@pytest.mark.parametrize("target", MODEL.documents)
@pytest.mark.parametrize("owner", MODEL.documents)
def test_a_way_is_taken_exactly_where_one_is_the_shortest(owner, target):
    """The product refuses the definition where brute force finds several ways, or none."""
    ways = PlainCatalog(MODEL.documents, {}, NOW).shortest(owner, target)
    if len(ways) != 1:
        with pytest.raises(Invalid) as caught:
            counting(owner, target)
        assert ("several paths lead to" in str(caught.value)) == bool(ways)
        return
    steps = counting(owner, target).derived[owner]["n"].steps
    assert [(step.blueprint, step.relation, step.is_forward) for step in steps] == ways[0]


def counting(owner, target):
    """Return the product's view of the blueprints where `owner` counts `target`."""
    nothing = dict.fromkeys(
        ["mirror_properties", "aggregation_properties", "calculation_properties"], {}
    )
    bare = {name: {**document, **nothing} for name, document in MODEL.documents.items()}
    bare[owner]["aggregation_properties"] = {"n": aggregation(target, "count")}
    return CatalogGraph(map(parse, bare.values()))
