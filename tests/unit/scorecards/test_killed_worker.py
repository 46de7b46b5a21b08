"""A real SIGKILL in the middle of a re-evaluation; the sweep of another process ends it."""

import signal
from collections.abc import Iterator

import pytest

from tests.drills.acts import Environment, act, own_database

DRILL = "tests.drills.killed_worker"


@pytest.fixture
def environment(tmp_path) -> Iterator[Environment]:
    with own_database(tmp_path) as values:
        yield values


def test_what_a_killed_worker_left_is_ended_by_the_sweep(environment):
    prepared = act(environment, DRILL, "prepare")
    assert prepared.returncode == 0, prepared.stderr
    assert act(environment, DRILL, "work").returncode == -signal.SIGKILL
    checked = act(environment, DRILL, "check")
    assert checked.returncode == 0, checked.stderr
