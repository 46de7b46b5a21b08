"""Relations that definitions declare: in both directions, and on the portal's own pages."""

from typing import Any

import pytest

from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import EntityDraft, rename_blueprint, upsert_entities
from portal.integrations.models import DeclaredRelation
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import (
    ENTITY,
    RELATION,
    chain_of,
    definition,
    relation_ids,
    shown,
    upsert,
)

pytestmark = pytest.mark.django_db

CART, RATES = "service:default/cart", "service:default/rates"


def own(source: str = "cart") -> dict[str, list[str]]:
    """Return the relations of blueprints that start at a service."""
    found: dict[str, list[str]] = {}
    rows = EntityRelation.objects.filter(source__identifier=source).exclude(relation="$team")
    for row in rows.order_by("target__identifier"):
        found.setdefault(row.relation, []).append(row.target.identifier)
    return found


@pytest.mark.parametrize(
    ("body", "there", "back"),
    [
        (
            definition(spec={"dependsOn": ["service:rates"]}),
            f"{CART}:RelationTypeDependsOn:{RATES}",
            f"{RATES}:RelationTypeDependencyOf:{CART}",
        ),
        (
            definition(kind="queue", spec={"dependencyOf": ["service:rates"]}),
            "queue:default/cart:RelationTypeDependencyOf:service:default/rates",
            "service:default/rates:RelationTypeDependsOn:queue:default/cart",
        ),
        (
            definition(spec={"componentOf": ["system:eu/shop"]}),
            f"{CART}:RelationTypePartsOf:system:eu/shop",
            f"system:eu/shop:RelationTypeHasPart:{CART}",
        ),
        (
            definition("shop", kind="system", spec={"components": ["service:cart"]}),
            f"system:default/shop:RelationTypeHasPart:{CART}",
            f"{CART}:RelationTypePartsOf:system:default/shop",
        ),
        (
            definition("pay", kind="api", spec={"implementedBy": ["service:cart"]}),
            f"api:default/pay:RelationTypeImplementedBy:{CART}",
            f"{CART}:RelationTypeImplements:api:default/pay",
        ),
        (
            definition(metadata={"owner": "core"}),
            f"{CART}:RelationTypeOwnedBy:team:default/core",
            f"team:default/core:RelationTypeOwns:{CART}",
        ),
        (
            definition(metadata={"additionalOwners": [{"name": "sre"}, {"name": ""}]}),
            f"{CART}:RelationTypeOtherOwnedBy:team:default/sre",
            f"team:default/sre:RelationTypeOtherOwns:{CART}",
        ),
    ],
)
def test_what_is_declared_is_kept_in_both_directions(
    datadog: DatadogClient, body: Any, there: str, back: str
) -> None:
    upsert(datadog, body)
    assert set(relation_ids(datadog)) == {there, back}
    upsert(datadog, {key: body[key] for key in ("apiVersion", "kind")} | {
        "metadata": {"name": body["metadata"]["name"]}
    })  # fmt: skip
    assert relation_ids(datadog) == []


def test_what_inherits_is_no_relation_that_clients_know(datadog: DatadogClient) -> None:
    upsert(datadog, definition(metadata={"inheritFrom": "service:base"}))
    assert relation_ids(datadog) == []


def test_what_both_ends_declare_is_one_relation(datadog: DatadogClient) -> None:
    upsert(
        datadog,
        definition(spec={"componentOf": ["system:shop"]}),
        definition("shop", kind="system", spec={"components": ["service:cart"]}),
    )
    part = f"{CART}:RelationTypePartsOf:system:default/shop"
    assert sorted(relation_ids(datadog)) == [
        part,
        f"system:default/shop:RelationTypeHasPart:{CART}",
    ]
    body = datadog.get(f"{ENTITY}?include=relation&filter[kind]=service").json()
    assert [item["id"] for item in body["included"]] == [part]
    upsert(datadog, definition())
    # The other end still says so.
    assert part in relation_ids(datadog)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[type]=RelationTypeDependsOn", [f"{CART}:RelationTypeDependsOn:{RATES}"]),
        ("filter[type]=RelationTypeOwns", [f"team:default/core:RelationTypeOwns:{CART}"]),
        ("filter[from_ref]=service:rates", [f"{RATES}:RelationTypeDependencyOf:{CART}"]),
        ("filter[from_ref]=team:core", [f"team:default/core:RelationTypeOwns:{CART}"]),
        ("filter[to_ref]=team:default/core", [f"{CART}:RelationTypeOwnedBy:team:default/core"]),
        ("filter[from_ref]=service:cart&filter[to_ref]=service:none", []),
        ("filter[from_ref]=queue:rates", []),
    ],
)
def test_a_list_is_filtered_by_type_and_ends(
    datadog: DatadogClient, query: str, found: list[str]
) -> None:
    upsert(datadog, definition(metadata={"owner": "core"}, spec={"dependsOn": ["service:rates"]}))
    assert relation_ids(datadog, query) == found


@pytest.mark.parametrize(
    "query", ["filter[type]=RelationTypeInheritsFrom", "filter[from_ref]=cart", "include=all"]
)
def test_a_query_that_asks_for_nothing_known_is_refused(datadog: DatadogClient, query: str) -> None:
    assert datadog.get(f"{RELATION}?{query}").status_code == 400


def test_pages_go_from_declared_relations_on_to_ownership(datadog: DatadogClient) -> None:
    upsert(
        datadog,
        definition(metadata={"owner": "core"}, spec={"dependsOn": ["service:rates"]}),
        definition("rates", metadata={"owner": "core"}),
    )
    whole = relation_ids(datadog)
    assert len(whole) == 6
    paged = [
        id_
        for offset in range(0, 8, 2)
        for id_ in relation_ids(datadog, f"page[limit]=2&page[offset]={offset}")
    ]
    assert paged == whole
    assert relation_ids(datadog, "page[offset]=5") == whole[5:]
    last = datadog.get(f"{RELATION}?page[limit]=2&page[offset]=4").json()
    assert "next" not in last["links"]
    assert last["meta"] == {"count": 2, "includeCount": 0}


def test_who_moves_an_entity_to_another_team_moves_the_relation(datadog: DatadogClient) -> None:
    upsert(datadog, definition(metadata={"owner": "core"}))
    make_team("other")
    make_entity("cart", team="other")
    assert relation_ids(datadog, "filter[from_ref]=service:cart") == [
        f"{CART}:RelationTypeOwnedBy:team:default/other"
    ]


def test_an_owner_that_the_entity_cannot_have_is_declared(datadog: DatadogClient) -> None:
    make_blueprint("domain", ownership={"type": "Direct"})
    make_blueprint(
        "app",
        ownership={"type": "Inherited", "path": "domain"},
        relations={"domain": {"target": "domain"}},
        schema={"properties": {"lifecycle": {"type": "string"}}},
    )
    upsert(datadog, definition(kind="app", metadata={"owner": "core"}))
    assert relation_ids(datadog, "filter[type]=RelationTypeOwnedBy") == [
        "app:default/cart:RelationTypeOwnedBy:team:default/core"
    ]


def test_ends_come_with_relations(datadog: DatadogClient) -> None:
    upsert(datadog, definition(spec={"dependsOn": ["service:rates"]}), definition("rates"))
    body = datadog.get(f"{RELATION}?include=entity,schema").json()
    found = sorted((item["type"], item["id"]) for item in body["included"])
    ids = sorted(item["id"] for item in datadog.get(ENTITY).json()["data"])
    assert found == [(type_, id_) for type_ in ("entity", "schema") for id_ in ids]
    assert body["meta"]["includeCount"] == 4


def test_relations_show_on_the_pages_of_the_portal(datadog: DatadogClient) -> None:
    spec = {
        "dependsOn": ["service:rates", "queue:mails", "job:nightly", "service:nobody"],
        "componentOf": ["system:shop"],
    }
    upsert(
        datadog,
        definition("mails", kind="queue"),
        definition("nightly", kind="job"),
        definition(spec=spec),
    )
    # Nothing of the rest is there yet: relations come with what they lead to.
    assert own() == {"depends_on_queue": ["mails"]}
    upsert(datadog, definition("rates"), definition("shop", kind="system"))
    assert own() == {
        "depends_on": ["rates"],
        "depends_on_queue": ["mails"],
        "part_of": ["shop"],
    }
    upsert(datadog, definition(spec={"dependsOn": ["service:rates"]}))
    assert own() == {"depends_on": ["rates"]}


def test_the_other_end_relates_as_well(datadog: DatadogClient) -> None:
    upsert(datadog, definition(), definition("shop", kind="system"))
    upsert(datadog, definition("shop", kind="system", spec={"components": ["service:cart"]}))
    assert own() == {"part_of": ["shop"]}
    upsert(datadog, definition("shop", kind="system"))
    assert own() == {}


def test_what_people_related_stays(datadog: DatadogClient) -> None:
    upsert(datadog, definition("rates"), definition("mine"))
    upsert(datadog, definition(spec={"dependsOn": ["service:rates"]}))
    make_entity("cart", relations={"depends_on": ["rates", "mine"]})
    upsert(datadog, definition())
    assert own() == {"depends_on": ["mine"]}


def test_a_relation_of_other_people_is_left_alone(datadog: DatadogClient) -> None:
    make_blueprint("host")
    make_blueprint("service", relations={"depends_on": {"target": "host"}})
    upsert(datadog, definition("rates"), definition(spec={"dependsOn": ["service:rates"]}))
    assert own() == {}
    assert Blueprint.objects.get(identifier="service").relations["depends_on"]["target"] == "host"
    assert shown(datadog)["spec"] == {"dependsOn": ["service:rates"]}


def test_relations_go_with_the_entity_that_declares_them(datadog: DatadogClient) -> None:
    upsert(datadog, definition("rates"), definition(spec={"dependsOn": ["service:rates"]}))
    assert datadog.delete(f"{ENTITY}/service:rates").status_code == 204
    assert len(relation_ids(datadog)) == 2
    assert datadog.delete(f"{ENTITY}/service:cart").status_code == 204
    assert not DeclaredRelation.objects.exists()


def test_relations_follow_entities_and_kinds_to_other_names(datadog: DatadogClient) -> None:
    upsert(datadog, definition("a", kind="job", spec={"dependsOn": ["job:b"]}))
    upsert(datadog, definition("b", kind="job"))
    blueprint = Blueprint.objects.get(identifier="job")
    draft = EntityDraft("b", new_identifier="c")
    upsert_entities(blueprint=blueprint, drafts=[draft], by=TESTER, now=NOW)
    rename_blueprint(blueprint=blueprint, identifier="task", by=TESTER, now=NOW)
    assert relation_ids(datadog, "filter[type]=RelationTypeDependsOn") == [
        "task:default/a:RelationTypeDependsOn:task:default/c"
    ]
    assert shown(datadog, "task:c")["metadata"]["name"] == "c"
    assert Entity.objects.of("task").count() == 2


def test_names_that_are_swapped_are_followed(datadog: DatadogClient) -> None:
    upsert(
        datadog,
        definition("a", kind="job", spec={"dependsOn": ["job:b"]}),
        definition("b", kind="job"),
    )
    blueprint = Blueprint.objects.get(identifier="job")
    for old, new in (("a", "x"), ("b", "a"), ("x", "b")):
        draft = EntityDraft(old, new_identifier=new)
        upsert_entities(blueprint=blueprint, drafts=[draft], by=TESTER, now=NOW)
    assert relation_ids(datadog, "filter[type]=RelationTypeDependsOn") == [
        "job:default/b:RelationTypeDependsOn:job:default/a"
    ]


@pytest.mark.parametrize("rows", [3, 40])
def test_a_list_of_relations_costs_the_same_however_many(
    datadog: DatadogClient, django_assert_num_queries: Any, rows: int
) -> None:
    upsert(datadog, chain_of(rows))
    relation_ids(datadog)
    with django_assert_num_queries(8):
        assert len(relation_ids(datadog, "page[limit]=1000&include=entity")) == 4 * rows
