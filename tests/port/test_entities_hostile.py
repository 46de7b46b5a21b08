"""Whatever is sent about entities is answered in the shape of the dialect, and never by a 500."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import make_blueprint, make_entity, make_scorecard, make_team
from tests.port.clients import PortClient, check_answer

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["cart", "core", "tier", "$title", "lastWeek", "2026-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
REFERENCE = st.fixed_dictionaries(
    {
        "combinator": st.sampled_from(["and", "or"]) | JSON,
        "rules": st.lists(
            st.fixed_dictionaries(
                {
                    "property": st.sampled_from(["$title", "tier", "$team", "tags"]) | JSON,
                    "operator": st.sampled_from(
                        ["=", "!=", "in", ">", "between", "contains", "relatedTo", "matchAny",
                         "isEmpty", "isExpired", "containsAny", "notIn", "beginsWith"]
                    ),
                },
                optional={"value": JSON, "blueprint": JSON, "scorecard": JSON, "not": JSON},
            ),
            max_size=3,
        )
        | JSON,
    }
)  # fmt: skip
ENTITY = st.fixed_dictionaries(
    {},
    optional={
        "identifier": st.sampled_from(["cart", "new", ".", "a b", ""]) | REFERENCE | JSON,
        "blueprint": st.just("service") | JSON,
        "title": JSON,
        "icon": JSON,
        "team": st.just("core") | REFERENCE | JSON,
        "properties": st.dictionaries(st.sampled_from(["tier", "language", "other"]), JSON) | JSON,
        "relations": st.dictionaries(
            st.sampled_from(["uses", "part", "nothing"]), st.just("cart") | REFERENCE | JSON
        )
        | JSON,
    },
)
AGGREGATION = st.fixed_dictionaries(
    {},
    optional={
        "func": st.sampled_from(["count", "average", "sum", "median", "countValues", "last"])
        | JSON,
        "calculationBy": st.sampled_from(["entities", "property"]) | JSON,
        "property": st.just("tier") | JSON,
        "relation": st.just("uses") | JSON,
        "scorecard": st.just("quality") | JSON,
        "scorecardRule": st.just("tiered") | JSON,
        "averageOf": st.sampled_from(["hour", "total"]) | JSON,
        "measureTimeBy": st.just("$createdAt") | JSON,
        "query": REFERENCE,
        "blueprint": st.just("service") | JSON,
        "blueprintIdentifier": st.just("service") | JSON,
        "entityIdentifier": st.just("cart") | JSON,
        "propertyNames": st.just(["tier"]) | JSON,
        "properties": st.just(["tier"]) | JSON,
        "aggregationType": st.sampled_from(["countEntities", "aggregatePropertiesValues"]) | JSON,
        "breakdownProperty": st.just("language") | JSON,
        "timeInterval": st.sampled_from(["day", "isoWeek", "quarter"]) | JSON,
        "timeRange": st.fixed_dictionaries(
            {"preset": st.sampled_from(["lastWeek", "last3Years", "today"]) | JSON},
            optional={"timeZone": st.sampled_from(["Europe/Paris", "../etc", "Nowhere"]) | JSON},
        )
        | JSON,
    },
)
DATASOURCE = st.fixed_dictionaries(
    {},
    optional={
        key: st.just("x") | JSON
        for key in ("datasource_prefix", "datasource_suffix", "limit", "before", "from")
    },
)
CALLS = st.one_of(
    st.tuples(st.just("post"), st.just("/blueprints/service/entities"), ENTITY),
    st.tuples(
        st.just("post"),
        st.just("/blueprints/service/entities/bulk"),
        st.fixed_dictionaries({"entities": st.lists(ENTITY, max_size=3) | JSON}),
    ),
    st.tuples(
        st.sampled_from(["put", "patch"]), st.just("/blueprints/service/entities/cart"), ENTITY
    ),
    st.tuples(st.just("post"), st.just("/entities/search"), REFERENCE),
    st.tuples(
        st.just("post"),
        st.just("/blueprints/service/entities/search"),
        st.fixed_dictionaries(
            {}, optional={"query": REFERENCE, "limit": JSON, "from": JSON, "include": JSON}
        ),
    ),
    st.tuples(
        st.just("post"),
        st.sampled_from(
            ["/entities/aggregate", "/entities/aggregate-over-time", "/entities/properties-history"]
        ),
        AGGREGATION,
    ),
    st.tuples(st.just("post"), st.just("/blueprints/entities/datasource-entities"), DATASOURCE),
    st.tuples(
        st.just("post"),
        st.just("/blueprints/service/bulk/entities/delete"),
        st.fixed_dictionaries({"entities": JSON}),
    ),
)
QUERY = st.lists(
    st.sampled_from(
        ["upsert=true", "merge=true", "create_missing_related_entities=true",
         "validation_only=true", "include=tier", "exclude=title", "include=%5B1%5D", "include=%5B",
         "exclude_calculated_properties=0x", "attach_title_to_relation=true", "run_id="]
    ),
    max_size=4,
)  # fmt: skip


@pytest.fixture
def world(db: None) -> None:
    """Store a graded service with relations and a team."""
    make_team("core")
    make_blueprint(
        relations={"uses": {"target": "service", "many": True}, "part": {"target": "service"}}
    )
    make_scorecard()
    make_entity("cart", title="Cart", properties={"tier": 1})


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(call=CALLS, query=QUERY)
def test_no_body_gives_a_500(
    port: PortClient, world: None, call: tuple[str, str, Any], query: list[str]
) -> None:
    method, path, body = call
    check_answer(getattr(port, method)(f"{path}?{'&'.join(query)}", body))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.text(max_size=8), min_size=1, max_size=3))
def test_no_address_gives_a_500(port: PortClient, world: None, parts: list[str]) -> None:
    encoded = [quote(part.encode(errors="replace"), safe="") for part in parts]
    for path in (f"/blueprints/{encoded[0]}/entities/{encoded[-1]}", "/" + "/".join(encoded)):
        for method in ("get", "delete"):
            check_answer(getattr(port, method)(path))
