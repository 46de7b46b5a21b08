"""`manage.py rebuild`, as an operator runs it, interrupts it and runs it again."""

from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from catalog.models import Blueprint
from catalog.operations import refreshing
from scorecards.management.commands import rebuild as command
from scorecards.models import Rebuild
from scorecards.operations import counters, evaluating, rebuilding
from tests.builders import NOW, make_blueprint, make_entity, make_scorecard, make_team
from tests.unit.catalog.test_samples import event, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog(monkeypatch) -> None:
    """Five services and their events, in chunks of two."""
    save()
    make_team()
    make_scorecard()
    make_blueprint("idle", ownership=None)
    for number in range(5):
        make_entity(f"s{number}", properties={"tier": number}, team="core")
        event(f"e{number}", f"s{number}")
    for module in (refreshing, evaluating, counters):
        monkeypatch.setattr(module, "CHUNK", 2)


def run(*args: str) -> str:
    out = StringIO()
    call_command("rebuild", *args, stdout=out)
    return out.getvalue()


def refusal(*args: str) -> CommandError:
    with pytest.raises(CommandError) as refused:
        run(*args)
    return refused.value


@pytest.fixture
def interrupt(monkeypatch) -> Any:
    """Return a function that runs the command and raises something in the n-th piece."""

    def interrupted(error: BaseException, piece: int, *args: str) -> CommandError:
        left, do_piece = iter(range(piece - 1)), rebuilding._do_piece

        def die(*parts: Any, **more: Any) -> None:
            if next(left, None) is None:
                raise error
            do_piece(*parts, **more)

        with monkeypatch.context() as patched:
            patched.setattr(rebuilding, "_do_piece", die)
            patched.setattr("django.utils.timezone.now", lambda: NOW)
            return refusal(*args)

    return interrupted


def test_ctrl_c_ends_with_one_line_that_says_how_to_go_on(catalog, interrupt):
    stopped = interrupt(KeyboardInterrupt(), 3, "service", "--restart")
    assert (str(stopped), stopped.returncode) == (
        "Interrupted; what is done is kept. Run it again to go on (manage.py rebuild service), or "
        "begin anew with --restart.",
        130,
    )
    assert Rebuild.objects.exists()


def test_a_database_that_fails_says_so_in_one_line(catalog, interrupt):
    stopped = interrupt(OperationalError("database is locked\n"), 3)
    assert (str(stopped), stopped.returncode) == (
        "The database said: database is locked. What is done is kept. Run it again to go on "
        "(manage.py rebuild), or begin anew with --restart.",
        1,
    )


@pytest.mark.parametrize("names", [[], ["service"], ["service", "service"]])
def test_it_says_what_it_resumes_and_where(catalog, interrupt, names):
    interrupt(KeyboardInterrupt(), 5, "service")
    assert run(*names) == (
        "Resuming the rebuild of service, begun at 2026-06-01 12:00:00 UTC: 2 of 6 steps are done, "
        "next are the entities of service (4 of 5).\nRebuilt 5 entities.\n"
    )
    assert not Rebuild.objects.exists()


def test_other_blueprints_than_those_of_the_interrupted_one_are_refused(catalog, interrupt):
    interrupt(KeyboardInterrupt(), 3, "service", "event")
    assert str(refusal("idle", "service")) == (
        "There is the rebuild of event, service, begun at 2026-06-01 12:00:00 UTC, to go on with: "
        "manage.py rebuild. Or forget it and begin yours: manage.py rebuild --restart idle service."
    )
    assert run("--restart", "idle") == "Rebuilt 0 entities.\n"
    assert not Rebuild.objects.exists()


def test_one_of_all_blueprints_is_no_part_of_one_of_some(catalog, interrupt):
    interrupt(KeyboardInterrupt(), 3)
    assert "There is the rebuild of all blueprints, begun" in str(refusal("service"))
    assert "Resuming the rebuild of all blueprints, begun" in run()


def test_restart_begins_at_the_beginning(catalog, interrupt, monkeypatch):
    interrupt(KeyboardInterrupt(), 9)
    assert Rebuild.objects.get().steps.exists()
    stopped = interrupt(KeyboardInterrupt(), 1, "--restart")
    assert "Interrupted" in str(stopped)
    assert not Rebuild.objects.get().steps.exists()
    assert run("--restart") == "Rebuilt 11 entities.\n"


class Bar:
    """A progress bar that remembers every state it was shown in."""

    def __init__(self, *, initial: int, total: int, unit: str) -> None:
        self.n, self.total, self.words = initial, total, ""
        self.shown: list[tuple[str, int, int]] = []
        bars.append(self)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *error: object) -> None:
        self.shown.append((self.words, self.n, self.total))

    def set_description(self, words: str, *, refresh: bool) -> None:
        self.words = words

    def update(self, count: int) -> None:
        self.n += count
        self.shown.append((self.words, self.n, self.total))


bars: list[Bar] = []


@pytest.fixture
def shown(monkeypatch) -> list[Bar]:
    monkeypatch.setattr(command, "tqdm", Bar)
    bars.clear()
    return bars


def test_the_bar_runs_over_all_of_the_work(catalog, shown):
    run()
    (bar,) = shown
    words = list(dict.fromkeys(words for words, _, _ in bar.shown))
    names = ("_team", "_user", "event", "idle", "service")
    assert (words[0], sorted(words[1:-3]), words[-3:]) == (
        "Samples of event",
        [f"Entities of {name}" for name in names],
        ["Evaluations of service", "Evaluations left behind", "Counters of quality"],
    )
    # Two series of five events; a team, five services, five events; five evaluations, counted.
    assert {total for _, _, total in bar.shown} == {10 + 11 + 5 + 5}
    done = [n for _, n, _ in bar.shown]
    assert done == sorted(done)
    assert done[-1] == 31
    # It is full when the last chunk of the last step is done, and not before.
    last = next(index for index, count in enumerate(done) if count == 31)
    assert [words for words, _, _ in bar.shown[last:]] == ["Counters of quality"] * 2


def test_the_bar_of_what_is_resumed_begins_where_the_other_one_stopped(catalog, interrupt, shown):
    interrupt(KeyboardInterrupt(), 6)
    run()
    first, second = shown
    assert 0 < first.shown[-1][1] == second.shown[0][1] < second.shown[0][2] == 31
    assert second.shown[-1][1:] == (31, 31)


def test_the_bar_steps_back_where_a_part_begins_anew(catalog, shown, monkeypatch):
    pieces, do_next = iter(range(9)), rebuilding._do_next

    def edit_meanwhile(*args: Any, **parts: Any) -> int | None:
        if next(pieces, None) is None:
            Blueprint.objects.get(identifier="service").save()
            monkeypatch.setattr(rebuilding, "_do_next", do_next)
        return do_next(*args, **parts)

    monkeypatch.setattr(rebuilding, "_do_next", edit_meanwhile)
    run()
    done = [n for _, n, _ in shown[0].shown]
    steps_back = [after - before for before, after in pairwise(done) if after < before]
    assert steps_back == [-5]
    assert shown[0].shown[-1][1:] == (31, 31)
