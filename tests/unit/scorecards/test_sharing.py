"""An edited scorecard is evaluated by as many workers as there are, and by each piece once."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import transaction

from catalog.facts import timestamp
from catalog.models import Entity, new_revision
from portal import pieces
from portal.models import Piece
from scorecards import operations, tasks
from scorecards.models import Evaluation, OutcomeBatch, Rule, Scorecard
from scorecards.operations import evaluating, outcome_batches, sharing
from scorecards.operations.evaluating import Unevaluable
from tests.builders import (
    NOW,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(monkeypatch) -> Scorecard:
    """Return a scorecard whose rule was edited, of ten entities in pieces of three."""
    monkeypatch.setattr(sharing, "SIZE", 3)
    make_blueprint()
    make_scorecard()
    for number in range(10):
        make_entity(f"s{number}", properties={"tier": 3})
    Rule.objects.filter(identifier="tiered").update(query=condition("tier", "=", 3))
    Scorecard.objects.update(version=new_revision(), stale_since=NOW)
    return Scorecard.objects.get()


def levels() -> set[str | None]:
    return {level_of(entity) for entity in Entity.objects.of("service")}


def go_on(card: Scorecard) -> int:
    return sharing.continue_shared(scorecard=card, clock=lambda: NOW)


def test_each_entity_is_in_one_piece(card) -> None:
    assert sharing.begin_shared(scorecard=card, now=NOW) == 4
    ids = sorted(Entity.objects.of("service").values_list("id", flat=True))
    cut = Piece.objects.order_by("first")
    assert [id_ for piece in cut for id_ in ids if piece.first <= id_ <= piece.last] == ids


def test_it_comes_to_what_one_worker_alone_finds(card) -> None:
    sharing.begin_shared(scorecard=card, now=NOW)
    assert go_on(card) == 10
    assert levels() == {"Bronze"}
    card.refresh_from_db()
    assert card.stale_since is None
    assert not Piece.objects.exists()


def test_what_another_worker_has_is_left_to_it_and_the_scorecard_stale(card) -> None:
    sharing.begin_shared(scorecard=card, now=NOW)
    work, stamp = sharing._work(card), sharing._stamp(card)
    theirs = pieces.claim(work=work, stamp=stamp, now=NOW)
    assert go_on(card) == 7
    assert Scorecard.objects.stale().exists()
    # They died; when their time is over somebody else does it.
    assert sharing.continue_shared(scorecard=card, clock=lambda: NOW + pieces.CLAIM) == 3
    assert not Scorecard.objects.stale().exists()
    assert not Piece.objects.filter(pk=theirs.pk).exists()


def test_what_was_cut_is_not_cut_again(card) -> None:
    sharing.begin_shared(scorecard=card, now=NOW)
    Piece.objects.order_by("id").first().delete()
    assert sharing.begin_shared(scorecard=card, now=NOW) == 3


def test_an_edit_meanwhile_is_cut_anew_and_not_overruled(card) -> None:
    sharing.begin_shared(scorecard=card, now=NOW)
    Scorecard.objects.update(version=new_revision(), stale_since=NOW + pieces.CLAIM)
    go_on(card)
    assert Scorecard.objects.stale().exists()
    assert sharing.begin_shared(scorecard=Scorecard.objects.get(), now=NOW) == 4


def test_a_helper_that_comes_before_anything_is_cut_leaves_the_scorecard_stale(card) -> None:
    assert go_on(card) == 0
    assert Scorecard.objects.stale().exists()


def test_a_scorecard_that_grades_nothing_is_done_at_once(card) -> None:
    Entity.objects.of("service").delete()
    assert sharing.begin_shared(scorecard=card, now=NOW) == 0
    assert not Scorecard.objects.stale().exists()


def test_a_piece_that_fails_is_tried_three_times_and_the_others_are_done(card, monkeypatch) -> None:
    poisoned = Entity.objects.get(identifier="s4").pk
    evaluate = sharing.evaluate_range

    def fail(**parts):
        first, last = parts["within"]
        if first <= poisoned <= last:
            raise ValueError("poison")
        return evaluate(**parts)

    monkeypatch.setattr(sharing, "evaluate_range", fail)
    sharing.begin_shared(scorecard=card, now=NOW)
    with pytest.raises(ValueError, match="poison"):
        go_on(card)
    assert Piece.objects.get().attempts == 3
    assert pieces.given_up(now=NOW).count() == 1
    assert Scorecard.objects.stale().exists()


def test_with_a_broker_the_task_asks_others_to_help(card, settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    with patch.object(tasks.help_evaluate, "delay") as asked:
        assert tasks.evaluate_scorecard(card.pk) == 10
    assert asked.call_count == 3
    assert tasks.help_evaluate(card.pk) == 0


def test_with_a_broker_the_sweep_goes_on_with_what_is_left(card, settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sharing.begin_shared(scorecard=card, now=NOW)
    assert operations.sweep(now=NOW) == 10
    assert levels() == {"Bronze"}


@pytest.fixture
def dated(monkeypatch, settings) -> None:
    """Store seven entities that two scorecards look at by the clock, in pieces of three."""
    monkeypatch.setattr(sharing, "SIZE", 3)
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    make_blueprint(schema={"properties": {"seen": {"type": "string"}}, "required": []})
    lately = condition("seen", "between", {"preset": "lastWeek"})
    for name in ("quality", "security"):
        make_scorecard(name, rules=[rule_document("lately", query=lately)])
    for number in range(7):
        seen = timestamp(NOW - timedelta(days=number + 0.5))
        make_entity(f"s{number}", properties={"seen": seen})


LATER = NOW + timedelta(days=3)


def by_the_clock(now: datetime = LATER) -> pieces.Round:
    return sharing.by_the_clock(clock=lambda: now)


def passing() -> list[int]:
    rows = Evaluation.objects.filter(passed=1).order_by("entity", "scorecard")
    return [int(name[1:]) for name in rows.values_list("entity__identifier", flat=True)]


def test_what_the_clock_moved_is_evaluated_together_and_once_for_all_scorecards(dated) -> None:
    assert passing() == [n for n in range(7) for _ in range(2)]
    asked = []
    assert (
        pieces.take_round(
            by_the_clock(),
            ask=lambda stamp, count: asked.append((stamp, count)),
            clock=lambda: LATER,
        )
        == 7
    )
    assert asked == [(LATER.isoformat(), 2)]
    assert passing() == [n for n in range(4) for _ in range(2)]
    assert not Piece.objects.exists()


def test_a_range_of_the_sweep_whose_worker_died_is_done_by_who_helps(dated) -> None:
    stamp = LATER.isoformat()
    pieces.cut(work="evaluation by the clock", stamp=stamp, ranges=by_the_clock().ranges(LATER),
        now=LATER)  # fmt: skip
    pieces.claim(work="evaluation by the clock", stamp=stamp, now=LATER)
    assert pieces.help_round(by_the_clock(), stamp=stamp, clock=lambda: LATER) == 4
    after = LATER + pieces.CLAIM
    assert pieces.help_round(by_the_clock(after), stamp=stamp, clock=lambda: after) == 3
    assert passing() == [n for n in range(4) for _ in range(2)]


def test_the_sweep_asks_others_to_help_with_what_the_clock_moved(dated) -> None:
    with patch.object(tasks.help_sweep, "delay") as asked:
        assert tasks.sweep() == 7
    assert asked.call_count == 2
    assert tasks.help_sweep(asked.call_args.args[0]) == 0


def test_an_entity_that_cannot_be_evaluated_holds_up_no_other(monkeypatch) -> None:
    make_blueprint()
    make_scorecard()
    for number in range(20):
        make_entity(f"s{number}", properties={"tier": 1})
    Entity.objects.of("service").update(stale_since=NOW)
    poisoned = Entity.objects.get(identifier="s7").pk
    evaluate = evaluating.evaluate_entities

    def fail(*, entity_ids, now):
        if poisoned in entity_ids:
            raise ValueError("poison")
        evaluate(entity_ids=entity_ids, now=now)

    monkeypatch.setattr(evaluating, "evaluate_entities", fail)
    with pytest.raises(Unevaluable, match=rf"^entities {poisoned} cannot be evaluated$"):
        evaluating.evaluate_stale(now=NOW)
    assert list(Entity.objects.stale().values_list("id", flat=True)) == [poisoned]


def test_a_batch_that_kills_its_workers_is_given_up_after_three(monkeypatch) -> None:
    batch = OutcomeBatch.objects.create(reports=[], total=0, received_at=NOW, reported_by="ci")

    class Killed(BaseException):
        pass

    def die(**parts):
        raise Killed

    monkeypatch.setattr(outcome_batches, "record_outcomes", die)
    now = NOW
    for _ in range(3):
        with pytest.raises(Killed), transaction.atomic():
            outcome_batches.apply_waiting(now=now)
        # What a process that dies leaves committed.
        pieces.attempt(work=f"batch of outcomes {batch.pk}", now=now)
        now += pieces.CLAIM
    outcome_batches.apply_waiting(now=now)
    batch.refresh_from_db()
    assert (batch.status, batch.error) == ("failed", "The 3 workers that applied it died.")
    assert not Piece.objects.exists()
