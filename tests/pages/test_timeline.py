"""The history of an entity: kinds, days, and pages that go on where they left off."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from catalog.models import Change, Entity
from portal.dashboards.timeline import LENGTH, Mark
from tests.builders import NOW, make_entity, make_scorecard, report, rule_document
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")


def page(reader, query=""):
    return reader.get(f"/catalog/service/anchor/?tab=timeline{query}")


def button(response, name):
    """Return the address of a button of the page, None where there is none."""
    html = html_of(response)
    found = re.search(rf'<a class="btn" href="([^"]*)">(?:<svg.*?</svg> )?{name}', html)
    return found and "/catalog/service/anchor/" + unescape(found[1])


def change(count, *, at=NOW):
    """Add changes of Anchor, all at the same moment."""
    Change.objects.bulk_create(
        Change(
            at=at,
            actor=f"actor-{number}",
            source="test",
            kind="entity",
            blueprint="service",
            identifier="anchor",
            action="updated",
        )
        for number in range(count)
    )


def actors(response):
    return re.findall(r"<b>(actor-\d+)</b>", html_of(response))


def test_everything_that_happened_is_told_by_kind(reader):
    make_scorecard("safety", title="Safety", rules=[rule_document("tested", query=None)])
    report("anchor", "tested", "fail", scorecard="safety", remark="See https://e.org/7")
    report("anchor", "tested", "pass", scorecard="safety")
    make_entity("anchor", properties={"tier": 3})
    everything = {
        "changes": "Tier: 1 to 3",
        "levels": "Quality Gold fell to Basic",
        "rules": "Tiered Quality Pass to Fail",
        "reports": "tester reported Fail for Tested : See e.org/7",
    }
    words = words_of(page(reader))
    for part in (*everything.values(), "tester reported Pass for Tested", "tester created this"):
        assert part in words
    for kind, part in everything.items():
        words = words_of(page(reader, f"&kind={kind}"))
        assert part in words
        assert not any(other in words for other in everything.values() if other != part)


def test_the_kind_that_is_chosen_is_marked(reader):
    html = html_of(page(reader, "&kind=levels"))
    assert '<a href="?tab=timeline&amp;kind=levels" aria-current="true">Levels</a>' in html
    assert "Nothing of this kind has happened." in html


def test_entries_stand_under_their_days_with_the_exact_time_on_hover(reader):
    make_entity("anchor", properties={"tier": 3}, now=NOW + timedelta(days=2))
    html = html_of(page(reader))
    days = re.findall(r'<h3 class="timeline-day">(.*?)</h3>', html)
    assert days == ["3 June 2026", "1 June 2026"]
    assert 'title="3 June 2026, 12:00 UTC"' in html


def test_pages_go_on_where_they_left_off_though_all_was_at_once(reader):
    change(2 * LENGTH + 5)
    first = page(reader, "&kind=changes")
    second = reader.get(button(first, "Older"))
    third = reader.get(button(second, "Older"))
    seen = [actors(first), actors(second), actors(third)]
    assert [len(part) for part in seen] == [LENGTH, LENGTH, 5]
    assert sorted(sum(seen, [])) == sorted(f"actor-{n}" for n in range(2 * LENGTH + 5))
    assert button(first, "Newer") is None
    assert button(third, "Older") is None
    assert actors(reader.get(button(third, "Newer"))) == seen[1]
    assert actors(reader.get(button(second, "Newer"))) == seen[0]


def test_a_page_stays_what_it_was_while_things_happen(reader):
    change(2 * LENGTH)
    older = button(page(reader, "&kind=changes"), "Older")
    before = actors(reader.get(older))
    change(7, at=NOW + timedelta(days=1))
    assert actors(reader.get(older)) == before


def test_kinds_are_paged_together_in_order_of_time(reader):
    for number in range(LENGTH):
        tier = 3 if number % 2 else 1
        make_entity("anchor", properties={"tier": tier}, now=NOW + timedelta(hours=number))
    found, response = [], page(reader)
    while True:
        found += re.findall(
            r'<time datetime="([^"]*)"', html_of(response).split("timeline-day", 1)[1]
        )
        older = button(response, "Older")
        if older is None:
            break
        response = reader.get(older)
    assert found == sorted(found, reverse=True)
    assert len(found) > 2 * LENGTH


@pytest.mark.parametrize(
    "query",
    [
        "&older=x", "&older=1-2", "&older=-1-0-1", "&newer=99999999999999999-9-999999999999999999",
        "&older=0-0-0", "&kind=nothing", "&kind=%00", "&older=1-0-1&newer=1-0-1", "&newer=٣-0-1",
        "&older=999999999999999999999-0-1", "&older='--",
    ],
)  # fmt: skip
def test_no_address_breaks_the_history(reader, query):
    assert "Timeline" in words_of(page(reader, query))


def test_a_mark_is_read_as_it_was_written():
    mark = Mark(timezone.now(), 3, 17)
    assert Mark.of(str(mark)) == mark


def test_what_has_no_history_says_so(reader):
    Change.objects.all().delete()
    assert Entity.objects.filter(identifier="drift").exists()
    words = words_of(reader.get("/catalog/service/drift/?tab=timeline"))
    assert "Nothing has happened yet." in words
