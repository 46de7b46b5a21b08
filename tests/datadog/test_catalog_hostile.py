"""Whatever is sent about the catalog is answered in the shape of the dialect, never by a 500."""

import json
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import Invalid
from tests.builders import make_blueprint, make_entity
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import ENTITY, KIND, RELATION, SERVICES, definition, service, upsert
from tests.port.json_values import disturbed, values

pytestmark = pytest.mark.django_db

WORDS = [
    "v3", "v2.2", "v2", "v1", "service", "system", "api", "team", "release", "app", "cart",
    "service:cart", "system:shop", "service:default/cart", "a:b:c", "/", ":", "core", "default",
    "metadata", "spec", "name", "namespace", "owner", "links", "contacts", "url", "type",
    "dd-service", "schema-version", "https://a.example.com", "email", "on_call", "\x00",
]  # fmt: skip
ENTITIES = [
    definition(
        metadata={
            "namespace": "shop",
            "displayName": "Cart",
            "owner": "core",
            "additionalOwners": [{"name": "sre", "type": "x"}],
            "tags": ["a"],
            "contacts": [{"name": "us", "type": "email", "contact": "a@example.com"}],
            "links": [{"name": "a", "type": "repo", "url": "https://a.example.com"}],
            "inheritFrom": "service:base",
        },
        spec={"dependsOn": ["service:rates"], "componentOf": ["system:shop"], "languages": ["go"]},
        integrations={"pagerduty": {"serviceURL": "x.pagerduty.com/a"}},
        datadog={"events": [{"name": "a"}], "pipelines": {"fingerprints": ["a"]}},
        extensions={"a": 1},
    ),
    definition(kind="app", spec={"tier": "1", "dependencyOf": ["app:cart"]}),
    definition(kind="api", spec={"interface": {"definition": {}}, "implementedBy": ["app:x"]}),
    definition("shop", kind="system", spec={"components": ["service:cart"]}),
]
DEFINITIONS = [
    service(
        team="core",
        application="shop",
        contacts=[{"type": "email", "contact": "x"}],
        links=[{"name": "a", "type": "repo", "url": "https://a.example.com"}],
        integrations={"pagerduty": {"service-url": "x.pagerduty.com/service-directory/P1"}},
    ),
    service(
        version="v2",
        repos=[{"name": "a", "url": "https://a.example.com"}],
        integrations={"opsgenie": {"service-url": "x.opsgenie.com/service/1", "region": "US"}},
    ),
    {
        "info": {"dd-service": "cart"},
        "org": {"team": "core"},
        "contact": {"slack": "x"},
        "external-resources": [{"name": "a", "type": "wiki", "url": "https://a.example.com"}],
        "integrations": {"github": "https://a.example.com"},
    },
]
KINDS = [{"kind": "job", "displayName": "Job", "description": "Runs."}]
BODIES = st.one_of(
    values(WORDS),
    *(disturbed(body, WORDS) for body in (*ENTITIES, *DEFINITIONS, *KINDS)),
)
FUZZ = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def world(datadog: DatadogClient) -> None:
    """Store a described service, a blueprint of other people, and one of events."""
    make_blueprint("app")
    make_blueprint("release", ownership=None)
    make_entity("cart", blueprint="app", properties={"tier": 1})
    upsert(datadog, ENTITIES[0])


def check(answer: Any) -> None:
    """Hold an answer to the shape of the dialect."""
    assert answer.status_code < 500, answer.content
    if answer.status_code == 204:
        return
    body = answer.json()
    if answer.status_code < 400:
        assert isinstance(body["data"], list | dict)
    else:
        assert body["errors"]
        assert all(isinstance(error, str) for error in body["errors"])


def check_reads(client: DatadogClient) -> None:
    """See that whatever was written can be shown in every way."""
    for path in (
        f"{ENTITY}?include=schema,raw_schema,oncall,incident,relation",
        f"{RELATION}?include=entity,schema",
        KIND,
        *(f"{SERVICES}?schema_version={version}" for version in ("v1", "v2", "v2.1", "v2.2")),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, answer.content


@FUZZ
@given(path=st.sampled_from([ENTITY, KIND, SERVICES, f"{ENTITY}/preview"]), body=BODIES)
def test_a_json_body_of_any_build_is_answered(
    datadog: DatadogClient, world: None, path: str, body: Any
) -> None:
    check(datadog.post(path, body))
    check_reads(datadog)


def _texts() -> st.SearchStrategy[str]:
    documents = st.lists(BODIES, min_size=1, max_size=3)
    dumped = documents.map(
        lambda items: "\n---\n".join(json.dumps(item, default=str) for item in items)
    )
    styled = documents.map(lambda items: yaml.dump_all(items, allow_unicode=True))
    pieces = ["&a ", "*a", "- ", "? ", ": ", "!!set ", "!x ", "<<: ", "[", "]", "{", "}", "\n",
              "---\n", "...\n", "|\n", "'", '"', "#", "%YAML 9\n", "kind", "1e999", "2026-01-01",
              "  ", "\t", "0o7", "=", "~", "\u2028", "\x00", "metadata:\n  name: a\n"]  # fmt: skip
    broken = st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=20).map("".join)
    return dumped | styled | broken


@FUZZ
@given(path=st.sampled_from([ENTITY, KIND, SERVICES]), text=_texts(), is_raw=st.booleans())
def test_a_text_of_any_build_is_answered(
    datadog: DatadogClient, world: None, path: str, text: str, is_raw: bool
) -> None:
    if is_raw:
        sent = text.encode(errors="surrogatepass")
    else:
        sent = json.dumps(text).encode()
    check(
        datadog._client.generic(
            "POST", path, data=sent, content_type="text/yaml", headers=datadog._headers
        )
    )
    check_reads(datadog)


@FUZZ
@given(
    facts=st.dictionaries(
        st.sampled_from(["description", "tier", "tags", "links", "contacts", "on_call", "type"]),
        values(["url", "type", "contact", "https://pagerduty.com/x", "http://["]),
    ),
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
)
def test_an_entity_of_any_build_is_shown(
    datadog: DatadogClient, world: None, facts: dict[str, Any], title: str
) -> None:
    try:
        make_entity("shop/cart", title=title, properties=facts)
    except Invalid:
        return
    check_reads(datadog)


PARAMETERS = [
    "page[limit]", "page[offset]", "page[size]", "page[number]", "filter[id]", "filter[ref]",
    "filter[name]", "filter[kind]", "filter[owner]", "filter[relation][type]", "filter[type]",
    "filter[exclude_snapshot]", "filter[from_ref]", "filter[to_ref]", "include",
    "includeDiscovered", "schema_version",
]  # fmt: skip


@FUZZ
@given(
    path=st.sampled_from([ENTITY, KIND, RELATION, SERVICES]),
    query=st.dictionaries(
        st.sampled_from(PARAMETERS),
        st.sampled_from(
            [*WORDS, "RelationTypeOwns", "schema", "7469646d-6172-6b00-8000-0000000001"]
        )
        | st.text(max_size=6)
        | st.integers().map(str),
        max_size=4,
    ),
)
def test_a_query_of_any_build_is_answered(
    datadog: DatadogClient, world: None, path: str, query: dict[str, str]
) -> None:
    encoded = "&".join(
        f"{key}={quote(value.encode(errors='replace'))}" for key, value in query.items()
    )
    check(datadog.get(f"{path}?{encoded}"))


@FUZZ
@given(name=st.text(min_size=1, max_size=10) | st.sampled_from(WORDS))
def test_an_address_of_any_build_is_answered(
    datadog: DatadogClient, world: None, name: str
) -> None:
    part = quote(name.encode(errors="replace"), safe="")
    for path in (ENTITY, KIND, SERVICES):
        assert datadog.delete(f"{path}/{part}").status_code < 500
    assert datadog.get(f"{SERVICES}/{part}").status_code < 500
