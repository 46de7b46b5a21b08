"""What is remembered of an installed pack, and what its settings do to the catalog."""

from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from catalog import registry
from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from scorecards.models import InstalledPack, LevelChange, Rule, Scorecard
from scorecards.operations import document_of, install_pack
from tests.builders import NOW, TESTER, make_scorecard, make_team
from tests.unit.packs.delivery import DEFAULTS, deploy, fail, install, level_of, levels_of

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def settings():
    return InstalledPack.objects.get(name="dora").settings


def official():
    return Scorecard.objects.filter(identifier__startswith="dora_official_")


def documents():
    """Return everything that an installation writes, as documents."""
    scorecards = Scorecard.objects.with_parts().order_by("identifier")
    blueprints = Blueprint.objects.order_by("identifier")
    return [document_of(item) for item in scorecards], [
        registry.document_of(item) for item in blueprints
    ]


def computed(key, name="web"):
    return Entity.objects.get(identifier=name).computed.get(key)


def test_an_installation_is_remembered_with_its_settings():
    install(minimum=10)
    install_pack(name="basics", by=TESTER, now=NOW)
    rows = {row.name: row for row in InstalledPack.objects.all()}
    assert {name: row.settings for name, row in rows.items()} == {
        "dora": DEFAULTS | {"minimum": 10},
        "basics": {},
    }
    assert rows["dora"].installed_at == rows["dora"].updated_at == NOW
    assert str(rows["dora"]) == "DORA metrics"


def test_installing_again_keeps_what_was_set():
    install(definitions="dora", thresholds=2022, minimum=3, attribution_hours=0)
    before = settings(), documents()
    install(now=LATER)
    assert (settings(), documents()) == before
    row = InstalledPack.objects.get(name="dora")
    assert (row.installed_at, row.updated_at) == (NOW, LATER)
    install(minimum=4)
    assert settings() == before[0] | {"minimum": 4}
    assert official().exists()


def test_what_is_set_stands_in_the_history():
    install(minimum=10)
    install()
    install(minimum=20, thresholds=2024)
    changes = Change.objects.filter(kind="pack", identifier="dora").order_by("id")
    assert [(item.action, item.before, item.after) for item in changes] == [
        ("created", {}, DEFAULTS | {"minimum": 10}),
        (
            "updated",
            {"minimum": 10, "thresholds": None},
            {"minimum": 20, "thresholds": 2024},
        ),
    ]
    assert {item.actor for item in changes} == {"tester"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": 0, "thresholds": 2024},
        {"nope": 1},
        # Together with what was set before.
        {"measures": False},
    ],
)
def test_a_refused_setting_changes_nothing(wrong):
    install(definitions="dora")
    before = settings(), documents(), Change.objects.count()
    with pytest.raises(Invalid):
        install(**wrong)
    assert (settings(), documents(), Change.objects.count()) == before


def test_a_pack_whose_first_settings_are_refused_is_not_installed():
    with pytest.raises(Invalid):
        install(minimum=0)
    assert not InstalledPack.objects.exists()
    assert not Scorecard.objects.exists()


def test_levels_and_tiers_go_by_the_definitions_and_come_back():
    install()
    make_team("red")
    deploy(4, team="red")
    old = documents()
    before = levels_of(), levels_of("red", "team_")
    assert before[0] == ["Silver", "Basic", "Gold", "Basic"]
    tiers = [computed(key) for key in ("deploy_freq_tier", "cfr_tier")]
    assert tiers == ["High", "Elite"]

    install(definitions="dora", now=LATER)
    # 4 in 30 days are 0.93 a week; 4 deployments are too few for a rate.
    assert levels_of() == ["Bronze", "Basic", "Basic", "Basic"]
    assert levels_of("red", "team_") == ["Bronze", "Basic", "Basic", "Basic"]
    for name in ("web", "red"):
        assert computed("deploy_freq_tier", name) == "Medium"
        assert computed("cfr_tier", name) is None
    moved = LevelChange.objects.filter(entity__identifier="web", at=LATER)
    assert sorted(moved.values_list("scorecard__identifier", "from_level", "to_level")) == [
        ("dora_cfr", "Gold", "Basic"),
        ("dora_deploy_freq", "Silver", "Bronze"),
    ]

    install(definitions="four_keys")
    assert documents() == old
    assert (levels_of(), levels_of("red", "team_")) == before
    assert [computed(key) for key in ("deploy_freq_tier", "cfr_tier")] == tiers


def test_the_smallest_sample_decides_what_is_graded():
    install(definitions="dora")
    make_team("red")
    deploy(12, team="red")
    fail(4)
    assert levels_of()[2:] == ["Basic", "Basic"]
    assert computed("dora_recovery_time_note") == "Not enough data (4 of 5)"

    install(minimum=4)
    assert levels_of()[2:] == ["Basic", "Gold"]
    assert levels_of("red", "team_")[2:] == ["Basic", "Gold"]
    assert computed("dora_recovery_time_note") == "4 incidents of deployments"
    assert computed("mttr_tier") == "Elite"
    assert computed("cfr_tier") == "Low"

    install(minimum=13)
    assert levels_of()[2:] == ["Basic", "Basic"]
    assert computed("dora_change_failure_rate") is None


def test_rules_keep_their_place_and_history_when_the_definitions_change():
    install()
    before = dict(Rule.objects.values_list("identifier", "pk"))
    install(definitions="dora")
    assert dict(Rule.objects.values_list("identifier", "pk")) == before


def test_going_back_to_no_year_deletes_the_official_scorecards():
    install(thresholds=2024)
    deploy(4)
    assert level_of("dora_official_deployment_frequency") == "Medium"
    assert len(install(thresholds=None)) == 8
    assert not official().exists()
    deleted = Change.objects.filter(kind="scorecard", action="deleted")
    assert deleted.count() == 8


def test_where_no_year_was_set_official_scorecards_are_left_alone():
    install()
    make_scorecard("dora_official_lead_time", rules=[])
    install(thresholds=None)
    assert official().count() == 1


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [("nope", {}, "name"), ("dora", {"minimum": 0}, "settings"), ("basics", {"x": 1}, "settings")],
)
def test_a_row_that_cannot_be_is_refused(name, values, field):
    row = InstalledPack(name=name, settings=values, installed_at=NOW, updated_at=NOW)
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert list(caught.value.message_dict) == [field]


def recognise():
    """Do what the upgrade does to a catalog that has no rows yet."""
    InstalledPack.objects.all().delete()
    import_module("scorecards.migrations.0007_recognise_packs").recognise(apps, None)
    return {row.name: row.settings for row in InstalledPack.objects.all()}


@pytest.mark.parametrize(
    "given", [{}, {"thresholds": 2022}, {"thresholds": 2024}, {"measures": False}]
)
def test_a_pack_from_before_is_recognised_with_what_can_be_seen_of_it(given):
    install(**given)
    assert recognise() == {"dora": DEFAULTS | given}
    created = Scorecard.objects.get(identifier="dora_deploy_freq").created_at
    assert InstalledPack.objects.get().installed_at == created
    before = documents()
    install()
    assert documents() == before


def test_official_scorecards_with_other_titles_say_no_year():
    install(thresholds=2024)
    official().update(title="Ours")
    assert recognise() == {"dora": DEFAULTS}


def test_in_an_empty_catalog_nothing_is_recognised():
    assert recognise() == {}


def test_other_packs_are_recognised_too():
    install_pack(name="basics", by=TESTER, now=NOW)
    assert recognise() == {"basics": {}}


def run(*flags):
    out = StringIO()
    call_command("install_pack", "dora", *flags, stdout=out)
    return out.getvalue()


def test_the_command_sets_what_it_is_given_and_prints_what_holds():
    flags = "--definitions dora --thresholds 2024 --minimum 10 --attribution-hours 48"
    shown = "Settings: definitions dora, thresholds 2024, minimum 10, attribution_hours 48, "
    assert shown + "measures true.\n" in run(*flags.split())
    assert shown + "measures true.\n" in run()
    assert "definitions dora, thresholds none, minimum 10" in run("--thresholds", "none")
    assert not official().exists()
    assert "measures false" in run("--without-measures", "--definitions", "four_keys")
    assert "measures false" in run()
    assert "measures true" in run("--with-measures")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--minimum ten", "minimum: must be a whole number from 1 to 1000, not 'ten'"),
        ("--minimum 0", "minimum: must be a whole number from 1 to 1000, not '0'"),
        ("--definitions port", "definitions: must be one of four_keys, dora, not 'port'"),
        ("--attribution-hours 721", "attribution_hours: must be a whole number from 0 to 720"),
        ("--definitions dora --without-measures", "definitions: 'dora' reads DORA's own measures"),
    ],
)
def test_the_command_names_the_setting_that_cannot_be(flags, message):
    with pytest.raises(CommandError, match=message):
        run(*flags.split())
    assert not InstalledPack.objects.exists()


def test_the_command_has_no_settings_to_print_for_a_pack_without_any():
    out = StringIO()
    call_command("install_pack", "basics", stdout=out)
    assert out.getvalue() == "Installed basics: Engineering basics.\n"
