"""Tables in groups: counts, bars and first rows as counted by hand, and where each head leads."""

import json
import re
from collections import defaultdict
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entities
from portal.dashboards import groups
from portal.dashboards.groups import groups_of
from portal.dashboards.listing import listing_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import table_of
from portal.permissions import EVERYTHING
from tests.builders import NOW, TESTER, condition, make_blueprint, make_entity, make_team
from tests.pages.reading import html_of, row_names, words_of

SERVICES = "/catalog/service/"
HEAD = re.compile(
    r'<tr class="table-group">.*?class="table-title" href="([^"]*)">(.*?)</a> '
    r'<span class="group-count">([\d,]+)</span>',
    re.DOTALL,
)


def heads(response) -> list[tuple[str, int]]:
    """Return the groups of a page with their counts, in order."""
    found = HEAD.findall(html_of(response))
    return [
        (re.sub(r"<[^>]+>", "", title), int(count.replace(",", ""))) for _, title, count in found
    ]


def links(response) -> list[str]:
    """Return where the heads of groups lead."""
    return [unescape(link) for link, _, _ in HEAD.findall(html_of(response))]


@pytest.mark.usefixtures("catalog")
class TestPages:
    """Groups as a browser sees them."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("group=team", [("Core", 3), ("None", 1)]),
            ("group=level.quality", [("Gold", 1), ("Silver", 1), ("Bronze", 1), ("Basic", 1)]),
            ("group=property.language", [("Go", 1), ("Python", 1), ("None", 2)]),
            ("group=property.tier", [("2", 2), ("1", 1), ("3", 1)]),
            ("group=team&q=o", [("Core", 3)]),
            ("group=team&level.quality=Basic", [("Core", 1)]),
        ],
    )
    def test_rows_are_grouped(self, reader, query, found):
        response = reader.get(f"{SERVICES}?{query}")
        assert heads(response) == found

    @pytest.mark.parametrize(
        ("blueprint", "group"),
        [
            ("service", "team"),
            ("service", "level.quality"),
            ("service", "property.language"),
            ("service", "property.tier"),
            ("deployment", "team"),
            ("deployment", "relation.service"),
        ],
    )
    def test_the_head_of_a_group_leads_to_its_rows(self, reader, blueprint, group):
        make_entity("adrift", blueprint="deployment")
        make_entity("drift-v1", blueprint="deployment", relations={"service": "drift"})
        for more in (
            "",
            "&q=r",
            '&query={"combinator":"or","conditions":[{"property":"$title","operator":"contains","value":"r"},{"property":"$title","operator":"contains","value":"o"}]}',
        ):
            response = reader.get(f"/catalog/{blueprint}/?group={group}{more}")
            assert heads(response)
            for link, (title, count) in zip(links(response), heads(response), strict=True):
                rows = row_names(reader.get(f"/catalog/{blueprint}/{link}"))
                assert len(rows) == count, (title, link)

    def test_a_group_beside_a_filter_by_the_same_keeps_both(self, reader):
        make_team("deck", title="Deck")
        make_entity("anchor", team=["core", "deck"])
        response = reader.get(f"{SERVICES}?team=core&group=team")
        assert heads(response) == [("Core", 3), ("Deck", 1)]
        assert row_names(reader.get(f"{SERVICES}{links(response)[1]}")) == ["Anchor"]
        assert "the groups add up to 4, and there are 3" in words_of(response)

    def test_a_group_shows_its_bars_and_all_together(self, reader):
        html = html_of(reader.get(f"{SERVICES}?group=team"))
        assert 'aria-label="Core: 1 Gold, 1 Silver, 1 Basic"' in html
        assert 'aria-label="1 Gold, 1 Silver, 1 Bronze, 1 Basic"' in html

    def test_a_group_shows_its_first_rows_and_the_way_to_all(self, reader):
        for number in range(12):
            make_entity(f"raft-{number:02}", team="core")
        response = reader.get(f"{SERVICES}?group=team&sort=-title")
        html = html_of(response)
        core = html.split('<tbody class="group">')[1]
        assert re.findall(r'<th scope="row"><a href="/catalog/[^"]*">([^<]*)', core) == [
            f"raft-{number:02}" for number in range(11, 1, -1)
        ]
        assert "All 15</a>" in core

    @pytest.mark.parametrize("group", ["team", "property.tier"])
    @pytest.mark.parametrize("sort", ["title", "-title", "property.language"])
    def test_first_rows_are_the_same_wherever_they_are_looked_for(
        self, reader, monkeypatch, group, sort
    ):
        for number in range(30):
            make_entity(f"raft-{number:02}", team="core" if number < 25 else None)
        whole = reader.get(f"{SERVICES}?group={group}&sort={sort}")
        monkeypatch.setattr(groups, "LOOKED_AT", 8)
        again = reader.get(f"{SERVICES}?group={group}&sort={sort}")
        assert words_of(again) == words_of(whole)

    def test_groups_come_in_pages(self, reader):
        make_blueprint("crate", schema={"properties": {"mark": {"type": "string"}}, "required": []})
        drafts = [EntityDraft(f"c{n}", properties={"mark": f"m{n:03}"}) for n in range(120)]
        crate = Blueprint.objects.get(identifier="crate")
        upsert_entities(blueprint=crate, drafts=drafts, by=TESTER, now=NOW)
        first = reader.get("/catalog/crate/?group=property.mark")
        assert [title for title, _ in heads(first)] == [f"m{n:03}" for n in range(50)]
        assert "120 groups" in words_of(first)
        last = reader.get("/catalog/crate/?group=property.mark&page=3")
        assert [title for title, _ in heads(last)] == [f"m{n:03}" for n in range(100, 120)]

    @pytest.mark.parametrize(
        "group",
        [
            "nothing",
            "property.",
            "property.nothing",
            "level.",
            "relation.x",
            "%00",
            "team.",
            "x" * 5_000,
        ],
    )
    def test_what_is_not_offered_is_ignored(self, reader, group):
        assert len(row_names(reader.get(f"{SERVICES}?group={group}"))) == 4

    @pytest.mark.parametrize("page", ["0", "-3", "two", "9" * 30])
    def test_no_page_breaks_the_groups(self, reader, page):
        assert heads(reader.get(f"{SERVICES}?group=team&page={page}"))

    def test_nothing_is_said_to_be_nothing(self, reader):
        assert "Nothing passes these filters" in words_of(reader.get(f"{SERVICES}?group=team&q=zz"))

    def test_the_menu_offers_what_entities_share(self, reader):
        html = html_of(reader.get(f"{SERVICES}?group=level.quality"))
        menu = re.search(r'<select class="input" id="group".*?</select>', html, re.DOTALL)[0]
        names = re.findall(r'<option value="([^"]*)"', menu)
        assert names[:3] == ["", "team", "level.quality"]
        assert 'value="level.quality" selected' in menu
        assert not {"property.$title", "property.links"} & set(names)

    @pytest.mark.parametrize("group", ["team", "level.quality", "property.language"])
    def test_more_groups_cost_no_more_queries(self, reader, group):
        with CaptureQueriesContext(connection) as before:
            html_of(reader.get(f"{SERVICES}?group={group}"))
        service = Blueprint.objects.get(identifier="service")
        for number in range(30):
            make_team(f"team-{number}")
        drafts = [
            EntityDraft(
                f"s{n}", team=f"team-{n % 30}", properties={"language": ["Go", "Python"][n % 2]}
            )
            for n in range(90)
        ]
        upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
        with CaptureQueriesContext(connection) as after:
            html_of(reader.get(f"{SERVICES}?group={group}"))
        assert len(after) == len(before)
        assert len(after) <= 22


PROPERTIES = {
    "kind": {"type": "string"},
    "size": {"type": "number"},
    "is_big": {"type": "boolean"},
    "mood": {"type": "string", "enum": ["calm", "wild"]},
}
ITEM = st.fixed_dictionaries(
    {
        "team": st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3),
        "kind": st.sampled_from([None, "", "[1]", "x", "X", "null"]),
        "size": st.sampled_from([None, 0, 1, 1.0, 2.5, -3]),
        "is_big": st.sampled_from([None, True, False]),
        "mood": st.sampled_from([None, "calm", "wild"]),
        "depends": st.lists(st.sampled_from(["t0", "t1", "t2"]), unique=True, max_size=2),
    }
)


def by_hand(name: str, entities) -> dict[str, set[str]]:
    """Return the entities of each group, told apart one by one."""
    found = defaultdict(set)
    key = {"team": "$team", "relation.depends": "relation#depends"}.get(name)
    for entity in entities:
        value = entity.facts.get(key or name.removeprefix("property."))
        for one in value if isinstance(value, list) and value else [value]:
            # 1 and 1.0 are one number; nothing, in whatever words, is one group.
            is_whole = isinstance(one, float) and one.is_integer()
            one = int(one) if is_whole else None if one in ("", []) else one
            found[json.dumps(one)].add(entity.identifier)
    return found


@pytest.mark.django_db
@given(st.lists(ITEM, min_size=1, max_size=8), st.sampled_from(["", "b1"]))
@settings(
    max_examples=12,
    # What fails is small, and shrinking it goes through the database.
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_groups_are_as_counted_by_hand(db, items, words):
    for team in "abc":
        make_team(team, title=team)
    make_blueprint("target", schema={"properties": {}, "required": []})
    for number in range(3):
        make_entity(f"t{number}", blueprint="target")
    blueprint = make_blueprint(
        "box",
        schema={"properties": PROPERTIES, "required": []},
        relations={"depends": {"target": "target", "title": "Depends", "many": True}},
    )
    drafts = [
        EntityDraft(
            f"b{number}",
            team=item["team"],
            properties={key: item[key] for key in PROPERTIES},
            relations={"depends": item["depends"]},
        )
        for number, item in enumerate(items)
    ]
    Entity.objects.filter(blueprint=blueprint).delete()
    upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
    entities = [e for e in Entity.objects.filter(blueprint=blueprint) if words in e.identifier]
    for name in ("team", "relation.depends", *(f"property.{key}" for key in PROPERTIES)):
        query = QueryString.of([("group", name), ("q", words)])
        found = groups_of(table_of(listing_of(blueprint, query, sight=EVERYTHING)))
        wanted = by_hand(name, entities)
        assert len(found.groups) == len(wanted), (name, wanted)
        assert sorted(
            (group.count, sorted(row.entity.identifier for row in group.rows))
            for group in found.groups
        ) == sorted((len(names), sorted(names)) for names in wanted.values()), name
        assert found.sum == sum(map(len, wanted.values()))
        nones = [at for at, group in enumerate(found.groups) if not group.title]
        assert nones in ([], [len(found.groups) - 1])


@pytest.mark.usefixtures("catalog")
def test_kept_counts_and_counted_ones_agree():
    make_team("deck", title="Deck")
    make_entity("anchor", team=["core", "deck"])
    service = Blueprint.objects.get(identifier="service")
    kept = groups_of(
        table_of(listing_of(service, QueryString.of([("group", "team")]), sight=EVERYTHING))
    )
    everything = json.dumps(condition("$title", "isNotEmpty"))
    asked = QueryString.of([("group", "team"), ("query", everything)])
    counted = groups_of(table_of(listing_of(service, asked, sight=EVERYTHING)))
    assert [group.bars for group in kept.groups] == [group.bars for group in counted.groups]
    assert [group.count for group in kept.groups] == [3, 1, 1]
