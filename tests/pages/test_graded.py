"""What a scorecard grades: many are walked through, and come in the order in which few do."""

import pytest

from portal.dashboards import graded as module
from tests.builders import make_entity, make_scorecard
from tests.pages.reading import row_names

pytestmark = pytest.mark.usefixtures("catalog")


@pytest.fixture
def many(catalog):
    """Grade thirty more services, and twelve deployments."""
    for number in range(30):
        properties = {"tier": number % 4, **({"language": "Go"} if number % 3 else {})}
        team = "core" if number % 2 else []
        title = f"Title {number * 7 % 30}"
        make_entity(f"more-{number}", title=title, team=team, properties=properties)
    make_scorecard(blueprints=["service", "deployment"])


def everything(reader, query: str) -> list[str]:
    """Return the names on all pages."""
    names: list[str] = []
    for number in range(1, 30):
        address = f"/scorecards/quality/?{query}&page={number}"
        found = row_names(reader.get(address), below="graded")
        if names[-len(found) :] == found:
            break
        names += found
    return names


@pytest.mark.parametrize("few", [0, 8])
@pytest.mark.parametrize(
    "query", ["", "level=Basic", "rule=spoken", "team=core", "team=core&rule=top&level=Silver"]
)
def test_many_come_in_the_order_in_which_few_do(many, reader, monkeypatch, few, query):
    expected = everything(reader, query)
    monkeypatch.setattr(module, "FEW", few)
    monkeypatch.setattr(module, "PAGE_SIZE", 7)
    found = everything(reader, query)
    assert found == expected
    assert found
