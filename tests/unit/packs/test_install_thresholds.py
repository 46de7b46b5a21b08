"""Installing the pack `dora` with a year's thresholds, with another year's, and without."""

import pytest
from django.core.management import CommandError, call_command

from catalog import registry
from catalog.errors import Invalid, NotFound
from scorecards.models import Evaluation, Rule, Scorecard
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER, make_entity

pytestmark = pytest.mark.django_db


def install(**options):
    return install_pack(name="dora", by=TESTER, now=NOW, **options)


def official():
    return Scorecard.objects.filter(identifier__startswith="dora_official_")


def levels_of(identifier):
    return list(
        official()
        .get(identifier=identifier)
        .levels.order_by("rank")
        .values_list("title", flat=True)
    )


def deploy(count):
    make_entity("web")
    for number in range(count):
        properties = {
            "status": "success",
            "environment": "production",
            "deployed_at": f"2026-05-2{number}T12:00:00Z",
        }
        make_entity(
            f"web-{number}",
            blueprint="deployment",
            properties=properties,
            relations={"service": "web"},
        )


def level_of(identifier):
    row = Evaluation.objects.filter(scorecard__identifier=identifier, entity__identifier="web")
    return row.values_list("level__title", flat=True).first()


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
    install(with_measures=False)
    assert not [
        key
        for spec in registry.graph().specs.values()
        for key in spec.fact_keys
        if key.startswith("dora_")
    ]
    install()
    assert "dora_lead_time" in registry.graph().specs["service"].fact_keys


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("dora", {"thresholds": 2020}, NotFound, "no thresholds of 2020. There are: 2018"),
        ("basics", {"thresholds": 2024}, Invalid, "'basics' has none"),
        ("dora", {"thresholds": 2024, "with_measures": False}, Invalid, "cannot be left out"),
    ],
)
def test_thresholds_that_grade_nothing_are_refused(name, options, error, message):
    with pytest.raises(error, match=message):
        install_pack(name=name, by=TESTER, now=NOW, **options)
    assert not Scorecard.objects.exists()


def test_the_command_takes_a_year_and_lists_the_years(capsys):
    call_command("install_pack", "dora", "--thresholds", "2022")
    assert "DORA 2022: lead time for changes" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("install_pack", "--help")
    assert "2018, 2019, 2021, 2022, 2023, 2024" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(CommandError, match="no thresholds of 2017"):
        call_command("install_pack", "dora", "--thresholds", "2017")
    with pytest.raises(CommandError, match="cannot be left out"):
        call_command("install_pack", "dora", "--thresholds", "2022", "--without-measures")
