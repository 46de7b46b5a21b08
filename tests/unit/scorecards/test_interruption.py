"""A worker that dies half-way leaves nothing wrong behind: the sweep ends what it began."""

from datetime import timedelta

import pytest

from catalog.models import Entity
from scorecards import operations
from scorecards.compiled import for_blueprint
from scorecards.models import Evaluation, LevelChange, Rule, RuleChange, Scorecard
from scorecards.operations import evaluating
from tests.builders import NOW, condition, make_blueprint, make_entity, make_scorecard

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


class Killed(BaseException):
    """What no `except Exception` catches, as a SIGKILL."""


@pytest.fixture
def half_done(monkeypatch, settings):
    """Edit a rule of a graded catalog, and die after the second chunk of evaluating it anew."""
    make_blueprint()
    make_scorecard()
    make_scorecard("second")
    for number in range(10):
        make_entity(f"s{number}", properties={"tier": number % 5})
    settings.TIDEMARK_INLINE_LIMIT = 1
    monkeypatch.setattr(evaluating, "CHUNK", 2)
    Rule.objects.filter(identifier="tiered").update(query=condition("tier", "<=", 3))
    for scorecard in Scorecard.objects.all():
        operations.rescore(scorecard_id=scorecard.pk, now=LATER)
    chunks = iter(range(2))

    def die_on_the_third(blueprint: str) -> list:
        if next(chunks, None) is None:
            raise Killed
        return for_blueprint(blueprint)

    with monkeypatch.context() as patched:
        patched.setattr(evaluating.compiling, "for_blueprint", die_on_the_third)
        with pytest.raises(Killed):
            operations.evaluate_scorecard(scorecard=Scorecard.objects.first(), now=LATER)


def stored() -> set[tuple]:
    """Return what is stored, without the times."""
    rows = Evaluation.objects.values_list("entity", "scorecard", "level", "passed", "skipped")
    return set(rows)


def history() -> tuple[list, list]:
    """Return the level and rule history, in an order of its own."""
    levels = LevelChange.objects.values_list("entity", "scorecard", "from_level", "to_level")
    rules = RuleChange.objects.values_list("entity", "rule", "before", "after")
    return sorted(levels), sorted(rules)


def test_the_sweep_ends_what_a_dead_worker_began(half_done):
    assert Scorecard.objects.stale().count() == 2
    # Two chunks of two were committed: of the first four entities, one is of tier 3.
    assert LevelChange.objects.values("entity").distinct().count() == 1
    operations.sweep(now=LATER)
    swept = stored()
    assert not Scorecard.objects.stale().exists()
    operations.reevaluate(blueprint="service", now=LATER)
    assert stored() == swept
    Evaluation.objects.all().delete()
    operations.reevaluate(blueprint="service", now=LATER)
    assert stored() == swept


def test_what_is_evaluated_twice_stands_in_history_once(half_done):
    operations.sweep(now=LATER)
    levels, rules = history()
    # Tier 3: two entities in each of two scorecards rose from the floor.
    assert (len(levels), len(set(levels))) == (4, 4)
    assert (len(rules), len(set(rules))) == (4, 4)
    operations.sweep(now=LATER)
    operations.reevaluate(blueprint="service", now=LATER)
    assert history() == (levels, rules)


def test_what_is_evaluated_anew_waits_no_longer(half_done):
    Entity.objects.update(stale_since=LATER)
    operations.reevaluate(blueprint="service", now=LATER)
    assert not Entity.objects.stale().exists()


@pytest.fixture
def meanwhile(monkeypatch, settings):
    """Return a function that re-evaluates a scorecard while something else happens half-way."""
    make_blueprint()
    make_scorecard()
    make_scorecard("second")
    for number in range(6):
        make_entity(f"s{number}", properties={"tier": 3})
    settings.TIDEMARK_INLINE_LIMIT = 0
    monkeypatch.setattr(evaluating, "CHUNK", 2)

    def run(event) -> None:
        calls: list[str] = []

        def second_chunk(blueprint: str) -> list:
            calls.append(blueprint)
            if len(calls) == 2:
                event()
            return for_blueprint(blueprint)

        edit("quality")
        with monkeypatch.context() as patched:
            patched.setattr(evaluating.compiling, "for_blueprint", second_chunk)
            quality = Scorecard.objects.get(identifier="quality")
            operations.evaluate_scorecard(scorecard=quality, now=LATER)
        operations.sweep(now=LATER)

    return run


def edit(scorecard: str) -> None:
    """Loosen a rule, and leave the entities to a run that is still to come."""
    rule = Rule.objects.get(scorecard__identifier=scorecard, identifier="tiered")
    Rule.objects.filter(pk=rule.pk).update(query=condition("tier", "<=", 3))
    operations.rescore(scorecard_id=rule.scorecard_id, now=LATER)


def test_an_edit_that_comes_in_during_the_run_of_another_is_not_lost(meanwhile):
    meanwhile(lambda: edit("second"))
    levels = Evaluation.objects.values_list("scorecard__identifier", "level__title").distinct()
    assert set(levels) == {("quality", "Bronze"), ("second", "Bronze")}


def test_facts_that_move_during_the_run_of_a_scorecard_are_not_lost(meanwhile):
    facts = {"tier": 1, "language": "Go"}
    meanwhile(lambda: [make_entity(f"s{number}", properties=facts, now=LATER) for number in (2, 3)])
    rows = Evaluation.objects.filter(entity__identifier__in=["s2", "s3"])
    assert set(rows.values_list("level__title", flat=True)) == {"Gold"}
