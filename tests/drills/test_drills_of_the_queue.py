"""Workers, schedulers and the broker die, are away, are too many; nothing is lost or done twice.

Each drill ends with what an evaluation from nothing finds, and the status page says what is wrong.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.channels.slack_stub import SlackStub, slack_stub
from tests.drills.acts import OwnRedis, Site, own_database, own_redis, running, wait_until
from tests.drills.graded_site import MESSAGES

pytestmark = pytest.mark.alone

WORKER = ("celery", "-A", "portal", "worker", "-c", "2", "-l", "warning", "--without-mingle")
BEAT = ("celery", "-A", "portal", "beat", "-l", "warning", "--pidfile=")


@pytest.fixture(scope="module")
def broker() -> Iterator[OwnRedis]:
    with own_redis() as broker:
        yield broker


@pytest.fixture(scope="module")
def stub() -> Iterator[SlackStub]:
    with slack_stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, broker: OwnRedis, stub: SlackStub
) -> Iterator[Site]:
    with own_database(tmp_path_factory.mktemp("site")) as environment:
        site = Site(
            {
                **environment,
                "TIDEMARK_ALLOWED_HOSTS_OUT": "127.0.0.1",
                "DRILL_HOOK": stub.hook,
                "CELERY_BROKER_URL": broker.url,
                "TIDEMARK_INLINE_LIMIT": "0",  # everything goes to the queue
            }
        )
        site.do("prepare")
        yield site
        site.end()


@pytest.fixture
def site(prepared: Site, stub: SlackStub) -> Site:
    prepared.do("reset")
    stub.messages.clear()
    return prepared


def check(site: Site, stub: SlackStub) -> None:
    """See that all is evaluated and sent, and each once."""
    assert site.do("check") == len(stub.messages) == MESSAGES


def test_a_worker_that_is_killed_loses_nothing_and_is_named(site: Site, stub: SlackStub) -> None:
    with running(site.environment, *WORKER) as worker:
        site.wait_until(lambda found: "1 at work" in found["values"]["workers"], seconds=30)
        site.do("edit")
        os.killpg(worker.pid, signal.SIGKILL)
    found = site.do("look", "120")
    assert (found["workers"], found["scheduler"]) == ("ATTENTION", "ATTENTION")
    assert "not heard of" in found["values"]["workers"]
    site.do("sweep")
    check(site, stub)


def test_a_broker_that_is_away_for_a_while_loses_nothing(
    site: Site, stub: SlackStub, broker: OwnRedis
) -> None:
    with running(site.environment, *WORKER), running(site.environment, *BEAT):
        site.wait_until(lambda found: found["scheduler"] == found["workers"] == "FINE", seconds=30)
        broker.stop()
        site.do("edit")
        found = site.do("look")
        assert (found["broker"], found["evaluation"]) == ("ATTENTION", "WORKING")
        broker.start()
        site.do("due")
        site.do("wait", "60")
        found = site.do("look")
        assert (found["broker"], found["evaluation"]) == ("FINE", "FINE")
    check(site, stub)


def test_two_schedulers_send_each_tick_once(site: Site, stub: SlackStub) -> None:
    scheduler = site.environment, *BEAT
    with running(site.environment, *WORKER), running(*scheduler), running(*scheduler):
        site.wait_until(lambda found: "2 at work" in found["values"]["scheduler"], seconds=30)
        site.do("edit")
        site.do("wait", "30")
        site.wait_until(lambda found: set(found["jobs"].values()) == {"FINE"}, seconds=30)
        found = site.do("look")
    assert found["scheduler"] == "FINE"
    runs = Counter(name for name, _ in found["tasks run"] if ".sweep" in name)
    assert runs == {
        "scorecards.tasks.sweep": 1,
        "portal.integrations.tasks.sweep_integrations": 1,
        "portal.integrations.tasks.sweep_notices": 1,
    }
    check(site, stub)


def test_poisoned_tasks_are_begun_once_and_hold_up_nobody(site: Site, stub: SlackStub) -> None:
    name = "tests.drills.poison"
    worker_of_one = (*WORKER, "-c", "1", "--include", name)
    with running(site.environment, *worker_of_one) as worker:
        tasks = ("kill_worker", "fail", "kill_child", "fine")
        site.do("send", *(f"{name}.{task}" for task in tasks))
        wait_until(lambda: worker.poll() is not None, seconds=30, what="the end of the worker")

    def ended(found: dict) -> dict[str, str]:
        runs = found["tasks run"]
        return {task.removeprefix(f"{name}."): state for task, state in runs if name in task}

    with running(site.environment, *worker_of_one) as worker:
        site.wait_until(
            lambda found: ended(found)
            == {"kill_worker": "FAILURE", "fail": "FAILURE", "kill_child": "FAILURE",
                "fine": "SUCCESS"},
            seconds=60,
        )  # fmt: skip
        assert worker.poll() is None
        site.do("edit")
        site.do("wait", "30")
        found = site.do("look")
    assert (found["tasks"], found["values"]["tasks"].split()[0]) == ("ATTENTION", "3")
    check(site, stub)
