"""What `manage.py rebuild` says when it is interrupted, resumed, or asked for something else."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scorecards import operations
from scorecards.models import Rebuild
from tests.builders import NOW, make_blueprint, make_entity, make_scorecard

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def begun() -> Rebuild:
    """Leave a rebuild behind that has done nothing yet."""
    make_blueprint()
    make_blueprint("job")
    make_scorecard()
    make_entity("pay")
    return operations.begin_rebuild(blueprints=["service"], now=NOW)


def test_what_was_begun_is_gone_on_with_and_said(begun):
    out = run()
    assert out.startswith(
        "Resuming the rebuild of service, begun at 2026-06-01 12:00:00 UTC: 0 of "
    )
    assert out.endswith("Rebuilt 1 entities.\n")
    assert run("service") == "Rebuilt 1 entities.\n"


def test_naming_something_else_is_refused_with_both_ways_out(begun):
    with pytest.raises(CommandError) as refused:
        run("job")
    assert str(refused.value).endswith(
        "to go on with: manage.py rebuild. "
        "Or forget it and begin yours: manage.py rebuild --restart job."
    )
    assert run("--restart", "job") == "Rebuilt 0 entities.\n"
    assert not Rebuild.objects.exists()


def test_an_interruption_ends_in_a_line_that_says_how_to_go_on(begun, monkeypatch):
    def interrupt(**_parts: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(operations, "continue_rebuild", interrupt)
    with pytest.raises(CommandError) as stopped:
        run()
    assert stopped.value.returncode == 130
    assert str(stopped.value).startswith("Interrupted; what is done is kept. Run it again")
    assert Rebuild.objects.exists()
