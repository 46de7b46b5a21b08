"""Catalog files in Datadog's formats: read, checked, turned into one another."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.descriptors.datadog import shapes
from catalog.descriptors.datadog.definitions import Definition, read_definition, read_definitions
from catalog.descriptors.datadog.evidence import Keeping, properties_of, with_facts
from catalog.descriptors.datadog.inheritance import inherited
from catalog.descriptors.datadog.versions import from_v3, to_v3
from catalog.descriptors.references import Reference
from catalog.descriptors.texts import MAX_CHARACTERS, MAX_DOCUMENTS, read_texts
from catalog.errors import Invalid

REFERENCE = Path(__file__).parents[4] / "shared/reference/datadog-entity-schema"

V2 = {
    "schema-version": "v2",
    "dd-service": "cart",
    "team": "core",
    "contacts": [{"type": "email", "contact": "a@example.com", "name": "Us"}],
    "links": [
        {"name": "Run", "type": "runbook", "url": "https://a.example.com/run"},
        {"name": "Wiki", "type": "wiki", "url": "https://a.example.com/wiki"},
        {"name": "Code", "type": "code", "url": "https://a.example.com/code"},
        {"name": "Call", "type": "oncall", "url": "https://a.example.com/call"},
        {"name": "Page", "type": "url", "url": "https://a.example.com/page"},
    ],
    "repos": [{"name": "Source", "provider": "Git", "url": "https://git.example.com/cart"}],
    "docs": [{"name": "Guide", "url": "https://docs.example.com/cart"}],
    "tags": ["a:b"],
    "integrations": {
        "pagerduty": "https://x.pagerduty.com/service-directory/P1",
        "opsgenie": {"service-url": "https://x.opsgenie.com/service/1", "region": "EU"},
    },
    "extensions": {"example.com/a": 1},
}
V3_OF_V2 = {
    "apiVersion": "v2",
    "kind": "service",
    "metadata": {
        "name": "cart",
        "namespace": "default",
        "owner": "core",
        "tags": ["a:b"],
        "contacts": [{"name": "Us", "type": "email", "contact": "a@example.com"}],
        "links": [
            {"name": "Run", "type": "runbook", "url": "https://a.example.com/run"},
            {"name": "Wiki", "type": "doc", "url": "https://a.example.com/wiki"},
            {"name": "Code", "type": "repo", "url": "https://a.example.com/code"},
            {"name": "Call", "type": "other", "url": "https://a.example.com/call"},
            {"name": "Page", "type": "other", "url": "https://a.example.com/page"},
            {
                "name": "Source",
                "type": "repo",
                "url": "https://git.example.com/cart",
                "provider": "Git",
            },
            {"name": "Guide", "type": "doc", "url": "https://docs.example.com/cart"},
        ],
    },
    "integrations": {
        "pagerduty": {"serviceURL": "https://x.pagerduty.com/service-directory/P1"},
        "opsgenie": {"serviceURL": "https://x.opsgenie.com/service/1", "region": "EU"},
    },
    "extensions": {"example.com/a": 1},
}
V2_2 = {
    "schema-version": "v2.2",
    "dd-service": "cart",
    "team": "core",
    "application": "shop",
    "description": "Holds things.",
    "tier": "1",
    "lifecycle": "production",
    "type": "web",
    "languages": ["go"],
    "contacts": [{"type": "chat", "contact": "https://chat.example.com"}],
    "links": [{"name": "Ask", "type": "help", "url": "https://a.example.com", "provider": "Us"}],
    "tags": ["a:b"],
    "integrations": {"pagerduty": {"service-url": "x.pagerduty.com/service-directory/P1"}},
    "ci-pipeline-fingerprints": ["abc"],
    "extensions": {"example.com/a": 1},
}
V1 = {
    "schema-version": "v1",
    "info": {
        "dd-service": "cart",
        "display-name": "Cart",
        "description": "Holds things.",
        "service-tier": "1",
    },
    "org": {"team": "core", "application": "shop"},
    "contact": {"email": "a@example.com", "slack": "https://x.slack.com/a"},
    "external-resources": [{"name": "Run", "type": "runbook", "url": "https://a.example.com"}],
    "tags": ["a:b"],
    "integrations": {"pagerduty": "https://x.pagerduty.com/service-directory/P1"},
    "extensions": {"example.com/a": 1},
}


def test_v2_becomes_v3_by_the_table() -> None:
    assert to_v3(V2, "v2") == V3_OF_V2


@pytest.mark.parametrize("document", [V1, V2_2])
def test_a_version_turned_into_v3_and_back_is_the_same(document: dict[str, Any]) -> None:
    version = document["schema-version"]
    assert from_v3(to_v3(document, version), version) == document


def test_v2_becomes_v2_1_by_the_table() -> None:
    assert from_v3(to_v3(V2, "v2"), "v2.1") == {
        "schema-version": "v2.1",
        "dd-service": "cart",
        "team": "core",
        "contacts": V2["contacts"],
        "links": V3_OF_V2["metadata"]["links"],
        "tags": ["a:b"],
        "integrations": {
            "pagerduty": {"service-url": "https://x.pagerduty.com/service-directory/P1"},
            "opsgenie": {"service-url": "https://x.opsgenie.com/service/1", "region": "EU"},
        },
        "extensions": {"example.com/a": 1},
    }


def test_v2_2_becomes_older_by_the_table() -> None:
    whole = to_v3(V2_2, "v2.2")
    older = {**V2_2, "schema-version": "v2.1"}
    for key in ("type", "languages", "contacts", "ci-pipeline-fingerprints"):
        del older[key]
    older["links"] = [{**V2_2["links"][0], "type": "other"}]
    assert from_v3(whole, "v2.1") == older
    assert from_v3(whole, "v2") == {
        "schema-version": "v2",
        "dd-service": "cart",
        "team": "core",
        "links": [{"name": "Ask", "type": "link", "url": "https://a.example.com"}],
        "tags": ["a:b"],
        "integrations": {"pagerduty": "x.pagerduty.com/service-directory/P1"},
        "extensions": {"example.com/a": 1},
    }


def test_the_repository_of_v1_is_a_link() -> None:
    document = {"info": {"dd-service": "a"}, "integrations": {"github": "https://git.example.com"}}
    assert to_v3(document, "v1")["metadata"]["links"] == [
        {"name": "Source", "url": "https://git.example.com", "provider": "Github", "type": "repo"}
    ]


@pytest.mark.parametrize("document", [V1, V2, V2_2])
@pytest.mark.parametrize("version", shapes.SERVICE_VERSIONS)
def test_every_conversion_is_sound(document: dict[str, Any], version: str) -> None:
    converted = from_v3(to_v3(document, document["schema-version"]), version)
    assert shapes.service_faults(converted, version) == []
    assert shapes.contact_warnings(converted, version) == []
    assert converted.keys() <= shapes.service_keys(version)


@pytest.mark.parametrize(
    ("text", "reference", "identifier"),
    [
        ("service:cart", "service:default/cart", "cart"),
        ("service:default/cart", "service:default/cart", "cart"),
        ("service:shop/cart", "service:shop/cart", "shop/cart"),
        ("service:shop/cart/2", "service:shop/cart/2", "shop/cart/2"),
        ("service:a:b", "service:default/a:b", "a:b"),
    ],
)
def test_references_are_read(text: str, reference: str, identifier: str) -> None:
    found = Reference.parse(text)
    assert (str(found), found.identifier) == (reference, identifier)


@pytest.mark.parametrize("text", ["", "cart", ":", "service:", ":cart"])
def test_what_names_nothing_is_no_reference(text: str) -> None:
    with pytest.raises(ValueError, match="kind:name"):
        Reference.parse(text)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested more than 50 levels"),
        ("- " * 60 + "x", "nested more than 50 levels"),
        ("{a: " * 60, "nested more than 50 levels"),
        (BOMB, "aliases unfold to too much"),
        ("a: &a [*a]", "aliases unfold to too much"),
        ("a: &a x\nb: [" + "*a, " * 101 + "]", "more than 100 aliases"),
        ("---\n" * (MAX_DOCUMENTS + 1), "documents"),
        ("x" * (MAX_CHARACTERS + 1), "too long"),
        ("a: 1\nb: {c: 1, c: 2}", "line 2, column 11: the key 'c' stands twice"),
        ("on: 1\n'on': 2", "the key 'on' stands twice"),
        ("[a]: 1", "a key has to be a text"),
        ("!!binary aGk=", "tags such as"),
        ("!!set {a, b}", "tags such as"),
        ("!local x", "tags such as !local"),
        ("!!python/object/apply:os.system [x]", "tags such as"),
        ("a: " + "1" * 5_000, "not usable YAML"),
        ("a: .nan", "not a finite number"),
        ("a: \x00", "not usable YAML"),
        ('a: "\\0"', "cannot be stored"),
        ("*nobody", "undefined alias"),
        ("'", "not usable YAML"),
    ],
)
def test_a_text_that_would_do_harm_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_texts(text)


def test_texts_are_read_as_plain_values() -> None:
    text = "a: 2026-01-01\non: &x [yes, 1, =]\n<<: {b: 1}\nc: *x\n---\n---\n~\n---\nx\n"
    first, second = read_texts(text)
    assert first == {
        "a": "2026-01-01",
        "on": [True, 1, "="],
        "<<": {"b": 1},
        "c": [True, 1, "="],
    }
    assert first["on"] is not first["c"]
    assert second == "x"


@pytest.mark.parametrize("text", ["12:30", "!!int 1:2", "1:30.5", "1" + ":1" * 40_000])
def test_no_number_is_to_base_60(text: str) -> None:
    assert read_texts(f"a: {text}") == [{"a": text.removeprefix("!!int ")}]


def test_faults_of_several_documents_say_in_which() -> None:
    text = "apiVersion: v3\nkind: service\nmetadata: {}\n---\n[]\n"
    with pytest.raises(Invalid) as caught:
        read_definitions(text)
    assert [fault.path for fault in caught.value.faults] == [
        "documents[0].metadata",
        "documents[1]",
    ]


def _entity(name: str, kind: str = "service", **metadata: Any) -> Definition:
    return read_definition(
        {"apiVersion": "v3", "kind": kind, "metadata": {"name": name, **metadata}}
    )


def test_metadata_comes_down_a_chain_and_own_words_win() -> None:
    file = [
        _entity("c", inheritFrom="service:b", tags=["c"]),
        _entity("b", inheritFrom="service:a", description="B"),
        _entity("a", owner="core", tags=["a"], description="A", displayName="A"),
    ]
    assert inherited(file, lambda reference: None) == [
        {"owner": "core", "description": "B"},
        {"owner": "core", "tags": ["a"]},
        {},
    ]


def test_a_circle_of_bases_ends() -> None:
    file = [
        _entity("a", inheritFrom="service:b", owner="core"),
        _entity("b", inheritFrom="service:a", tags=["b"]),
        _entity("c", inheritFrom="service:c", tags=["c"]),
    ]
    assert inherited(file, lambda reference: None) == [{"tags": ["b"]}, {"owner": "core"}, {}]


def test_a_base_outside_of_the_file_is_looked_up() -> None:
    stored = {Reference("system", "shop"): {"owner": "core", "name": "shop"}}
    file = [_entity("a", inheritFrom="system:shop"), _entity("b", inheritFrom="system:none")]
    assert inherited(file, stored.get) == [{"owner": "core"}, {}]


@pytest.mark.parametrize(
    ("systems", "kind", "owner"),
    [(1, "service", "core"), (1, "ui", "core"), (1, "api", None), (2, "service", None)],
)
def test_the_one_system_of_a_file_gives_to_what_is_in_it(
    systems: int, kind: str, owner: str | None
) -> None:
    file = [_entity(f"s{n}", kind="system", owner="core") for n in range(systems)]
    taken = inherited([_entity("a", kind=kind), *file], lambda reference: None)
    assert taken[0].get("owner") == owner


def test_facts_that_a_blueprint_gave_another_type_do_no_harm() -> None:
    document = _entity("a").whole
    keys = frozenset(properties_of(document))
    facts: dict[str, Any] = {"$title": "a", "$identifier": "a", "$team": []}
    for odd in (7, "x", {"a": 1}, [None, 7, "x", {}], True):
        whole = with_facts(
            document,
            {**facts, **dict.fromkeys(keys, odd)},
            keeping=Keeping(properties=keys, has_owner=True),
        )
        assert shapes.entity_faults(whole) == []


@pytest.mark.skipif(not REFERENCE.exists(), reason="the published schemas are not here")
class TestAgainstThePublishedSchemas:
    """Our shapes take what the published ones take, and refuse what they refuse."""

    @staticmethod
    def checker(name: str) -> jsonschema_rs.Draft7Validator:
        """Return a checker of a published schema, all of them at hand and nothing fetched."""
        stored = {}
        for path in REFERENCE.glob("**/*.json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            schema["$schema"] = "http://json-schema.org/draft-07/schema#"
            stored[schema["$id"]] = schema
        one = json.loads((REFERENCE / name).read_text(encoding="utf-8"))
        one["$schema"] = "http://json-schema.org/draft-07/schema#"
        return jsonschema_rs.Draft7Validator(
            one, validate_formats=True, retriever=stored.__getitem__
        )

    @pytest.mark.parametrize("kind", ["service", "system", "datastore", "queue", "api"])
    def test_entities_of_v3(self, kind: str) -> None:
        published = self.checker(f"v3/{kind}.schema.json")
        spec_keys = list(shapes._SPEC_KEYS)

        @given(
            metadata=st.fixed_dictionaries(
                {},
                optional={
                    "name": st.sampled_from(["a", "", 1]),
                    "owner": st.sampled_from(["a", 1]),
                    "tags": st.sampled_from([["a"], [1], "a"]),
                    "contacts": st.sampled_from(
                        [
                            [],
                            [{"type": "email", "contact": "x"}],
                            [{"type": "email", "contact": "a@example.com"}],
                            [{"type": "chat", "contact": "x", "name": "ab"}],
                            [{"type": "chat", "contact": "x", "name": "a"}],
                            [{"type": "chat"}],
                        ]
                    ),
                    "links": st.sampled_from(
                        [
                            [{"name": "a", "type": "x", "url": "https://a"}],
                            [{"name": "a", "type": "x", "url": "here"}],
                            [{"name": "a", "url": "https://a"}],
                        ]
                    ),
                    "shape": st.just(1),
                },
            ),
            spec=st.dictionaries(
                st.sampled_from([*spec_keys, "shape"]),
                st.sampled_from(["x", "", ["x"], [1], 1, {"fileRef": "https://a"}, {}]),
                max_size=2,
            ),
            integrations=st.sampled_from(
                [
                    {},
                    {"pagerduty": {"serviceURL": "x"}},
                    {"pagerduty": {"serviceURL": ""}},
                    {"opsgenie": {"region": "EU"}},
                    {"sentry": {"projectSlugs": []}},
                    {"terraform": {"workspaceIds": ["ws-1"]}},
                    {"other": {}},
                ]
            ),
        )
        def agree(metadata: Any, spec: Any, integrations: Any) -> None:
            document = {
                "apiVersion": "v3",
                "kind": kind,
                "metadata": metadata,
                "spec": spec,
                "integrations": integrations,
            }
            assert published.is_valid(document) is (shapes.entity_faults(document) == [])

        agree()

    @pytest.mark.parametrize("document", [V1, V2, V2_2])
    def test_service_definitions(self, document: dict[str, Any]) -> None:
        version = document["schema-version"]
        published = self.checker(f"{version}/schema.json")
        assert published.is_valid(document)
        # A version of its own is another document, and an empty name none at all.
        for key in document.keys() - {"schema-version"}:
            for odd in (None, 7, "" if key != "dd-service" else "x", [7], [{}], {"x": 1}):
                changed = {**document, key: odd}
                faults = shapes.service_faults(changed, version)
                doubts = shapes.contact_warnings(changed, version)
                assert published.is_valid(changed) is (not faults and not doubts), changed
