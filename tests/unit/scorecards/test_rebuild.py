"""A rebuild that is killed anywhere goes on there, and ends as a rebuild from nothing does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog import operations as catalog_operations
from catalog.errors import Conflict
from catalog.models import Blueprint, Entity, Sample, Series, Total
from scorecards import operations
from scorecards.models import Counter, Evaluation, Rebuild, RebuildStep, Scorecard
from scorecards.operations import counters, evaluating, rebuilding
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    rule_document,
    scorecard_document,
)
from tests.unit.catalog import test_consistency as consistency

pytestmark = pytest.mark.django_db

# How many the rebuild below consists of, with chunks of three.
PIECES = 20
CHUNK = 3
Piece = tuple[str, str, int]


class Killed(BaseException):
    """What no `except Exception` catches, as a SIGKILL."""


class Pieces:
    """What was done and committed, piece by piece; the piece after `lethal` others dies."""

    def __init__(self) -> None:
        self.done: list[Piece] = []
        self.lethal: int | None = None
        # Called when so many are done, between two of them.
        self.events: dict[int, Callable[[], object]] = {}

    def kinds(self) -> list[str]:
        """Return the kinds of the steps, in order, each once."""
        return list(dict.fromkeys(kind for kind, _, _ in self.done))


@pytest.fixture
def pieces(monkeypatch) -> Pieces:
    """Make the pieces small, and watch them."""
    for module in (catalog_operations.refreshing, evaluating, counters):
        monkeypatch.setattr(module, "CHUNK", CHUNK)
    pieces, doing = Pieces(), []
    do_piece, do_next = rebuilding._do_piece, rebuilding._do_next

    def watched_piece(step: Any, row: RebuildStep, **parts: Any) -> None:
        doing.append((*step.name, row.position))
        do_piece(step, row, **parts)
        # Everything is written, nothing is committed.
        if len(pieces.done) == pieces.lethal:
            raise Killed

    def watched_next(*args: Any, **parts: Any) -> int | None:
        doing.clear()
        count = do_next(*args, **parts)
        pieces.done += doing
        pieces.events.pop(len(pieces.done), lambda: None)()
        return count

    monkeypatch.setattr(rebuilding, "_do_piece", watched_piece)
    monkeypatch.setattr(rebuilding, "_do_next", watched_next)
    return pieces


@pytest.fixture
def broken(monkeypatch) -> None:
    """Store a catalog in which everything that is computed is wrong in some place."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    consistency.furnish()
    save_second()
    make_entity("c", properties={"tier": 2, "language": "Go"}, relations={"parent": "a"})
    for number in range(5):
        make_entity(
            f"d{number}",
            blueprint="deployment",
            properties={"tier": number},
            relations={"service": "abc"[number % 3]},
        )
    Entity.objects.filter(identifier__in=["a", "d1", "d4"]).update(facts={}, computed={})
    Entity.objects.filter(identifier__in=["b", "d3"]).update(properties={"tier": 1})
    Sample.objects.filter(entity__identifier="d2").delete()
    Total.objects.update(count=99)
    Evaluation.objects.filter(entity__identifier="c").delete()
    Evaluation.objects.filter(entity__identifier="b").update(passed=0)
    Counter.objects.update(levels={"1": 99})


def save_second(**parts: Any) -> None:
    """Save a second scorecard, of services and deployments."""
    names = ["service", "deployment"]
    consistency.save_scorecard(scorecard_document("second", blueprints=names, **parts))()


def rebuild(*, names: tuple[str, ...] = ()) -> int:
    """Do what the command does."""
    begun = operations.unfinished_rebuild()
    begun = begun or operations.begin_rebuild(blueprints=names, now=NOW)
    return operations.continue_rebuild(rebuild=begun, clock=lambda: NOW)


def everything() -> tuple[Any, ...]:
    """Return everything that is computed."""
    counts = consistency.counters()
    assert counts == consistency.counted_from_nothing()
    assert consistency.totals() == consistency.totals_from_samples()
    return consistency.state(), consistency.samples(), counts


def from_nothing() -> tuple[Any, ...]:
    consistency.forget_and_rebuild()
    for scorecard in Scorecard.objects.all():
        operations.recount(scorecard=scorecard)
    return everything()


def die_after(pieces: Pieces, count: int) -> None:
    pieces.lethal = count
    with pytest.raises(Killed):
        rebuild()
    pieces.lethal = None


def test_a_rebuild_repairs_everything_and_leaves_no_record(broken, pieces):
    assert rebuild() == Entity.objects.count()
    assert len(pieces.done) == PIECES, pieces.done
    assert pieces.kinds() == ["samples", "entities", "evaluations", "counters"]
    assert not Rebuild.objects.exists()
    assert not RebuildStep.objects.exists()
    assert everything() == from_nothing()


@pytest.mark.parametrize("count", range(PIECES))
def test_what_is_killed_goes_on_and_does_nothing_twice(broken, pieces, count):
    die_after(pieces, count)
    before = list(pieces.done)
    assert rebuild() == Entity.objects.count()
    assert (len(before), len(pieces.done), len(set(pieces.done))) == (count, PIECES, PIECES)
    assert pieces.done[:count] == before
    assert everything() == from_nothing()


def edit() -> None:
    """Edit a blueprint, change an entity, make some, and delete one."""
    document = consistency.service_blueprint(program=".title")
    catalog_operations.save_blueprint(definition=document, by=TESTER, now=NOW)
    make_entity("b", properties={"tier": 3}, relations={"parent": "c"}, team=["b"])
    make_entity("e", properties={"tier": 1})
    make_entity("d9", blueprint="deployment", relations={"service": "e"})
    gone = Entity.objects.filter(identifier="d0")
    catalog_operations.delete_entities(entities=gone, by=TESTER, now=NOW)


@pytest.mark.parametrize("is_left_to_tasks", [False, True])
@pytest.mark.parametrize("count", range(PIECES))
def test_what_happens_before_it_goes_on_is_kept(broken, pieces, settings, count, is_left_to_tasks):
    die_after(pieces, count)
    # Nobody runs the tasks.
    settings.TIDEMARK_INLINE_LIMIT = 0 if is_left_to_tasks else 2_000
    edit()
    before = list(pieces.done)
    rebuild()
    after = pieces.done[count:]
    # The part of the edited blueprint begins anew, and that of no other.
    again = {(kind, subject) for kind, subject, _ in set(before) & set(after)}
    assert {subject for kind, subject in again if kind == "entities"} <= {"service"}
    assert ("entities", "service", 0) in after
    assert ("evaluations", "deployment") not in again
    assert everything() == from_nothing()


@pytest.mark.parametrize("count", range(1, PIECES, 3))
def test_what_happens_while_it_is_at_work_is_kept(broken, pieces, count):
    pieces.events[count] = edit
    rebuild()
    assert pieces.events == {}
    assert everything() == from_nothing()


@pytest.mark.parametrize("count", range(0, PIECES, 4))
def test_what_is_killed_again_and_again_comes_to_an_end(broken, pieces, count):
    for deaths in range(count, PIECES, 2):
        die_after(pieces, deaths)
    rebuild()
    assert (len(pieces.done), len(set(pieces.done))) == (PIECES, PIECES)
    assert everything() == from_nothing()


def test_a_scorecard_that_is_edited_meanwhile_is_evaluated_and_counted_anew(
    broken, pieces, settings
):
    die_after(pieces, PIECES - 1)
    # Left to a task that nobody runs.
    settings.TIDEMARK_INLINE_LIMIT = 0
    rules = [rule_document(query=condition("tier", ">=", 1))]
    consistency.save_scorecard(scorecard_document(rules=rules))()
    rebuild()
    again = {(kind, subject) for kind, subject, _ in pieces.done[PIECES - 1 :]}
    assert again == {
        ("evaluations", "service"),
        ("evaluations", ""),
        ("counters", "quality"),
        # It died with this one.
        ("counters", "second"),
    }
    assert everything() == from_nothing()


def test_series_that_were_filled_are_not_filled_again(broken, pieces, monkeypatch):
    filled: list[int] = []
    insert = catalog_operations.refreshing.shelf.insert_samples

    def watched(series: Any, series_id: int) -> None:
        filled.append(series_id)
        insert(series, series_id)

    monkeypatch.setattr(catalog_operations.refreshing.shelf, "insert_samples", watched)
    die_after(pieces, 1)
    die_after(pieces, 5)
    rebuild()
    # The second was filled twice: the first time, it died with it.
    assert (len(filled), len(set(filled))) == (Series.objects.count() + 1, Series.objects.count())


def test_the_clock_is_read_for_every_piece(broken, pieces):
    """A rebuild of hours would else leave values behind that the sweep does not look for."""
    moments = [NOW + timedelta(minutes=number) for number in range(PIECES)]
    begun, reading = operations.begin_rebuild(blueprints=(), now=NOW), iter(moments)
    operations.continue_rebuild(rebuild=begun, clock=lambda: next(reading))
    assert next(reading, None) is None
    assert Series.objects.filter(filled_at__gt=NOW).exists()


def test_only_what_concerns_the_named_blueprints_is_rebuilt(broken, pieces):
    assert rebuild(names=("deployment",)) == Entity.objects.of("deployment").count()
    subjects = {subject for kind, subject, _ in pieces.done if kind != "samples"}
    assert subjects == {"deployment", "", "second"}


def test_a_blueprint_that_is_gone_is_passed_over(broken, pieces):
    make_blueprint("spare", ownership=None)
    pieces.lethal = 0
    with pytest.raises(Killed):
        rebuild(names=("spare", "service"))
    pieces.lethal = None
    catalog_operations.delete_blueprint(
        blueprint=Blueprint.objects.get(identifier="spare"), by=TESTER, now=NOW
    )
    assert rebuild() == Entity.objects.of("service").count()
    assert "spare" not in {subject for _, subject, _ in pieces.done}


def test_whoever_finds_the_record_gone_stops(broken, pieces):
    begun = operations.begin_rebuild(blueprints=(), now=NOW)
    pieces.events[3] = lambda: operations.begin_rebuild(blueprints=(), now=NOW)
    with pytest.raises(Conflict, match="another process ended this rebuild, or began one anew"):
        operations.continue_rebuild(rebuild=begun, clock=lambda: NOW)
    assert len(pieces.done) == 3
    assert Rebuild.objects.get().steps.count() == 0


def test_a_rebuild_takes_the_mark_of_what_was_left_behind_off(broken, pieces, settings):
    settings.TIDEMARK_INLINE_LIMIT = 0
    edit()
    assert Blueprint.objects.filter(stale_since__isnull=False).exists()
    settings.TIDEMARK_INLINE_LIMIT = 2_000
    rebuild()
    assert not Blueprint.objects.filter(stale_since__isnull=False).exists()


def test_an_edit_during_the_last_piece_leaves_its_mark(broken, settings):
    read_before = Blueprint.objects.get(identifier="service")
    settings.TIDEMARK_INLINE_LIMIT = 0
    edit()
    catalog_operations.note_rebuilt(blueprint=read_before)
    assert Blueprint.objects.get(identifier="service").stale_since == NOW
