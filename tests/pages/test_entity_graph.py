"""The graph around an entity: what is in it, what it costs, and what an address may ask for."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint, Entity, EntityRelation
from portal.dashboards.entity_graph import MOST_NODES, Direction, View, graph_of
from portal.dashboards.neighbours import related_of
from portal.dashboards.querystring import QueryString
from portal.permissions import EVERYTHING, sight_of
from tests.builders import NOW, make_blueprint, make_entity
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")


def graph(identifier="anchor", *, sight=EVERYTHING, **view):
    entity = Entity.objects.select_related("blueprint").get(identifier=identifier)
    return graph_of(entity, View(**view), sight=sight)


def edges(found):
    return {(row.source.title, row.relation, row.target.title) for row in found.rows}


def flood(count, **entity):
    """Point many deployments at Anchor, the short way."""
    kind, anchor = Blueprint.objects.get(identifier="deployment"), Entity.objects.get(**entity)
    rows = Entity.objects.bulk_create(
        Entity(blueprint=kind, identifier=f"flood-{number}", created_at=NOW, updated_at=NOW)
        for number in range(count)
    )
    EntityRelation.objects.bulk_create(
        EntityRelation(source=row, relation="service", target=anchor) for row in rows
    )


def chain(length):
    """Let services depend on each other in a row: s0 on s1, and so on."""
    make_blueprint("part", relations={"needs": {"target": "part", "title": "Needs"}})
    for number in reversed(range(length)):
        relations = {"needs": f"s{number + 1}"} if number + 1 < length else {}
        make_entity(f"s{number}", blueprint="part", relations=relations)


def test_few_neighbours_are_boxes_and_many_are_one(reader):
    assert edges(graph()) == {
        ("12 deployments", "Service", "Anchor"),
        ("Anchor", "Owned by", "Core"),
    }
    EntityRelation.objects.filter(
        source__identifier__in=[f"anchor-v{n}" for n in range(8)]
    ).delete()
    assert ("anchor-v9", "Service", "Anchor") in edges(graph())


@pytest.mark.parametrize(("depth", "seen"), [(1, "s1 s2 s3"), (2, "s0 s1 s2 s3 s4"), (3, "all")])
def test_the_depth_says_how_many_steps_are_followed(depth, seen):
    chain(6)
    names = {row.title for row in graph("s2", depth=depth).drawing.nodes.values()}
    assert names == {*(f"s{n}" for n in range(6))} if seen == "all" else names == set(seen.split())


@pytest.mark.parametrize(
    ("direction", "seen"), [("in", {"s0", "s1", "s2"}), ("out", {"s2", "s3", "s4"})]
)
def test_the_direction_says_which_relations_are_followed(direction, seen):
    chain(6)
    found = graph("s2", depth=2, direction=Direction(direction))
    assert {row.title for row in found.drawing.nodes.values()} == seen


def test_a_circle_is_drawn_once():
    chain(3)
    make_entity("s2", blueprint="part", relations={"needs": "s0"})
    assert edges(graph("s0", depth=3)) == {
        ("s0", "Needs", "s1"), ("s1", "Needs", "s2"), ("s2", "Needs", "s0"),
    }  # fmt: skip


def test_ten_thousand_neighbours_cost_as_many_queries_as_twelve(reader):
    address = "/catalog/service/anchor/?tab=related&depth=3"
    html_of(reader.get(address))
    with CaptureQueriesContext(connection) as before:
        html_of(reader.get(address))
    flood(10_000, identifier="anchor")
    # The navigation keeps the counts of large blueprints for a while.
    html_of(reader.get(address))
    with CaptureQueriesContext(connection) as after:
        response = reader.get(address)
    assert len(after) == len(before)
    assert "10,012 deployments" in words_of(response)
    assert "All 10,012" in words_of(response)
    assert len(response.content) < 40_000


def test_there_are_never_more_boxes_than_fit_and_it_is_said_what_is_left_out(reader):
    targets = {f"r{number}": {"target": "wheel"} for number in range(30)}
    make_blueprint("wheel", relations={})
    make_blueprint("hub", relations={key: {**item, "many": True} for key, item in targets.items()})
    for number in range(30):
        names = [make_entity(f"w{number}-{n}", blueprint="wheel").identifier for n in range(5)]
        make_entity("hub", blueprint="hub", relations={f"r{number}": names})
    found = graph("hub")
    assert len(found.drawing.nodes) <= MOST_NODES
    assert found.left_out == 150 - (len(found.drawing.nodes) - 1)
    words = words_of(reader.get("/catalog/hub/hub/?tab=related"))
    assert f"There is no room for {found.left_out} more" in words


def test_people_are_left_out_where_they_may_not_be_seen():
    assert "Maya L" in str(edges(graph("core", sight=EVERYTHING)))
    assert "Maya L" not in str(edges(graph("core", sight=sight_of(AnonymousUser()))))
    core = Entity.objects.select_related("blueprint").get(identifier="core")
    assert "_user" not in {
        group.blueprint.identifier
        for group in related_of(core, sight=sight_of(AnonymousUser())).incoming
    }


def test_boxes_are_links_with_the_colour_of_their_level(reader):
    html = html_of(reader.get("/catalog/service/anchor/?tab=related"))
    drawn = re.search(r'<svg class="graph".*?</svg>\s*</div>', html, re.DOTALL)[0]
    assert 'class="graph-node lv-gold graph-middle"' in drawn
    assert "<title>Anchor, Service, Gold</title>" in drawn
    assert 'href="/catalog/deployment/?relation.service=anchor"' in drawn
    assert 'role="group" aria-label="What stands around Anchor"' in drawn
    assert "<title>Anchor: Owned by → Core</title>" in drawn


def test_the_graph_has_a_list_beside_it(reader):
    words = words_of(reader.get("/catalog/service/anchor/?tab=related"))
    assert "From Relation To Anchor Service Owned by Core Team" in words
    assert "12 deployments Deployment Service Anchor Service" in words


@pytest.mark.parametrize(
    "query",
    [
        "depth=4", "depth=-1", "depth=1e3", "depth=٢", "direction=up", "color=nothing",
        "color=%00", "depth=2&depth=9&direction=<script>", "color=quality'--",
    ],
)  # fmt: skip
def test_what_is_no_choice_is_not_heeded(reader, query):
    html = html_of(reader.get(f"/catalog/service/anchor/?tab=related&{query}"))
    assert html.count('aria-current="true">1<') == 1
    assert 'aria-current="true">Both<' in html


def test_the_choices_keep_each_other():
    query = QueryString.of([("depth", "2"), ("direction", "in")])
    view = View.of(query, [])
    assert (view.depth, view.direction, str(view.query)) == (2, "in", "?depth=2&direction=in")


def test_targets_by_name_lead_to_their_table(reader):
    make_blueprint("wheel", relations={})
    make_blueprint("hub", relations={"has": {"target": "wheel", "many": True, "title": "Has"}})
    names = [make_entity(f"w{number}", blueprint="wheel").identifier for number in range(15)]
    make_entity("w-other", blueprint="wheel")
    make_entity("hub", blueprint="hub", relations={"has": names})
    entity = Entity.objects.select_related("blueprint").get(identifier="hub")
    (group,) = related_of(entity, sight=EVERYTHING).outgoing
    assert (group.title, group.count, group.more) == ("Has", 15, 5)
    table = words_of(reader.get(group.address))
    assert "w14" in table
    assert "w-other" not in table
