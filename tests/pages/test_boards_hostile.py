"""Whatever stands in the document of a widget, its dashboard is drawn."""

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.dashboards.boards.board_page import DRAWERS
from portal.dashboards.models import Page
from portal.models import User
from tests.builders import NOW, make_user

pytestmark = pytest.mark.usefixtures("catalog")

NAMES = st.sampled_from(
    ["tier", "language", "$team", "team", "property#tier", "relation#x", "scorecard#quality"]
    + ["scorecard-rule#quality#top", "scorecard#", "service", "anchor", "$createdAt", ""]
)
LEAVES = (
    NAMES
    | st.none()
    | st.booleans()
    | st.integers(-9, 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
)
WORDS = st.sampled_from(
    ["countEntities", "aggregateByProperty", "displaySingleProperty", "propertiesValueHistory"]
    + ["aggregatePropertiesValues", "average", "median", "sum", "count", "day", "month", "custom"]
)
VALUES = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
QUERIES = st.fixed_dictionaries(
    {
        "combinator": st.sampled_from(["and", "or", "nor"]),
        "rules": st.lists(
            st.fixed_dictionaries(
                {"property": NAMES, "operator": st.sampled_from(["=", ">", "isEmpty", "x"])},
                optional={"value": VALUES},
            ),
            max_size=2,
        ),
    }
)
LINES = st.lists(
    st.fixed_dictionaries(
        {"blueprint": st.just("service")},
        optional={
            "chartType": WORDS,
            "func": WORDS,
            "properties": st.lists(NAMES, max_size=2),
            "measureTimeBy": NAMES,
            "breakdownProperty": NAMES,
            "entity": NAMES,
        },
    ),
    max_size=2,
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "groupSettings": st.fixed_dictionaries({"groupBy": st.lists(NAMES, max_size=2)}) | VALUES,
        "propertiesSettings": st.fixed_dictionaries({"order": st.lists(NAMES, max_size=4)}),
        "sortSettings": st.fixed_dictionaries(
            {"sortBy": st.lists(st.fixed_dictionaries({"property": NAMES}), max_size=1)}
        ),
    },
)
WIDGETS = st.fixed_dictionaries(
    {"type": st.sampled_from([*DRAWERS, "ai-agent"]), "blueprint": st.just("service")},
    optional={
        "property": NAMES | VALUES,
        "dataset": QUERIES | VALUES,
        "chartType": WORDS | VALUES,
        "func": WORDS,
        "averageOf": WORDS,
        "entity": NAMES,
        "scorecard": st.just("quality") | VALUES,
        "conditionalFormatting": VALUES,
        "unit": VALUES,
        "decimalPlaces": LEAVES,
        "displayFormatting": st.sampled_from(["round", "custom", 3]),
        "lines": LINES | VALUES,
        "timeRange": st.fixed_dictionaries({"preset": st.sampled_from(["today", "last3Years"])}),
        "timeInterval": st.sampled_from(["hour", "isoWeek", "quarter", "x"]),
        "blueprintConfig": st.fixed_dictionaries({"service": SETTINGS}) | VALUES,
        "markdown": VALUES,
        "links": VALUES,
        "url": VALUES,
        "order": VALUES,
        "baselines": VALUES,
    },
)


@settings(
    max_examples=60,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(widgets=st.lists(WIDGETS, min_size=1, max_size=3))
def test_every_widget_is_drawn_or_says_why_not(catalog, widgets):
    user = make_user_once()
    page, _ = Page.objects.update_or_create(
        identifier="board",
        defaults={
            "type": "dashboard",
            "widgets": widgets,
            "created_at": NOW,
            "updated_at": NOW,
        },
    )
    client = Client()
    client.force_login(user)
    assert client.get("/dashboards/board/").status_code == 200


def make_user_once():
    """Return the one user of these tests."""
    return User.objects.first() or make_user("maya")
