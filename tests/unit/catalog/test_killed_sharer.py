"""A real SIGKILL in a range that workers share; the others do the rest, and in the end that too."""

import signal
from collections.abc import Iterator

import pytest

from tests.drills.acts import Environment, act, own_database

DRILL = "tests.drills.killed_sharer"


@pytest.fixture
def environment(tmp_path) -> Iterator[Environment]:
    with own_database(tmp_path) as values:
        # Somewhere to send tasks to, and nobody to take them.
        yield {**values, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize("what", ["rebuild", "sweep"])
def test_the_range_of_a_killed_worker_is_done_by_the_others(environment, what):
    prepared = act(environment, DRILL, "prepare", what)
    assert prepared.returncode == 0, prepared.stderr
    assert act(environment, DRILL, "die", what).returncode == -signal.SIGKILL
    checked = act(environment, DRILL, "check", what)
    assert checked.returncode == 0, checked.stderr
