"""What slow and endless programs cost a save is bounded, and nobody else pays for them."""

from collections.abc import Iterable

import pytest

from catalog import operations
from catalog.computed import jq, jq_ledger
from catalog.computed.jq import check_many, evaluate_many
from catalog.computed.jq_ledger import (
    ALL_SECONDS_A_SAVE,
    LARGE_BYTES,
    SLOW_SECONDS_A_SAVE,
    STOPS_ALLOWED,
    Allowance,
    Cost,
    Ledger,
)
from catalog.computed.jq_sandbox import StoppedError, Watch, sandbox
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from tests.builders import NOW, TESTER, make_blueprint


@pytest.fixture(autouse=True)
def no_program_ran_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jq, "_ledger", Ledger())


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
        ([Cost(0.9, 0)] * 6, "is slow and took 5 s"),
        ([Cost(0.001, 1024**2)] * 64, "returned 64 MiB"),
    ],
)
def test_what_takes_too_much_is_not_run(costs, words):
    assert noted(*costs[:-1]).refusal("p", Allowance()) == ""
    refusal = noted(*costs).refusal("p", Allowance())
    assert refusal == (
        f"Not run: the program {words} for entities before this one. "
        "Mend what is slow; the command rebuild then runs what was left out."
    )
    # So that a run that ends alike writes nothing.
    assert noted(*costs, *costs).refusal("p", Allowance()) == refusal
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
    assert "slow programs took too much time of this save" in ledger.refusal("p", allowance)
    assert ledger.refusal("new", allowance) == ""
    allowance.spent = ALL_SECONDS_A_SAVE
    assert ledger.refusal("new", allowance) == ledger.refusal("p", allowance)


def test_after_a_pause_everything_is_tried_again_but_never_within_one():
    ledger = noted(*[Cost(1.0, 0, was_stopped=True)] * STOPS_ALLOWED)
    ledger.begin(59.0)
    assert ledger.refusal("p", Allowance())
    ledger.begin(60.0)
    assert ledger.refusal("p", Allowance()) == ""


class FakeSandbox:
    """Answers every request with its input, at the costs of its program; a cost may be a stop."""

    def __init__(self, costs: dict[str, Cost], monkeypatch: pytest.MonkeyPatch) -> None:
        self.costs = costs
        self.ran: list[str] = []
        monkeypatch.setattr(sandbox, "ask_many", self.ask_many)

    def ask_many(self, requests: Iterable[tuple[str, str]], watch: Watch) -> list[object]:
        answers: list[object] = []
        for code, text in requests:
            cost = self.costs[code]
            self.ran.append(code)
            answers.append(StoppedError("stopped") if cost.was_stopped else text)
            if watch(len(answers) - 1, cost) or cost.was_stopped:
                break
        return answers


SOUND = Cost(0.0001, 10)
STOPPED = Cost(1.0, 0, was_stopped=True)


def test_what_slow_programs_take_of_one_save_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = [f".endless{index}" for index in range(100)]
    fake = FakeSandbox({**dict.fromkeys(endless, STOPPED), ".sound": SOUND}, monkeypatch)
    allowance = Allowance()
    programs = [".sound", *endless]
    # As calculations that read each other are run: one after the other, for all entities each.
    levels = [
        evaluate_many([(program, 1)] * 20, allowance=allowance) for program in [*programs, ".sound"]
    ]
    assert levels[0] == levels[-1] == ["1"] * 20
    assert allowance.spent == 30
    assert fake.ran.count(".sound") == 40
    left = "Not run: slow programs took too much time of this save."
    assert all(str(result).startswith(left) for level in levels[31:-1] for result in level)
    # The next save starts anew, with what has not been stopped three times.
    assert str(evaluate_many([(".endless99", 1)])[0]) == "stopped"


def test_a_program_is_given_up_in_the_middle_of_what_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jq_ledger, "SECONDS_ALLOWED", 0.5)
    slow = "[range(300000)] | sort | length"
    results = evaluate_many([(slow, None), (".", 1)] * 100)
    assert results[1::2] == [1] * 100
    assert results[0] == 300_000
    assert str(results[-2]).startswith("Not run: the program is slow")


def test_programs_that_compile_for_long_are_not_all_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeSandbox({f".{key}": Cost(4.0, 0) for key in "abcd"}, monkeypatch)
    wrong = check_many({key: f".{key}" for key in "abcd"})
    assert {key: str(error) for key, error in wrong.items()} == {
        "d": "Not compiled: those before it took 12 s; simplify them"
    }


@pytest.mark.django_db
def test_an_endless_program_costs_a_bulk_save_a_few_stops_and_nobody_their_value(monkeypatch):
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
