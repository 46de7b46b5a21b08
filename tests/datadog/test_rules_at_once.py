"""Rules that are written at once, as tools do; on a database that lets them."""

from functools import partial
from typing import Any

import pytest

from portal.integrations.credentials import Secrets
from scorecards.counts import counts_of
from scorecards.models import Rule, Scorecard
from tests.builders import make_blueprint, make_entity, report
from tests.datadog.clients import DatadogClient
from tests.port.test_blueprints_at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

RULES = "/api/v2/scorecard/rules"


def _body(name: str, scorecard: str) -> dict[str, Any]:
    return {"data": {"type": "rule", "attributes": {"name": name, "scorecard_name": scorecard}}}


def test_rules_of_one_new_scorecard_stand_in_one(keys: Secrets) -> None:
    headers = {"DD-API-KEY": keys.api_key, "DD-APPLICATION-KEY": keys.app_key}

    def made(name: str) -> int:
        return DatadogClient(headers).post(RULES, _body(name, "New")).status_code

    make_blueprint()
    assert at_once([partial(made, "Same") for _ in range(4)]) == [201] * 4
    assert Scorecard.objects.get().rules.count() == 4


def test_rules_that_are_made_first_wait_for_nobody_who_waits_for_them(keys: Secrets) -> None:
    headers = {"DD-API-KEY": keys.api_key, "DD-APPLICATION-KEY": keys.app_key}

    def made(name: str) -> int:
        return DatadogClient(headers).post(RULES, _body(name, name)).status_code

    works = [partial(made, f"Rule {number}") for number in range(3)]
    assert at_once(works) == [201] * 3


def test_rules_that_change_places_wait_for_nobody_who_waits_for_them(
    keys: Secrets, datadog: DatadogClient
) -> None:
    make_blueprint()
    headers = {"DD-API-KEY": keys.api_key, "DD-APPLICATION-KEY": keys.app_key}
    ids = {}
    for title in ("One", "Two"):
        for name in ("Goes", "Stays"):
            answer = datadog.post(RULES, _body(f"{name} {title}", title))
            ids[f"{name} {title}"] = answer.json()["data"]["id"]
    for number in range(5):
        make_entity(f"e{number}")
        for title in ("One", "Two"):
            report(f"e{number}", f"goes-{title.lower()}", "pass", scorecard=title.lower())

    def moved(name: str, to: str) -> int:
        body = _body(name, to)
        return DatadogClient(headers).put(f"{RULES}/{ids[name]}", body).status_code

    def reported(turn: int) -> int:
        state = "pass" if turn % 2 else "fail"
        rule = Rule.objects.get(title="Stays One")
        for number in range(5):
            report(f"e{number}", rule.identifier, state, scorecard=rule.scorecard.identifier)
        return 200

    for turn, (one, two) in enumerate([("Two", "One"), ("One", "Two")] * 3):
        works = [
            partial(moved, "Goes One", one),
            partial(moved, "Goes Two", two),
            partial(reported, turn),
        ]
        assert at_once(works) == [200] * 3
    for title in ("One", "Two"):
        scorecard = Scorecard.objects.get(title=title)
        found = counts_of([scorecard.pk])[scorecard.pk]
        rule = scorecard.rules.get(title=f"Goes {title}")
        assert (found.passed[rule.pk], found.failed[rule.pk]) == (5, 0)
    stays = Rule.objects.get(title="Stays One")
    found = counts_of([stays.scorecard_id])[stays.scorecard_id]
    assert (found.passed[stays.pk], found.failed[stays.pk]) == (5, 0)
