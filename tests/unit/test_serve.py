"""`manage.py serve` is the whole site in one process, and ends when told to."""

import errno
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
def server(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the site on a free port and yield the process and its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--message", "Log in as ada"],
        cwd=ROOT,
        env=environment(data_dir),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_it_prints_the_address_and_answers_there(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = server
    lines = [process.stdout.readline(), process.stdout.readline()]
    assert lines == [f"Tidemark is at {address}/  (Ctrl-C stops it)\n", "Log in as ada\n"]
    response = requests.get(f"{address}/healthz", timeout=30)
    assert (response.status_code, response.text) == (200, "ok\n")


def test_an_interrupt_ends_it_cleanly_and_quickly(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = server
    process.stdout.readline()
    requests.get(f"{address}/healthz", timeout=30)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/healthz", timeout=5)


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
