"""`manage.py serve` is the whole site in one process, and ends when told to."""

import errno
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.demo import PASSWORD
from scorecards.packs.demo import read_demo

# Processes that must start and end in seconds.
pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of a site that was just migrated."""
    directory = tmp_path_factory.mktemp("data")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment(directory),
        check=True,
    )
    return directory


def environment(data_dir: Path) -> dict[str, str]:
    names = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
    kept = {key: value for key, value in os.environ.items() if key not in names}
    return {**kept, "TIDEMARK_DATA_DIR": str(data_dir)}


@pytest.fixture
def server(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the site on any free port and yield its process."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", "0", "--message", "Log in as ada"],
        cwd=ROOT,
        env=environment(data_dir),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def test_it_tells_its_address_and_answers_there(server: subprocess.Popen[str]) -> None:
    lines = [server.stdout.readline(), server.stdout.readline()]
    told = re.fullmatch(
        r"Tidemark is at (http://127\.0\.0\.1:\d+/)  \(Ctrl-C stops it\)\n", lines[0]
    )
    assert lines[1] == "Log in as ada\n"
    with urlopen(f"{told[1]}healthz", timeout=30) as response:
        assert (response.status, response.read()) == (200, b"ok\n")


def test_an_address_may_carry_a_long_query(server: subprocess.Popen[str]) -> None:
    address = re.search(r"http://\S+", server.stdout.readline())[0]
    with urlopen(f"{address}login/?next=/?query={'%22' * 2_000}", timeout=10) as response:
        assert response.status == 200


def test_an_interrupt_ends_it_cleanly_and_quickly(server: subprocess.Popen[str]) -> None:
    address = server.stdout.readline().split()[3]
    urlopen(f"{address}healthz", timeout=30).close()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=15) == 0
    with pytest.raises(URLError):
        urlopen(f"{address}healthz", timeout=5)


@pytest.mark.usefixtures("server")
def test_it_runs_the_periodic_tasks_itself(data_dir: Path) -> None:
    expected = {"catalog.tasks.refresh_clock_values", "scorecards.tasks.sweep"}
    deadline = time.monotonic() + 30
    while (ran := finished_tasks(data_dir)) < expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert expected <= ran


def finished_tasks(data_dir: Path) -> set[str]:
    query = "SELECT task_name FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
    with sqlite3.connect(data_dir / "tidemark.sqlite3") as database:
        return {name for (name,) in database.execute(query)}


@pytest.mark.django_db
def test_a_taken_port_is_refused_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            call_command("serve", port=port)
    reason = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    assert str(refused.value) == (
        f"Cannot listen on 127.0.0.1:{port}: {reason}. Choose another with --port or PORT=."
    )


def test_the_logins_that_make_demo_prints_are_those_of_the_demo() -> None:
    makefile = (ROOT / "Makefile").read_text()
    logins = re.search(r"^LOGINS = (.*)$", makefile, re.MULTILINE)[1]
    named = [user.username for user in read_demo(timezone.now()).users if user.username in logins]
    assert named == ["admin", "maya"]
    assert logins.endswith(f"the password is {PASSWORD}")
