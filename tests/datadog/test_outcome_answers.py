"""Outcomes and scores of the dialect byte by byte: what is listed, hidden, refused and made."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.models import Entity
from scorecards.models import Outcome, OutcomeBatch
from tests.builders import (
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)
from tests.datadog.clients import DatadogClient
from tests.datadog.grading import batch, make_graded, report_all, result, rule_id, scorecard_id
from tests.port.json_values import disturbed, values

pytestmark = pytest.mark.django_db

OUTCOMES = "/api/v2/scorecard/outcomes"
BATCH = f"{OUTCOMES}/batch"
SCORES = "/api/v2/scorecard/scores"


@pytest.fixture
def graded(db: None) -> None:
    make_graded()


def old_result(**overrides: Any) -> dict[str, Any]:
    parts = {"rule_id": rule_id(), "service_name": "cart", "state": "pass", "remarks": "Run 8"}
    return {**parts, **overrides}


def get(client: DatadogClient, path: str, **parameters: Any) -> Any:
    answer = client.get(f"{path}?{urlencode(parameters)}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/vnd.api+json"
    return answer.json()


def shown(client: DatadogClient, **parameters: Any) -> list[tuple[str, str]]:
    data = get(client, OUTCOMES, **parameters)["data"]
    return [(row["id"].partition("\\")[2], row["attributes"]["state"]) for row in data]


def test_a_batch_is_accepted_with_an_id_and_applied(
    graded: None, datadog: DatadogClient, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = datadog.post(OUTCOMES, batch(result(), result(entity_reference="api:shop/cart")))
    stored = OutcomeBatch.objects.get()
    assert (answer.status_code, answer.json()) == (
        202,
        {
            "data": {"id": f"task-{stored.pk:011d}", "type": "async-request"},
            "meta": {"total_received": 2},
        },
    )
    assert stored.status == "done"
    assert set(Outcome.objects.values_list("entity__identifier", "state", "remark")) == {
        ("cart", "PASS", "Run 8"),
        ("shop/cart", "PASS", "Run 8"),
    }


@pytest.mark.parametrize(
    "reference", ["service:cart", "service:default/cart"], ids=["short", "namespace"]
)
def test_the_default_namespace_goes_without_saying(
    graded: None, datadog: DatadogClient, reference: str
) -> None:
    assert datadog.post(OUTCOMES, batch(result(entity_reference=reference))).status_code == 202
    assert Entity.objects.filter(blueprint__identifier="service").count() == 2


def test_a_service_that_nobody_described_is_made(graded: None, datadog: DatadogClient) -> None:
    answer = datadog.post(BATCH, batch(old_result(service_name="my-service")))
    assert answer.json()["meta"] == {"total_received": 1, "total_updated": 1}
    assert answer.json()["data"][0]["attributes"]["service_name"] == "my-service"
    assert Outcome.objects.get().entity.identifier == "my-service"


def test_the_whole_shape_of_an_outcome(graded: None, reader: DatadogClient) -> None:
    report_all()
    parameters = {"filter[rule][id]": rule_id(), "page[size]": 1, "include": "rule"}
    assert get(reader, OUTCOMES, **parameters) == {
        "data": [
            {
                "id": f"{rule_id()}\\cart",
                "type": "outcome",
                "attributes": {
                    "service_name": "cart",
                    "state": "pass",
                    "remarks": "Run 7",
                    "created_at": "2026-06-01T12:00:00.000Z",
                    "modified_at": "2026-06-01T12:00:00.000Z",
                },
                "relationships": {"rule": {"data": {"id": rule_id(), "type": "rule"}}},
            }
        ],
        "included": [
            {
                "id": rule_id(),
                "type": "rule",
                "attributes": {"name": "Tested", "scorecard_name": "Safety"},
            }
        ],
        "links": {
            "next": f"{OUTCOMES}?filter[rule][id]={rule_id()}&include=rule"
            "&page[limit]=1&page[offset]=1&page[size]=1"
        },
    }


def test_what_rules_found_is_listed_behind_what_was_reported(
    graded: None, reader: DatadogClient
) -> None:
    report_all()
    assert shown(reader) == [
        *[("cart", "pass"), ("blog", "skip"), ("api:shop/cart", "fail")],
        *[("cart", "pass"), ("cart", "pass"), ("blog", "fail"), ("blog", "fail")],
    ]
    # Whoever asks for a part gets that part.
    pages = [shown(reader, **{"page[size]": 2, "page[offset]": start}) for start in range(0, 9, 2)]
    assert sum(pages, []) == shown(reader)
    assert [len(page) for page in pages] == [2, 2, 2, 1, 0]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"filter[outcome][service_name]": "cart"}, ["cart", "cart", "cart"]),
        ({"filter[outcome][service_name]": "api:shop/cart"}, ["api:shop/cart"]),
        ({"filter[outcome][service_name]": "nope:cart"}, []),
        ({"filter[outcome][state]": "skip"}, ["blog"]),
        ({"filter[outcome][state]": "fail"}, ["api:shop/cart", "blog", "blog"]),
        ({"filter[rule][name]": "Tiered"}, ["cart", "blog"]),
        ({"filter[rule][enabled]": "false"}, []),
        ({"filter[rule][id]": "nope"}, []),
    ],
)
def test_outcomes_are_filtered(
    graded: None, reader: DatadogClient, parameters: dict, expected: list[str]
) -> None:
    report_all()
    assert [name for name, _ in shown(reader, **parameters)] == expected


def test_outcomes_are_hidden_by_a_narrower_scope_and_come_back(
    graded: None, reader: DatadogClient
) -> None:
    def scope(**parts: Any) -> None:
        rule = rule_document("tested", query=None, **parts.pop("rule", {}))
        make_scorecard("safety", rules=[rule], **{"blueprints": ["service", "api"], **parts})

    report_all()
    only = {"filter[rule][name]": "Tested", "filter[outcome][state]": "pass"}
    assert shown(reader, **only) == [("cart", "pass")]
    for narrower in (
        {"rule": {"filter": condition("tier", "=", 3)}},
        {"filter": condition("tier", "=", 3)},
        {"blueprints": ["api"]},
    ):
        scope(**narrower)
        assert shown(reader, **only) == []
        scope()
        assert shown(reader, **only) == [("cart", "pass")]
    # What is switched off is not out of scope: clients may ask for it.
    scope(rule={"is_enabled": False})
    assert shown(reader, **only, **{"filter[rule][enabled]": "false"}) == [("cart", "pass")]


def refused(answer: Any, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    (error,) = answer.json()["errors"]
    return error


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"state": "ok"}, 'attribute "state" must be one of "pass fail skip"'),
        ({"state": "PASS"}, 'attribute "state" must be one of "pass fail skip"'),
        ({"state": None}, 'attribute "state" is required'),
        ({"rule_id": 7}, 'attribute "rule_id" is required'),
        ({"entity_reference": ""}, 'attribute "entity_reference" is required'),
        (
            {"entity_reference": "cart"},
            'attribute "entity_reference" must look like "service:my-service"',
        ),
        ({"entity_reference": "planet:mars"}, 'there is no kind "planet"; create it first'),
        ({"entity_reference": "_team:core"}, 'there is no kind "_team"; create it first'),
        ({"remarks": 7}, 'attribute "remarks" must be a text of at most 5,000'),
    ],
)
def test_a_faulty_result_is_a_400_and_nothing_is_kept(
    graded: None, datadog: DatadogClient, change: dict, detail: str
) -> None:
    error = refused(datadog.post(OUTCOMES, batch(result(), result(**change))))
    assert error == {"status": "400", "title": "Bad Request", "detail": detail}
    assert not OutcomeBatch.objects.exists()
    assert Entity.objects.filter(blueprint__identifier="service").count() == 2


def test_an_unknown_rule_is_a_conflict_without_a_detail(
    graded: None, datadog: DatadogClient
) -> None:
    for rule in ("nope", rule_id("tiered"), "rule-99999999999"):
        answer = datadog.post(OUTCOMES, batch(result(), result(rule_id=rule)))
        assert refused(answer, 409) == {"status": "409", "title": "Invalid rule_id"}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"service_name": ""}, 'attribute "service_name" is required'),
        ({"rule_id": "nope"}, "rule not found: nope"),
    ],
)
def test_a_faulty_old_batch_is_a_400(
    graded: None, datadog: DatadogClient, change: dict, detail: str
) -> None:
    assert refused(datadog.post(BATCH, batch(old_result(**change))))["detail"] == detail
    assert not Outcome.objects.exists()


def test_a_kind_that_demands_more_than_a_name_is_told(graded: None, datadog: DatadogClient) -> None:
    schema = {"properties": {"tier": {"type": "number"}}, "required": ["tier"]}
    make_blueprint("job", schema=schema)
    error = refused(datadog.post(OUTCOMES, batch(result(entity_reference="job:nightly"))))
    assert "tier" in error["detail"]


@pytest.mark.parametrize("path", [OUTCOMES, BATCH])
def test_another_type_is_told(graded: None, datadog: DatadogClient, path: str) -> None:
    body = {"data": {"type": "rule", "attributes": {"results": []}}}
    expected = 'got type "rule" expected one of "batched-outcome"'
    assert refused(datadog.post(path, body))["detail"] == expected
    assert refused(datadog.post(path, {"data": {"attributes": {}}}))["detail"] == (
        'attribute "results" is required'
    )


@pytest.mark.parametrize("path", [OUTCOMES, BATCH])
def test_readers_do_not_report(graded: None, reader: DatadogClient, path: str) -> None:
    assert reader.post(path, batch(result())).status_code == 403


def test_the_queries_of_outcomes_do_not_grow(graded: None, reader: DatadogClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(reader, OUTCOMES, include="rule")
        return len(captured)

    report_all()
    # The first request of keys also notes that they are in use.
    queries()
    few = queries()
    for number in range(20):
        make_entity(f"n{number}", properties={"tier": 1})
        report(f"n{number}", "tested", "pass", scorecard="safety")
    # The keys, reported, how many, found, rules.
    assert queries() == few == 5


def test_a_score_without_anything_that_counts_is_left_out(
    graded: None, reader: DatadogClient
) -> None:
    rows = get(reader, f"{SCORES}/by-rule")["data"]
    tested = next(row for row in rows if row["id"] == rule_id())
    assert tested == {
        "id": rule_id(),
        "type": "score",
        "attributes": {
            "aggregation": "by-rule",
            "level": 3,
            "numerator": 0,
            "denominator": 0,
            "total_pass": 0,
            "total_fail": 0,
            "total_skip": 0,
            "total_no_data": 3,
            "total_entities": 3,
        },
        "relationships": {
            "rule": {"data": {"id": rule_id(), "type": "rule"}},
            "scorecard": {"data": {"id": scorecard_id(), "type": "scorecard"}},
        },
    }


def test_scores_are_paged_with_links_and_a_count(graded: None, reader: DatadogClient) -> None:
    report_all()
    answer = get(reader, f"{SCORES}/by-entity", **{"page[limit]": 2, "page[offset]": 2})
    assert [row["id"] for row in answer["data"]] == ["api:shop/cart"]
    assert answer["meta"] == {"count": 1, "limit": 2, "offset": 2, "total": 3}
    assert answer["links"]["next"].endswith("page[limit]=2&page[offset]=4&page[size]=2")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"filter[rule][level]": "3"}, ["tested"]),
        ({"filter[rule][level]": "1, 2"}, ["tiered", "spoken", "off"]),
        ({"filter[rule][is_enabled]": "false"}, ["off"]),
        ({"filter[rule][is_custom]": "false"}, []),
        ({"filter[rule][name]": "Spoken"}, ["spoken"]),
        ({"filter[rule][id]": "nope"}, []),
        ({"sort": "-total_no_data"}, ["tested", "tiered", "spoken", "off"]),
    ],
)
def test_scores_are_filtered_and_sorted(
    graded: None, reader: DatadogClient, parameters: dict, expected: list[str]
) -> None:
    rows = get(reader, f"{SCORES}/by-rule", **parameters)["data"]
    assert [row["id"] for row in rows] == [rule_id(name) for name in expected]


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (
            "/by-planet",
            'attribute "aggregation" must be one of '
            '"by-entity by-rule by-scorecard by-team by-kind"',
        ),
        ("/by-rule?sort=name", 'attribute "sort": give one of'),
        ("/by-rule?filter[rule][level]=4", 'attribute "filter[rule][level]": give some of 1, 2, 3'),
        ("/by-rule?filter[rule][is_custom]=x", "give true or false"),
        ("/by-rule?page[limit]=x", 'attribute "page[limit]"'),
    ],
)
def test_a_bad_question_is_a_400(
    graded: None, reader: DatadogClient, path: str, detail: str
) -> None:
    answer = reader.get(SCORES + quote(path, safe="/?=[]-"))
    assert detail in refused(answer)["detail"]


_WORDS = [
    *("data", "attributes", "results", "rule_id", "service_name", "entity_reference", "state"),
    *("remarks", "type", "batched-outcome", "pass", "service:cart", "service:", ":cart", "cart"),
    *("_team:core", "a\x00", "\ud800", "x" * 1_001),
]
_SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@given(data=st.data(), path=st.sampled_from([OUTCOMES, BATCH]))
@hypothesis_settings(max_examples=40, suppress_health_check=_SLOW)
def test_whatever_is_sent_is_answered(
    graded: None, datadog: DatadogClient, data: Any, path: str
) -> None:
    good = result() if path == OUTCOMES else old_result()
    body = data.draw(disturbed(batch(good, good), _WORDS) | values(_WORDS))
    answer = datadog.send("POST", path, body)
    assert answer.status_code in (200, 202, 400, 409), json.dumps(body)


_PARAMETERS = st.sampled_from(
    [
        *("page[size]", "page[offset]", "page[limit]", "include", "sort", "fields[outcome]"),
        *("fields[rule]", "filter[rule][id]", "filter[rule][name]", "filter[rule][level]"),
        *("filter[rule][enabled]", "filter[rule][is_enabled]", "filter[rule][is_custom]"),
        *("filter[rule][scorecard_id]", "filter[outcome][state]", "filter[outcome][service_name]"),
    ]
)
_VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["rule", "-score", "total_skip", "1,3", "true", "rule-00000000001", "99999999999", "pass"]
)
_PATHS = st.sampled_from([OUTCOMES, *(f"{SCORES}/by-{x}" for x in ("entity", "team", "x\x00"))])


@given(path=_PATHS, parameters=st.dictionaries(_PARAMETERS, _VALUES, max_size=4))
@hypothesis_settings(max_examples=60, suppress_health_check=_SLOW)
def test_whatever_is_asked_is_answered(
    graded: None, reader: DatadogClient, path: str, parameters: dict[str, str]
) -> None:
    answer = reader.get(f"{quote(path)}?{urlencode(parameters)}")
    assert answer.status_code in (200, 400, 404), parameters
