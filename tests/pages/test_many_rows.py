"""Tables of many entities: what is counted, what is estimated, and that order is the same."""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entities
from portal.dashboards import entity_counts, table_counts, table_order
from portal.dashboards.choosing import columns_of
from portal.dashboards.columns import RuleColumn, ordering
from portal.dashboards.properties import properties_of
from portal.dashboards.table_order import ids_between
from scorecards.models import Rule, Scorecard
from tests.builders import NOW, TESTER
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"
LANGUAGES = ("Go", "Python", None)


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    """Forget samples and counts: they are kept longer than a test lasts."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def many(catalog: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make 240 services, which is more than is counted here one by one."""
    drafts = [
        EntityDraft(
            identifier=f"raft-{number:03}",
            title="" if number % 5 else f"{'Raft' if number % 2 else 'raft'} {number % 7}",
            team="core" if number % 4 else None,
            properties={"tier": number % 6, "language": LANGUAGES[number % 3]},
        )
        for number in range(240)
    ]
    service = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    monkeypatch.setattr(table_counts, "SURE", 50)
    monkeypatch.setattr(table_counts, "SAMPLE", 120)
    monkeypatch.setattr(table_order, "FEW", 10)


def pages(reader, query: str) -> list[str]:
    """Return the addresses of all rows, read page after page."""
    names: list[str] = []
    for number in range(1, 12):
        html = html_of(reader.get(f"{SERVICES}?{query}&page={number}"))
        names += re.findall(r'<th scope="row"><a href="([^"]*)"', html)
        if 'rel="next"' not in html:
            return names
    raise AssertionError("there is no last page")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize(
    "key", ["title", "level.quality", "property.language", "property.tier", "owner", "rule"]
)
def test_every_order_read_in_parts_is_the_order_read_at_once(key: str, is_descending: bool):
    service = Blueprint.objects.get(identifier="service")
    scorecards = list(Scorecard.objects.prefetch_related("levels"))
    columns = columns_of(service, properties=properties_of(service), scorecards=scorecards)
    columns.append(RuleColumn("rule", "Rule", rule=Rule.objects.order_by("id")[0]))
    column = next(item for item in columns if item.key == key)
    entities = Entity.objects.filter(blueprint=service)
    order = ordering(column, is_descending=is_descending)
    expected = list(entities.order_by(*order).values_list("pk", flat=True))
    found = [
        id_
        for start in range(0, 260, 50)
        for id_ in ids_between(
            entities,
            column,
            is_descending=is_descending,
            places=slice(start, start + 50),
            count=len(expected),
        )
    ]
    assert found == expected


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "query", ["team=core", "q=raft", "property.language=Go&sort=-level.quality"]
)
def test_what_is_estimated_says_so_and_its_last_page_is_reached(reader, query: str):
    words = words_of(reader.get(f"{SERVICES}?{query}"))
    assert re.search(r"of about \d+ services", words)
    assert "About" in words
    found = pages(reader, query)
    assert len(found) == len(set(found))
    filters = {"team=core": 183, "q=raft": 240, "property.language=Go&sort=-level.quality": 81}
    assert len(found) == filters[query]
    past_the_end = words_of(reader.get(f"{SERVICES}?{query}&page=99999"))
    assert f"of {filters[query]} services" in past_the_end


@pytest.mark.usefixtures("many")
def test_an_estimate_is_near_and_has_two_digits(reader):
    words = words_of(reader.get(f"{SERVICES}?q=raft"))
    number = int(re.search(r"of about (\d+) services", words)[1])  # type: ignore[index]
    assert abs(number - 240) <= 20
    assert number % 10 == 0


@pytest.mark.usefixtures("many")
def test_what_few_pass_is_counted(reader):
    words = words_of(reader.get(f"{SERVICES}?q=raft-01"))
    assert "about" not in words.lower()
    assert len(row_names(reader.get(f"{SERVICES}?q=raft-01"))) == 10


@pytest.mark.usefixtures("many")
def test_without_a_filter_the_number_is_exact(reader):
    assert "1 to 50 of 244 services" in words_of(reader.get(SERVICES))


@pytest.mark.usefixtures("many")
def test_the_last_page_is_read_from_the_end_and_in_order(reader):
    names = row_names(reader.get(f"{SERVICES}?page=5"))
    assert names == row_names(reader.get(f"{SERVICES}?page=99"))
    assert len(names) == 44
    assert names == sorted(names, key=str.lower)


def test_the_default_order_is_read_along_its_index(many):
    rows = Entity.objects.filter(blueprint__in=[1]).order_by(*ordering(columns_of(
        Blueprint.objects.get(identifier="service"), properties={}, scorecards=[])[0],
        is_descending=False))  # fmt: skip
    if connection.vendor == "sqlite":
        assert "entity_by_shown_name" in rows.values("pk").explain()
        assert "TEMP B-TREE" not in rows.values("pk").explain()


def test_the_navigation_rounds_what_it_does_not_count_on_every_page(
    reader, many, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(entity_counts, "SURE", 100)
    assert '<span class="nav-count" title="About 240">240</span>' in html_of(reader.get("/"))
    with CaptureQueriesContext(connection) as captured:
        assert 'title="About 240"' in html_of(reader.get("/"))
    counting = [row["sql"] for row in captured if "entity_count" in row["sql"]]
    assert len(counting) == 1
    assert "THEN NULL" in counting[0]


def test_the_navigation_counts_exactly_up_to_its_bound(reader, many):
    assert '<span class="nav-count">244</span>' in html_of(reader.get("/"))
