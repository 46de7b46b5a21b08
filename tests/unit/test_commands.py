"""The management commands, as an operator runs them."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Entity
from scorecards.models import Evaluation, Scorecard
from tests.builders import level_of, make_blueprint, make_entity, make_scorecard

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_rebuild_repairs_what_a_raw_update_broke():
    make_blueprint()
    make_scorecard()
    entity = make_entity("pay", properties={"tier": 3})
    Entity.objects.filter(pk=entity.pk).update(properties={"tier": 1}, facts={})
    Evaluation.objects.all().delete()
    assert run("rebuild", "service") == "Rebuilt 1 entities.\n"
    entity.refresh_from_db()
    assert (entity.facts["tier"], level_of(entity)) == (1, "Bronze")


def test_rebuild_names_a_blueprint_that_is_not_there():
    with pytest.raises(CommandError, match="there is no blueprint nope"):
        run("rebuild", "nope")


def test_sweep_says_what_it_did():
    make_blueprint()
    assert "evaluated 0 entities" in run("sweep")


def test_install_pack_can_be_repeated_and_names_the_packs_there_are():
    assert "Installed dora: " in run("install_pack", "dora", "basics")
    versions = dict(Scorecard.objects.values_list("identifier", "version"))
    run("install_pack", "dora", "basics")
    assert dict(Scorecard.objects.values_list("identifier", "version")) == versions
    with pytest.raises(CommandError, match="basics, dora"):
        run("install_pack", "nope")


def test_load_demo_does_nothing_the_second_time():
    make_blueprint()
    make_entity("pay")
    assert run("load_demo") == "The demo is loaded already.\n"
