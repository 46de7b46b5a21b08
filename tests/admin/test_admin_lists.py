"""Every page of the admin answers, with as many queries however many rows there are."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_celery_results.models import TaskResult

from catalog.models import Change, Deleted, Entity, Retention
from catalog.operations import (
    EntityDraft,
    Leniency,
    delete_entities,
    save_blueprints,
    set_retention,
    upsert_entities,
)
from portal.integrations.credentials import create_credential
from portal.integrations.integrations import register_integration
from portal.integrations.models import ApiCredential, DataMigration, Integration
from portal.integrations.port.data_migrations import begin_deletion
from portal.integrations.reports import KindProgress, LogLine
from portal.integrations.telemetry import keep_logs, keep_progress
from portal.models import ApiToken
from scorecards.models import (
    Campaign,
    Evaluation,
    LevelChange,
    Outcome,
    OutcomeBatch,
    PastOutcome,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.operations import (
    OutcomeReport,
    document_of,
    report_outcomes,
    save_scorecard,
)
from tests.admin.builders import BY, NOW, SYSTEM, make_entities
from tests.builders import make_campaign

# The queries that a list may take: session, user, count, rows, and what its filters offer.
LISTS = {
    "catalog/blueprint": 5,
    "catalog/entity": 6,
    "catalog/entity/?blueprint=_team": 6,
    "catalog/entity/?q=name": 6,
    "catalog/change": 5,
    "catalog/deleted": 5,
    "catalog/deleted/?q=name": 5,
    "catalog/retention": 4,
    "scorecards/scorecard": 7,
    "scorecards/campaign": 6,
    "scorecards/rule": 8,
    "scorecards/rule/?q=covered": 8,
    "scorecards/evaluation": 8,
    "scorecards/evaluation/?q=name": 8,
    "scorecards/installedpack": 3,
    "scorecards/outcome": 6,
    "scorecards/outcome/?q=name": 6,
    "scorecards/outcomebatch": 5,
    "scorecards/pastoutcome": 6,
    "scorecards/pastoutcome/?q=name": 6,
    "scorecards/levelchange": 8,
    "scorecards/rulechange": 6,
    "integrations/integration": 5,
    "integrations/integration/?q=name": 5,
    "integrations/apicredential": 5,
    "integrations/datamigration": 5,
    "integrations/datamigration/?q=service": 5,
    "portal/user": 5,
    "portal/apitoken": 5,
    "django_celery_results/taskresult": 6,
}


def page_of(name: str) -> str:
    path, _, query = name.partition("/?")
    return f"/admin/{path}/" + (f"?{query}" if query else "")


def queries(admin: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert admin.get(page).status_code == 200
    return len(captured)


def grow_integration(name: str) -> None:
    """Add an exporter that has told about its work."""
    settings = {"app_type": "catalog", "config": {"resources": []}}
    row = register_integration(identifier=name, settings=settings, by=BY, now=NOW)
    keep_logs(integration=row, lines=[LogLine(at=NOW, level="INFO", message="Fetched")])
    progress = [KindProgress(event="e", identifier=f"kind-{name}", state="completed")]
    keep_progress(integration=row, kinds=progress, now=NOW)


def grow(scorecard: Scorecard, *, start: int, count: int) -> None:
    """Add rows of every kind."""
    names = [f"name-{number}" for number in range(start, start + count)]
    service = Entity.objects.filter(blueprint__identifier="service")[0].blueprint
    drafts = [
        EntityDraft(
            identifier=name,
            properties={"tier": "one", "coverage": 60},
            relations={"system": "billing", "uses": ["low", "high"]},
            team=["red", "blue"],
        )
        for name in names
    ]
    made = upsert_entities(blueprint=service, drafts=drafts, by=BY, now=NOW).entities
    make_entities("_team", *(f"team-{name}" for name in names))
    definition = document_of(scorecard)
    for number, name in enumerate(names[:8]):
        rule = {**definition["rules"][0], "identifier": name, "owner": f"team-{name}"}
        save_scorecard(
            definition={**definition, "identifier": f"card-{name}", "rules": [rule]}, by=BY, now=NOW
        )
        make_campaign(name, rules=[f"card-{name}/{name}"], owner=f"team-{name}")
        user = get_user_model().objects.create_user(username=name, email=f"{name}@example.org")
        ApiToken.objects.create(user=user, expiry=timedelta(days=1))
        create_credential(name=name, scope="read", by=BY, now=NOW)
        grow_integration(name)
        kind = {**SYSTEM, "identifier": f"kind-{name}"}
        (other,) = save_blueprints(definitions=[kind], by=BY, now=NOW)
        set_retention(blueprint=other, days=400, by=BY, now=NOW)
        begin_deletion(blueprint=service, deletes_blueprint=False, by=BY, now=NOW)
        TaskResult.objects.create(task_id=name, task_name=f"task-{number % 2}")
    gone = upsert_entities(
        blueprint=service, drafts=[EntityDraft(f"gone-{name}") for name in names],
        leniency=Leniency(may_lack_required=True), by=BY, now=NOW,
    ).entities  # fmt: skip
    delete_entities(entities=gone, by=BY, now=NOW)
    for entity in made:
        LevelChange.objects.create(
            entity=entity, scorecard=scorecard, from_level="Basic", to_level="Bronze",
            from_rank=0, to_rank=1, at=NOW,
        )  # fmt: skip
        RuleChange.objects.create(
            entity=entity, rule=scorecard.rules.all()[0], before="FAIL", after="PASS", at=NOW
        )
        said = {"entity": entity, "rule": scorecard.rules.all()[0], "state": "PASS"}
        Outcome.objects.create(**said, created_at=NOW, reported_at=NOW)
        PastOutcome.objects.create(**said, reported_at=NOW, ended_at=NOW)
        OutcomeBatch.objects.create(total=1, received_at=NOW, source="api")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_as_many_queries_however_long_it_is(
    admin: Client, scorecard: Scorecard, name: str
) -> None:
    grow(scorecard, start=0, count=2)
    before = queries(admin, page_of(name))
    grow(scorecard, start=2, count=20)
    after = queries(admin, page_of(name))
    assert before == after
    assert after <= LISTS[name]


def forms(scorecard: Scorecard) -> Iterator[str]:
    """Return the page of one object of each kind."""
    entity = Entity.objects.get(identifier="name-0")
    for path, pk in (
        ("catalog/blueprint", entity.blueprint_id),
        ("catalog/entity", entity.pk),
        ("catalog/change", Change.objects.latest("id").pk),
        ("catalog/deleted", Deleted.objects.latest("id").pk),
        ("catalog/retention", Retention.objects.latest("pk").pk),
        ("scorecards/scorecard", scorecard.pk),
        ("scorecards/campaign", Campaign.objects.latest("id").pk),
        ("scorecards/rule", Rule.objects.latest("id").pk),
        ("scorecards/evaluation", Evaluation.objects.get(entity=entity, scorecard=scorecard).pk),
        ("scorecards/outcome", Outcome.objects.latest("id").pk),
        ("scorecards/outcomebatch", OutcomeBatch.objects.latest("id").pk),
        ("scorecards/pastoutcome", PastOutcome.objects.latest("id").pk),
        ("scorecards/levelchange", LevelChange.objects.latest("id").pk),
        ("scorecards/rulechange", RuleChange.objects.latest("id").pk),
        ("scorecards/installedpack", "dora"),
        ("integrations/integration", Integration.objects.get(identifier="name-0").pk),
        ("integrations/apicredential", ApiCredential.objects.get(name="name-0").pk),
        ("integrations/datamigration", DataMigration.objects.latest("id").pk),
        ("portal/user", get_user_model().objects.get(username="name-0").pk),
        ("django_celery_results/taskresult", TaskResult.objects.latest("id").pk),
    ):
        yield f"/admin/{path}/{pk}/change/"


def test_every_form_answers(admin: Client, scorecard: Scorecard) -> None:
    grow(scorecard, start=0, count=2)
    for page in forms(scorecard):
        assert queries(admin, page) <= 14, page
    for page in (
        "catalog/blueprint",
        "catalog/retention",
        "scorecards/scorecard",
        "scorecards/campaign",
        "integrations/apicredential",
        "portal/user",
        "portal/apitoken",
    ):
        assert queries(admin, f"/admin/{page}/add/") <= 10, page
    assert queries(admin, "/admin/catalog/entity/add/?blueprint=service") <= 8
    assert queries(admin, "/admin/") <= 4


def test_a_scorecard_takes_as_many_queries_however_many_rules_it_has(
    admin: Client, scorecard: Scorecard
) -> None:
    page = f"/admin/scorecards/scorecard/{scorecard.pk}/change/"
    before = queries(admin, page)
    definition = document_of(scorecard)
    rule = {**definition["rules"][0], "owner": "red"}
    rules = [{**rule, "identifier": f"rule-{number}"} for number in range(20)]
    save_scorecard(definition={**definition, "rules": rules}, by=BY, now=NOW)
    assert queries(admin, page) == before


def test_an_entity_takes_as_many_queries_however_much_it_points_at(
    admin: Client, scorecard: Scorecard
) -> None:
    grow(scorecard, start=0, count=20)
    entity = Entity.objects.get(identifier="low")
    page = f"/admin/catalog/entity/{entity.pk}/change/"
    before = queries(admin, page)
    draft = EntityDraft(
        identifier="low", relations={"uses": [f"name-{number}" for number in range(20)]}
    )
    upsert_entities(blueprint=entity.blueprint, drafts=[draft], by=BY, now=NOW)
    assert queries(admin, page) == before


READ_ONLY = (
    "catalog/change",
    "catalog/deleted",
    "scorecards/rule",
    "scorecards/evaluation",
    "scorecards/outcomebatch",
    "scorecards/pastoutcome",
    "scorecards/levelchange",
    "scorecards/rulechange",
    "django_celery_results/taskresult",
)


@pytest.mark.parametrize("path", READ_ONLY)
def test_history_and_results_are_never_edited(
    admin: Client, scorecard: Scorecard, path: str
) -> None:
    grow(scorecard, start=0, count=1)
    page = next(page for page in forms(scorecard) if page.startswith(f"/admin/{path}/"))
    delete = page.removesuffix("change/") + "delete/"
    assert admin.post(page, {"identifier": "edited"}).status_code == 403
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    assert admin.post(f"/admin/{path}/add/", {}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}
    admin.post(f"/admin/{path}/", bulk)
    assert admin.get(page).status_code == 200


def test_an_evaluation_shows_what_each_rule_found_and_wanted(
    admin: Client, scorecard: Scorecard
) -> None:
    evaluation = Evaluation.objects.get(entity__identifier="middle")
    page = admin.get(f"/admin/scorecards/evaluation/{evaluation.pk}/change/").content.decode()
    words = " ".join(page.split())
    assert words.count("Coverage: 60") == 2
    assert "at least 50" in words
    assert "at least 80" in words
    assert words.count('tm-status-pass">PASS') == 1
    assert words.count('tm-status-fail">FAIL') == 1


def test_an_evaluation_shows_what_was_reported(admin: Client, scorecard: Scorecard) -> None:
    definition = document_of(scorecard)
    definition["rules"][0]["query"] = None
    saved = save_scorecard(definition=definition, by=BY, now=NOW)
    reports = [OutcomeReport("covered", "service", "middle", "fail", "<b>2 lines</b>")]
    report_outcomes(scorecard=saved, reports=reports, by=BY, now=NOW)
    shown = {}
    for name in ("middle", "high"):
        evaluation = Evaluation.objects.get(entity__identifier=name)
        page = admin.get(f"/admin/scorecards/evaluation/{evaluation.pk}/change/").content.decode()
        shown[name] = " ".join(page.split())
    assert "Reported: FAIL: &lt;b&gt;2 lines&lt;/b&gt;" in shown["middle"]
    assert "Reported: nothing yet" in shown["high"]
    assert all("Reported over the API" in page for page in shown.values())


def test_the_history_link_leads_to_the_changes_of_the_object(
    admin: Client, scorecard: Scorecard
) -> None:
    entity = Entity.objects.get(identifier="middle")
    page = admin.get(f"/admin/catalog/entity/{entity.pk}/history/", follow=True)
    assert page.status_code == 200
    (change,) = page.context["cl"].result_list
    assert (change.identifier, change.action) == ("middle", "created")


def test_the_palette_finds_entities(admin: Client, scorecard: Scorecard) -> None:
    page = admin.get("/admin/search/?s=middle&extended=1").content.decode()
    assert "Middle (middle)" in page


def test_members_without_staff_rights_stay_outside(scorecard: Scorecard) -> None:
    user = get_user_model().objects.create_user(username="ann", email="ann@example.org")
    client = Client()
    client.force_login(user)
    page = f"/admin/scorecards/scorecard/{scorecard.pk}/change/"
    assert client.get(page).status_code == 403
    assert client.post(page, {"title": "x"}).status_code == 403
    assert client.get("/admin/catalog/entity/choices/service/").status_code == 403


def test_staff_edit_the_catalog_but_not_who_comes_in(scorecard: Scorecard) -> None:
    user = get_user_model().objects.create_user(
        username="ann", email="ann@example.org", is_staff=True
    )
    client = Client()
    client.force_login(user)
    assert client.get("/admin/catalog/entity/").status_code == 200
    assert client.get(f"/admin/scorecards/scorecard/{scorecard.pk}/change/").status_code == 200
    assert client.get("/admin/portal/user/").status_code == 403
    assert client.get("/admin/portal/apitoken/").status_code == 403
    assert client.get("/admin/integrations/integration/").status_code == 200
    assert client.get("/admin/integrations/apicredential/").status_code == 403


def test_nothing_is_registered_that_has_no_place_here() -> None:
    assert sorted(model._meta.label for model in django_admin.site._registry) == [
        "catalog.Blueprint",
        "catalog.Change",
        "catalog.Deleted",
        "catalog.Entity",
        "catalog.Retention",
        "dashboards.TableView",
        "django_celery_results.TaskResult",
        "integrations.AiActivity",
        "integrations.Alert",
        "integrations.ApiCredential",
        "integrations.Channel",
        "integrations.DataMigration",
        "integrations.Delivery",
        "integrations.Integration",
        "integrations.Reminder",
        "integrations.Report",
        "integrations.Webhook",
        "integrations.WebhookEvent",
        "portal.ApiToken",
        "portal.User",
        "scorecards.Campaign",
        "scorecards.Evaluation",
        "scorecards.Exemption",
        "scorecards.InstalledPack",
        "scorecards.LevelChange",
        "scorecards.Outcome",
        "scorecards.OutcomeBatch",
        "scorecards.PastOutcome",
        "scorecards.Rule",
        "scorecards.RuleChange",
        "scorecards.Scorecard",
    ]
