"""Rebuilds that are killed, interrupted and run twice at once, in processes of their own."""

import signal
from collections.abc import Iterator
from subprocess import Popen

import pytest

from tests.drills.acts import Environment, act, begin, own_database

DRILL = "tests.drills.killed_rebuild"


@pytest.fixture
def environment(tmp_path) -> Iterator[Environment]:
    """Name a database in which everything that is computed is wrong."""
    with own_database(tmp_path) as values:
        prepared = act(values, DRILL, "prepare")
        assert prepared.returncode == 0, prepared.stderr
        yield values


def check(environment: Environment, *, pieces: int) -> None:
    checked = act(environment, DRILL, "check", str(pieces))
    assert checked.returncode == 0, checked.stderr


def test_what_is_killed_again_and_again_is_gone_on_with(environment):
    # Among the samples, the entities, the evaluations, and the counters as the last thing of all.
    lived = [1, 7, 16, 3]
    for pieces in lived:
        assert act(environment, DRILL, "die", str(pieces)).returncode == -signal.SIGKILL
    check(environment, pieces=sum(lived))


@pytest.fixture
def holding(environment) -> "Iterator[Popen[str]]":
    """Yield a rebuild that stays in its sixth piece."""
    process = begin(environment, DRILL, "hold", "5")
    assert process.stdout
    assert process.stdout.readline() == "holding\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_rebuild_is_refused_for_as_long_as_the_first_lives(environment, holding):
    refused = act(environment, "manage", "rebuild")
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        "CommandError: another rebuild is at work on this database; let it end, or stop it, and "
        "try again\n",
    )
    assert act(environment, "manage", "rebuild", "--restart").returncode == 1
    holding.kill()
    holding.wait()
    check(environment, pieces=5)


def test_ctrl_c_leaves_one_line_behind_the_bar_and_loses_nothing(environment, holding):
    holding.send_signal(signal.SIGINT)
    _, told = holding.communicate(timeout=60)
    assert holding.returncode == 130
    assert "Traceback" not in told
    assert told.splitlines()[-1] == (
        "CommandError: Interrupted; what is done is kept. Run it again to go on "
        "(manage.py rebuild), or begin anew with --restart."
    )
    check(environment, pieces=5)
