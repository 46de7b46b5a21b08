"""A worker that dies half-way leaves nothing wrong behind: the sweep ends what it began."""

from datetime import timedelta

import pytest

from scorecards import compiled, operations
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
        return compiled.for_blueprint(blueprint)

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
