"""Scorecards that follow the catalog, seen and edited through the dialect."""

import pytest

from scorecards.models import Scorecard
from scorecards.operations import document_of, install_pack
from tests.builders import NOW, TESTER, make_blueprint, rule_document
from tests.port.clients import PortClient

pytestmark = pytest.mark.django_db

CARD = "/blueprints/service/scorecards/ownership"


@pytest.fixture(autouse=True)
def _installed(db: None) -> None:
    make_blueprint("cluster", schema={"properties": {}})
    install_pack(name="ownership", by=TESTER, now=NOW)


def stored(name: str = "ownership") -> dict:
    return document_of(Scorecard.objects.with_parts().get(identifier=name))


def test_an_edit_leaves_it_following_and_keeps_what_the_dialect_cannot_say(
    port: PortClient,
) -> None:
    before = stored()
    card = port.get(CARD).json()["scorecard"]
    body = {key: card[key] for key in ("identifier", "levels", "rules")}
    assert port.put(CARD, {**body, "title": "Ours"}).status_code == 200
    assert stored() == {**before, "title": "Ours"}


def test_one_that_is_made_here_does_not_follow(port: PortClient) -> None:
    body = {"identifier": "mine", "title": "Mine", "rules": [rule_document()]}
    assert port.post("/blueprints/service/scorecards", body).status_code in (200, 201)
    row = Scorecard.objects.get(title="Mine")
    assert row.follows_catalog is False
    make_blueprint("queue")
    assert [item.identifier for item in row.blueprints.all()] == ["service"]


def test_it_cannot_be_taken_from_one_blueprint_alone(port: PortClient) -> None:
    before = stored()
    refused = port.delete(CARD)
    assert refused.status_code == 409
    assert "follows the catalog" in refused.json()["message"]
    assert stored() == before


def test_it_stays_when_the_scorecards_of_a_blueprint_are_replaced(port: PortClient) -> None:
    before = stored()
    body = {"identifier": "mine", "title": "Mine", "rules": [rule_document()]}
    assert port.put("/blueprints/service/scorecards", [body]).status_code == 200
    assert stored() == before
    assert Scorecard.objects.filter(title="Mine").exists()
