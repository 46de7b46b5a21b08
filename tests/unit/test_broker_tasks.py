"""With a broker worker processes do the same work, and a broker that is away loses nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = "redis://127.0.0.1:1/0"

GRADED = """
from tests.builders import make_blueprint, make_entity, make_scorecard
doubled = {"title": "Doubled", "type": "number", "calculation": ".properties.tier * 2"}
make_blueprint(calculation_properties={"doubled": doubled})
entity = make_entity("billing", properties={"tier": 1, "language": "Go"})
make_scorecard()
"""
READ = """
import json, time
from catalog.models import Entity
from tests.builders import level_of
deadline = time.monotonic() + SECONDS
while True:
    entity = Entity.objects.get(identifier="billing")
    seen = [entity.facts.get("doubled"), level_of(entity)]
    if seen == [2, "Gold"] or time.monotonic() > deadline:
        break
    time.sleep(0.1)
print(json.dumps(seen))
"""

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs Python in a process of a migrated site of its own."""

    def run(*arguments: str, broker: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(tmp_path, broker),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    run("manage.py", "migrate", "--verbosity", "0", broker=NOBODY)
    return run


def environment(data_dir: Path, broker: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    return {
        **kept,
        "TIDEMARK_DATA_DIR": str(data_dir),
        "CELERY_BROKER_URL": broker,
        "TIDEMARK_INLINE_LIMIT": "0",  # everything goes to the queue
    }


def script(text: str) -> tuple[str, str]:
    return "-c", f"import django\ndjango.setup()\n{text}"


@pytest.fixture
def worker(run: Run, tmp_path: Path, broker_url: str) -> Iterator[None]:
    """Run a worker with two processes until the test is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "portal", "worker", "-c", "2", "-l", "warning"],
        cwd=ROOT,
        env=environment(tmp_path, broker_url),
    )
    yield
    process.terminate()
    assert process.wait(timeout=30) == 0


@pytest.mark.broker
@pytest.mark.usefixtures("worker")
def test_a_worker_does_what_a_web_process_sent(run: Run, broker_url: str) -> None:
    run(*script(GRADED), broker=broker_url)
    seen = run(*script(READ.replace("SECONDS", "30")), broker=broker_url)
    assert seen == '[2, "Gold"]\n'


def test_what_was_saved_while_the_broker_was_away_is_done_by_the_sweep(run: Run) -> None:
    run(*script(GRADED), broker=NOBODY)
    assert run(*script(READ.replace("SECONDS", "0")), broker=NOBODY) == "[2, null]\n"
    run("manage.py", "sweep", broker=NOBODY)
    assert run(*script(READ.replace("SECONDS", "0")), broker=NOBODY) == '[2, "Gold"]\n'
