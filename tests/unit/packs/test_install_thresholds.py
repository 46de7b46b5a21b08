"""Installing the pack `dora` with a year's thresholds, with another year's, and without."""

import pytest
from django.core.management import CommandError, call_command

from catalog import registry
from catalog.errors import Invalid
from scorecards.models import Rule, Scorecard
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER
from tests.unit.packs.delivery import deploy, install, level_of

pytestmark = pytest.mark.django_db


def official():
    return Scorecard.objects.filter(identifier__startswith="dora_official_")


def levels_of(identifier):
    return list(
        official()
        .get(identifier=identifier)
        .levels.order_by("rank")
        .values_list("title", flat=True)
    )


def test_without_a_year_no_official_scorecard_is_installed():
    assert len(install()) == 8
    assert not official().exists()


def test_a_year_brings_a_scorecard_for_each_metric_of_services_and_teams():
    assert len(install(thresholds=2024)) == 16
    assert official().count() == 8
    assert levels_of("dora_official_lead_time") == ["Low", "Medium", "High", "Elite"]


def test_another_year_takes_the_place_of_the_first_and_the_first_can_come_back():
    install(thresholds=2024)
    deploy(4)
    assert level_of("dora_official_deployment_frequency") == "Medium"
    install(thresholds=2022)
    assert official().count() == 8
    assert levels_of("dora_official_team_recovery_time") == ["Low", "Medium", "High"]
    assert not Rule.objects.filter(identifier__endswith="_elite", title__contains="2024").exists()
    install(thresholds=2021)
    assert level_of("dora_official_deployment_frequency") == "High"
    install(thresholds=2024)
    assert levels_of("dora_official_team_recovery_time") == ["Low", "Medium", "High", "Elite"]
    assert level_of("dora_official_deployment_frequency") == "Medium"


def test_without_enough_data_a_service_has_no_official_level():
    install(thresholds=2024)
    deploy(4)
    assert level_of("dora_official_change_failure_rate") is None
    assert level_of("dora_official_lead_time") is None


def test_installing_again_without_a_year_leaves_the_official_scorecards_alone():
    install(thresholds=2023)
    before = dict(official().values_list("identifier", "version"))
    install()
    assert dict(official().values_list("identifier", "version")) == before


def test_the_four_keys_are_graded_the_same_with_and_without_official_thresholds():
    install()
    deploy(4)
    keys = ("dora_deploy_freq", "dora_lead_time", "dora_cfr", "dora_mttr")
    before = [level_of(key) for key in keys]
    install(thresholds=2024)
    assert [level_of(key) for key in keys] == before == ["Silver", "Basic", "Gold", "Basic"]


def test_measures_can_be_left_out_and_come_later():
    install(measures=False)
    assert not [
        key
        for spec in registry.graph().specs.values()
        for key in spec.fact_keys
        if key.startswith("dora_")
    ]
    install(measures=True)
    assert "dora_lead_time" in registry.graph().specs["service"].fact_keys


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("dora", {"thresholds": 2020}, "thresholds: must be one of none, 2018, 2019, 2021"),
        ("basics", {"thresholds": 2024}, "'basics' has no settings"),
        ("dora", {"thresholds": 2024, "measures": False}, "cannot be left out"),
    ],
)
def test_thresholds_that_grade_nothing_are_refused(name, settings, message):
    with pytest.raises(Invalid, match=message):
        install_pack(name=name, by=TESTER, now=NOW, settings=settings)
    assert not Scorecard.objects.exists()


def test_the_command_takes_a_year_and_lists_the_years(capsys):
    call_command("install_pack", "dora", "--thresholds", "2022")
    assert "DORA 2022: lead time for changes" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("install_pack", "--help")
    assert "2018, 2019, 2021, 2022, 2023, 2024" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(CommandError, match="thresholds: must be one of none, 2018.* not '2017'"):
        call_command("install_pack", "dora", "--thresholds", "2017")
    with pytest.raises(CommandError, match="cannot be left out"):
        call_command("install_pack", "dora", "--thresholds", "2022", "--without-measures")
