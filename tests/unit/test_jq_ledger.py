"""What slow and endless programs cost a save is bounded, and nobody else pays for them."""

import pytest

from catalog import operations
from catalog.computed import jq
from catalog.computed.jq_ledger import (
    ALL_SECONDS_A_SAVE,
    LARGE_BYTES,
    SLOW_SECONDS_A_SAVE,
    STOPS_ALLOWED,
    Allowance,
    Cost,
    Ledger,
)
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from tests.builders import NOW, TESTER, make_blueprint


def noted(*costs: Cost, allowance: Allowance | None = None) -> Ledger:
    ledger = Ledger()
    ledger.begin(0.0)
    for cost in costs:
        ledger.note("p", cost, allowance or Allowance())
    return ledger


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ([Cost(1.0, 0, was_stopped=True)] * STOPS_ALLOWED, "had to be stopped 3 times"),
        ([Cost(0.9, 0)] * 6, "took 5.4 s for 6 entities"),
        ([Cost(0.001, 1024**2)] * 64, "returned 64 MiB for 64 entities"),
    ],
)
def test_what_takes_too_much_is_not_run(costs, words):
    assert noted(*costs[:-1]).refusal("p", Allowance()) == ""
    refusal = noted(*costs).refusal("p", Allowance())
    assert refusal.startswith(f"Not run: the program {words} just before.")
    assert refusal.endswith("the command rebuild runs it where it was left out.")
    assert noted(*costs).refusal("another", Allowance()) == ""


def test_what_is_quick_may_be_run_for_any_number_of_entities():
    ledger = noted(*[Cost(0.0001, LARGE_BYTES - 1)] * 60_000)
    assert ledger.refusal("p", Allowance(spent=ALL_SECONDS_A_SAVE)) == ""


def test_a_save_that_slow_programs_held_up_runs_only_what_is_known_to_be_quick():
    allowance = Allowance()
    ledger = noted(*[Cost(0.5, 9)] * 2, allowance=allowance)
    assert allowance.spent == 1.0
    assert ledger.refusal("p", allowance) == ""
    allowance.spent = SLOW_SECONDS_A_SAVE
    assert "slow programs have taken 10 s of this save" in ledger.refusal("p", allowance)
    assert ledger.refusal("new", allowance) == ""
    allowance.spent = ALL_SECONDS_A_SAVE
    assert "slow programs have taken 30 s of this save" in ledger.refusal("new", allowance)


def test_after_a_pause_everything_is_tried_again_but_never_within_one():
    ledger = noted(*[Cost(1.0, 0, was_stopped=True)] * STOPS_ALLOWED)
    ledger.begin(59.0)
    assert ledger.refusal("p", Allowance())
    ledger.begin(60.0)
    assert ledger.refusal("p", Allowance()) == ""


@pytest.mark.django_db
def test_an_endless_program_costs_a_bulk_save_a_few_stops_and_nobody_their_value(monkeypatch):
    monkeypatch.setattr(jq, "_ledger", Ledger())
    monkeypatch.setattr(jq.sandbox, "child", None)
    stops: list[str] = []
    note = Ledger.note

    def watched(ledger: Ledger, program: str, cost: Cost, allowance: Allowance) -> None:
        stops.extend([program] if cost.was_stopped else [])
        note(ledger, program, cost, allowance)

    monkeypatch.setattr(Ledger, "note", watched)
    make_blueprint(
        calculation_properties={
            "endless": {"type": "number", "calculation": "last(repeat(.properties.tier))"},
            "twice": {"type": "number", "calculation": ".properties.tier * 2"},
        }
    )
    drafts = [EntityDraft(f"s{number}", properties={"tier": number}) for number in range(60)]
    blueprint = Blueprint.objects.get(identifier="service")
    operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
    assert len(stops) == STOPS_ALLOWED
    rows = Entity.objects.of("service").order_by("id")
    assert [row.computed["twice"] for row in rows] == [2 * number for number in range(60)]
    messages = [[item["message"] for item in row.problems] for row in rows]
    assert all(len(found) == 1 for found in messages)
    refused = [found for (found,) in messages if found.startswith("Not run: ")]
    assert len(refused) == 60 - STOPS_ALLOWED
