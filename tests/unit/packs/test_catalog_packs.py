"""Packs that grade the whole catalog: what passes, fails and is skipped, and why."""

import pytest

from catalog import registry
from catalog.models import Blueprint, Entity
from catalog.operations import save_blueprint
from catalog.registry import document_of
from scorecards.models import Evaluation, RuleChange, Scorecard
from scorecards.operations import install_pack
from scorecards.packs import load_pack
from scorecards.results import panels_for
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db

NAMES = ("production_readiness", "observability", "ownership")
PASS, FAIL, SKIP = RuleChange.Result


def install(*names: str) -> None:
    for name in names or NAMES:
        install_pack(name=name, by=TESTER, now=NOW)


def results(entity: Entity) -> dict[str, str]:
    """Return the result of each rule, by identifier."""
    entity = Entity.objects.select_related("blueprint").get(pk=entity.pk)
    panels = panels_for(entity, now=NOW)
    return {item.rule.identifier: item.status for panel in panels for item in panel.rules}


def reasons(entity: Entity) -> dict[str, str]:
    """Return why rules are skipped, by identifier."""
    entity = Entity.objects.select_related("blueprint").get(pk=entity.pk)
    titles = registry.graph().specs[entity.blueprint.identifier].fact_keys
    panels = panels_for(entity, now=NOW, titles=titles)
    found = [item for panel in panels for item in panel.rules]
    return {item.rule.identifier: item.skip_reason for item in found if item.is_skipped}


def deploy(service: str, at: str, **properties: object) -> None:
    make_entity(
        f"{service}-{at}",
        blueprint="deployment",
        properties={
            "deployed_at": f"{at}T12:00:00Z",
            "status": "success",
            "environment": "production",
            **properties,
        },
        relations={"service": service},
    )


def test_all_ten_rules_are_there_each_with_why_and_how_to_fix():
    rules = [
        (name, rule)
        for name in NAMES
        for scorecard in load_pack(name).scorecards
        for rule in scorecard["rules"]
    ]
    assert [(name, rule["identifier"]) for name, rule in rules] == [
        ("production_readiness", "deployed_lately"),
        ("production_readiness", "has_on_call"),
        ("production_readiness", "has_monitors"),
        ("production_readiness", "has_slos"),
        ("observability", "tracks_deployments"),
        ("observability", "correlates_logs"),
        ("ownership", "has_team"),
        ("ownership", "has_contacts"),
        ("ownership", "has_repository"),
        ("ownership", "has_documentation"),
    ]
    assert all(rule["description"] and rule["how_to_fix"] and rule["evidence"] for _, rule in rules)


@pytest.mark.parametrize(
    ("properties", "rule", "expected"),
    [
        ({}, "has_slos", SKIP),
        ({"slo_count": 0}, "has_slos", FAIL),
        ({"slo_count": 1}, "has_slos", PASS),
        ({}, "has_monitors", SKIP),
        ({"monitor_count": 0}, "has_monitors", FAIL),
        ({"monitor_count": 2}, "has_monitors", PASS),
        ({}, "has_on_call", SKIP),
        ({"on_call": ""}, "has_on_call", FAIL),
        ({"on_call": "https://rota.example/7"}, "has_on_call", PASS),
        ({}, "deployed_lately", SKIP),
        ({"last_deployed_at": "2026-03-04T12:00:00Z"}, "deployed_lately", PASS),
        ({"last_deployed_at": "2026-03-02T12:00:00Z"}, "deployed_lately", FAIL),
        ({}, "tracks_deployments", SKIP),
        ({"reports_versions": False}, "tracks_deployments", FAIL),
        ({"reports_versions": True}, "tracks_deployments", PASS),
        ({}, "correlates_logs", SKIP),
        ({"correlates_logs": False}, "correlates_logs", FAIL),
        ({"correlates_logs": True}, "correlates_logs", PASS),
        ({}, "has_team", FAIL),
        ({}, "has_contacts", SKIP),
        ({"contacts": []}, "has_contacts", FAIL),
        ({"contacts": [{"type": "slack", "contact": "#web"}]}, "has_contacts", PASS),
        ({}, "has_repository", SKIP),
        ({"links": []}, "has_repository", FAIL),
        ({"links": [{"type": "doc", "url": "https://a.example"}]}, "has_repository", FAIL),
        ({"links": [{"type": "repo", "url": "https://a.example"}]}, "has_repository", PASS),
        ({"url": "https://a.example"}, "has_repository", PASS),
        ({"url": "https://a.example", "links": []}, "has_repository", PASS),
        ({}, "has_documentation", SKIP),
        ({"links": []}, "has_documentation", FAIL),
        ({"links": [{"type": "doc", "url": "https://a.example"}]}, "has_documentation", PASS),
    ],
)
def test_a_rule_passes_fails_or_has_nothing_to_go_by(properties, rule, expected):
    install()
    assert results(make_entity("web", properties=properties))[rule] == expected


def test_an_owner_passes_the_rule_of_owners():
    install("ownership")
    make_team("red")
    assert results(make_entity("web", team="red"))["has_team"] == PASS


def test_files_that_the_basics_know_of_are_documentation():
    install("basics", "ownership")
    for number, (properties, expected) in enumerate(
        [({"docs_files": 3}, PASS), ({"readme": "README.md"}, PASS), ({"docs_files": 0}, FAIL)]
    ):
        entity = make_entity(f"web-{number}", properties=properties)
        assert results(entity)["has_documentation"] == expected


@pytest.mark.parametrize(
    "order", [("dora", *NAMES), (*NAMES, "dora"), ("observability", "dora", "production_readiness")]
)
def test_deployments_are_evidence_in_whatever_order_packs_are_installed(order):
    install(*order)
    make_entity("web")
    make_entity("old")
    make_entity("new")
    deploy("web", "2026-05-20", version="1.1")
    deploy("old", "2026-01-20", version="1.0")
    deploy("new", "2026-05-20")
    found = {name: results(Entity.objects.get(identifier=name)) for name in ("web", "old", "new")}
    assert {
        name: (item["deployed_lately"], item["tracks_deployments"]) for name, item in found.items()
    } == {"web": (PASS, PASS), "old": (FAIL, SKIP), "new": (PASS, FAIL)}


def test_whoever_has_what_a_rule_needs_is_graded_by_it_and_events_are_not():
    make_blueprint("cluster", schema={"properties": {}}, ownership={"type": "Direct"})
    install("dora", *NAMES)
    make_entity("web")
    deploy("web", "2026-05-20")
    found = results(
        make_entity(
            "eu-1",
            blueprint="cluster",
            properties={"slo_count": 0, "links": [{"type": "repo", "url": "https://a.example"}]},
        )
    )
    assert (found["has_slos"], found["has_repository"], found["has_monitors"]) == (FAIL, PASS, SKIP)
    graded = Evaluation.objects.filter(scorecard__identifier__in=NAMES)
    kinds = graded.values_list("entity__blueprint__identifier", flat=True)
    assert set(kinds) == {"service", "cluster"}


def test_a_blueprint_that_comes_later_with_links_is_computed_like_the_others():
    install("ownership")
    make_blueprint("queue", schema={"properties": {"links": {"type": "array"}}}, ownership=None)
    links = [{"type": "repo", "url": "https://a.example"}]
    queue = make_entity("jobs", blueprint="queue", properties={"links": links})
    assert results(queue) == {
        "has_team": SKIP,
        "has_contacts": SKIP,
        "has_repository": PASS,
        "has_documentation": FAIL,
    }
    assert reasons(queue) == {
        "has_team": "Nobody can own it: its blueprint has no ownership.",
        "has_contacts": "Nothing can be known of Contacts: its blueprint has no such property.",
    }


def test_a_blueprint_that_describes_nothing_is_not_given_anything():
    install()
    make_blueprint("queue", schema={"properties": {"depth": {"type": "number"}}})
    stored = Blueprint.objects.get(identifier="queue")
    assert list(stored.schema["properties"]) == ["depth"]
    assert stored.calculation_properties == {}


def test_what_people_mean_by_a_name_stays():
    properties = {
        "links": {"type": "string", "title": "Ours"},
        "slo_count": {"type": "number", "title": "Goals"},
        "doc_links": {"type": "string"},
    }
    make_blueprint("service", schema={"properties": properties, "required": []})
    install()
    stored = document_of(Blueprint.objects.get(identifier="service"))
    assert {key: stored["schema"]["properties"][key] for key in properties} == properties
    assert set(stored["calculation_properties"]) == {"repositories"}
    found = results(make_entity("web", properties={"links": "none", "url": "https://a.example"}))
    assert found["has_repository"] == PASS
    assert Entity.objects.get(identifier="web").problems == []


def test_links_that_are_no_links_do_no_harm():
    install()
    links = [{"type": "repo"}, {"type": ["repo"], "url": "https://a.example"}, {}]
    web = make_entity("web", properties={"links": links})
    assert results(web)["has_repository"] == FAIL
    assert Entity.objects.get(identifier="web").problems == []


def test_a_skipped_rule_says_what_is_not_known():
    install("dora", *NAMES)
    web = make_entity("web")
    assert reasons(web) == {
        "deployed_lately": "There is nothing to judge by yet: Last deployed empty, "
        "Production deployments 0.",
        "has_on_call": "Nothing is known of On-call yet: the property is empty.",
        "has_monitors": "Nothing is known of Monitors yet: the property is empty.",
        "has_slos": "Nothing is known of SLOs yet: the property is empty.",
        "tracks_deployments": "There is nothing to judge by yet: Reports its version empty, "
        "Deployments, 90 days 0.",
        "correlates_logs": "Nothing is known of Correlates logs yet: the property is empty.",
        "has_contacts": "Nothing is known of Contacts yet: the property is empty.",
        "has_repository": "Nothing is known of Repositories yet: the property is empty.",
        "has_documentation": "Nothing is known of Documentation links, docs files or readme yet: "
        "the properties are empty.",
    }


def test_an_entity_of_which_nothing_is_known_holds_no_level():
    install("production_readiness")
    make_entity("web")
    (row,) = Evaluation.objects.filter(scorecard__identifier="production_readiness")
    assert row.level.title == "No level"


def test_installing_again_changes_nothing():
    install("dora", "basics", *NAMES)

    def stored():
        blueprints = [document_of(row) for row in Blueprint.objects.order_by("identifier")]
        versions = list(Scorecard.objects.order_by("id").values_list("identifier", "version"))
        return blueprints, versions

    before = stored()
    install("dora", "basics", *NAMES)
    assert stored() == before


def test_what_is_computed_of_deployments_can_be_taken_away_again():
    install("dora", "production_readiness")
    service = document_of(Blueprint.objects.get(identifier="service"))
    service |= {"aggregation_properties": {}, "calculation_properties": {}}
    save_blueprint(definition=service, by=TESTER, now=NOW)
    assert Blueprint.objects.get(identifier="service").aggregation_properties == {}
