"""Who is let into the admin, and what they find and may do there."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, set_permissions, upsert_entity
from portal.models import ApiToken, User
from scorecards.models import Exemption, Rule, Scorecard
from scorecards.operations import exempt, save_scorecard
from tests.admin.builders import BY, NOW, SCORECARD, make_entities
from tests.admin.pages import errors_of, fields_of
from tests.builders import make_user

ENTITIES = "/admin/catalog/entity/"
SCORECARDS = "/admin/scorecards/scorecard/"
EXEMPTIONS = "/admin/scorecards/exemption/"


def person(name: str, *, team: str = "", moderates: str = "", **parts: Any) -> Client:
    """Return the client of somebody in a team, or who moderates a blueprint."""
    user = make_user(name, **parts)
    draft = EntityDraft(
        identifier=user.email,
        team=[team] if team else [],
        properties={"moderated_blueprints": [moderates]} if moderates else {},
    )
    upsert_entity(blueprint=Blueprint.objects.get(identifier="_user"), draft=draft, by=BY, now=NOW)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owned(entities: dict[str, Entity]) -> Entity:
    """Return the service that red owns."""
    draft = EntityDraft(identifier="low", team=["red"])
    return upsert_entity(blueprint=entities["low"].blueprint, draft=draft, by=BY, now=NOW)


def page(entity: Entity) -> str:
    return f"{ENTITIES}{entity.pk}/change/"


def hide(blueprint: str) -> None:
    """Let only admins read a blueprint."""
    set_permissions(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        change={"entities": {"read": {"roles": ["Admin"]}}},
        by=BY,
        now=NOW,
    )


def test_viewers_and_people_without_a_team_do_not_come_in(service: Blueprint) -> None:
    for client in (person("ann"), person("vera", team="red", role="viewer")):
        for address in ("/admin/", ENTITIES, "/admin/login/", "/admin/search/?s=a"):
            answer = client.get(address)
            assert answer.status_code == 403, address
            assert "This is not open to you" in answer.content.decode()


def test_the_public_is_led_to_the_login(service: Blueprint) -> None:
    answer = Client().get("/admin/login/?next=/admin/catalog/entity/")
    assert answer["Location"] == "/login/?next=%2Fadmin%2Fcatalog%2Fentity%2F"
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/")


def test_a_superuser_who_is_no_staff_manages_nobody(service: Blueprint) -> None:
    client = person("sue", team="red", is_superuser=True)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/portal/user/").status_code == 403


def test_a_member_finds_entities_and_nothing_else(scorecard: Scorecard) -> None:
    html = person("ann", team="red").get("/admin/").content.decode()
    assert ENTITIES in html
    for other in (SCORECARDS, EXEMPTIONS, "/admin/catalog/blueprint/", "/admin/catalog/change/"):
        assert other not in html


def test_a_member_edits_what_their_team_owns(owned: Entity) -> None:
    client = person("ann", team="red")
    assert client.post(page(owned), {**fields_of(client.get(page(owned))), "title": "Mine"})
    owned.refresh_from_db()
    assert owned.title == "Mine"
    assert Change.objects.filter(kind="entity").latest("id").actor == "ann"


def test_a_member_only_looks_at_what_another_team_owns(owned: Entity) -> None:
    client = person("bo", team="blue")
    shown = client.get(page(owned))
    assert shown.status_code == 200
    assert 'name="title"' not in shown.content.decode()
    assert '<th scope="row">Coverage</th><td>40</td>' in shown.content.decode()
    assert client.post(page(owned), {"title": "Taken"}).status_code == 403
    assert client.post(f"{ENTITIES}{owned.pk}/delete/", {"post": "yes"}).status_code == 403
    owned.refresh_from_db()
    assert owned.title == "Low"


def test_what_is_given_away_is_refused_and_the_form_says_why(owned: Entity) -> None:
    client = person("ann", team="red")
    data = {**fields_of(client.get(page(owned))), "team": ["blue"]}
    (said,) = errors_of(client.post(page(owned), data))[""]
    assert said.startswith("you may not change 'low'; admins and moderators of 'service' may")


def test_a_member_registers_for_their_team(service: Blueprint) -> None:
    client = person("ann", team="red")
    offered = client.get(f"{ENTITIES}add/").context["blueprints"]
    assert [row.identifier for row in offered] == ["service"]
    address = f"{ENTITIES}add/?blueprint=service"
    data = {**fields_of(client.get(address)), "identifier": "fresh", "properties.tier": '"one"'}
    assert data["team"] == ["red"]
    assert client.post(address, data).status_code == 302, errors_of(client.post(address, data))
    assert Entity.objects.get(identifier="fresh").team == ["red"]
    assert client.get(f"{ENTITIES}add/?blueprint=system").status_code == 403


def test_only_the_parts_that_a_policy_opens_are_open(owned: Entity) -> None:
    leaf = {"teams": ["blue"]}
    change = {"entities": {"updateProperties": {"coverage": leaf}}}
    set_permissions(blueprint=owned.blueprint, change=change, by=BY, now=NOW)
    client = person("bo", team="blue")
    assert list(fields_of(client.get(page(owned)))) == ["properties.coverage"]
    sent = {"title": "Taken", "properties.coverage": "55"}
    assert client.post(page(owned), sent).status_code == 302
    owned.refresh_from_db()
    assert (owned.title, owned.properties["coverage"]) == ("Low", 55)


def test_what_may_not_be_read_is_nowhere(owned: Entity, admin: Client) -> None:
    hide("system")
    client = person("ann", team="red")
    secret = Entity.objects.get(identifier="billing")
    assert "billing" not in client.get(ENTITIES).content.decode().lower()
    assert client.get(page(secret)).status_code == 302
    assert client.get(f"{ENTITIES}choices/system/").status_code == 404
    assert "Billing" not in client.get("/admin/search/?s=billing&extended=1").content.decode()
    assert "relations.system" not in fields_of(client.get(page(owned)))
    assert "Billing" in admin.get("/admin/search/?s=billing&extended=1").content.decode()


def test_a_moderator_deletes_and_edits_what_nobody_owns(entities: dict[str, Entity]) -> None:
    client = person("mona", moderates="service")
    assert 'name="title"' in client.get(page(entities["high"])).content.decode()
    client.post(f"{ENTITIES}{entities['high'].pk}/delete/", {"post": "yes"})
    assert not Entity.objects.filter(identifier="high").exists()
    system = Entity.objects.get(identifier="billing")
    assert 'name="title"' not in client.get(page(system)).content.decode()
    data = {"action": "delete_selected", "_selected_action": [system.pk], "post": "yes"}
    assert "you may not delete" in client.post(ENTITIES, data, follow=True).content.decode()
    assert Entity.objects.filter(identifier="billing").exists()


def test_a_moderator_edits_the_scorecards_of_what_they_moderate(scorecard: Scorecard) -> None:
    both = {**SCORECARD, "identifier": "both", "title": "Both", "blueprints": ["service", "system"]}
    other = save_scorecard(definition=both, by=BY, now=NOW)
    client = person("mona", moderates="service")
    html = client.get(SCORECARDS).content.decode()
    assert "Quality" in html
    assert "Both" not in html
    assert client.get(f"{SCORECARDS}{other.pk}/change/").status_code == 302
    address = f"{SCORECARDS}{scorecard.pk}/change/"
    form = client.get(address)
    choices = form.context["adminform"].form.fields["blueprints"].queryset
    assert [row.identifier for row in choices] == ["service"]
    assert client.post(address, {**fields_of(form), "title": "Better"}).status_code == 302
    scorecard.refresh_from_db()
    assert scorecard.title == "Better"
    assert client.get("/admin/scorecards/rule/").status_code == 200
    assert client.get("/admin/catalog/blueprint/").status_code == 403


def exempted(scorecard: Scorecard, entity: Entity, **parts: Any) -> Exemption:
    rule = Rule.objects.get(scorecard=scorecard, identifier="covered")
    given = {"reason": "Known", "now": timezone.now(), **parts}
    return exempt(entity=entity, rule=rule, by=BY, **given)


def test_exemptions_are_listed_and_withdrawn(
    scorecard: Scorecard, entities: dict[str, Entity]
) -> None:
    soon = exempted(scorecard, entities["low"], expires_on=timezone.now().date())
    exempted(scorecard, entities["high"])
    client = person("mona", moderates="service")

    def found(query: str) -> list[str]:
        rows = client.get(f"{EXEMPTIONS}?{query}").context["cl"].queryset
        return sorted(row.entity.identifier for row in rows)

    assert found("") == found("state=live") == found("scorecard=quality") == ["high", "low"]
    assert found("state=soon") == ["low"]
    client.post(EXEMPTIONS, {"action": "withdraw", "_selected_action": [soon.pk]})
    assert found("state=ended") == ["low"]
    assert Exemption.objects.get(pk=soon.pk).ended_by == "mona"
    assert person("sid", moderates="system").get(EXEMPTIONS).context["cl"].result_count == 0
    assert person("ann", team="red").get(EXEMPTIONS).status_code == 403


def test_the_timeline_tells_of_exemptions(
    admin: Client, scorecard: Scorecard, entities: dict[str, Entity]
) -> None:
    exempted(scorecard, entities["low"], reason="Is being replaced")
    html = admin.get("/catalog/service/low/?tab=timeline&kind=exemptions").content.decode()
    assert "exempted this from" in html
    assert "Is being replaced" in html
    assert 'class="quiet" href="?tab=scorecards#rule-' in html


def test_who_may_do_what_is_said_on_the_form_of_a_blueprint(
    admin: Client, service: Blueprint
) -> None:
    address = f"/admin/catalog/blueprint/{service.pk}/change/"
    data = fields_of(admin.get(address))
    assert data["entities.register.roles"] == ["$moderators"]
    assert data["entities.register.ownedByTeam"] == "on"
    data |= {
        "entities.read.roles": [],
        "entities.read.teams": ["red"],
        "entities.update.users": "ann\nbo@example.org, ann",
        "entities.updateProperties": '{"tier": {"roles": ["Member"]}}',
    }
    assert admin.post(address, data).status_code == 302
    service.refresh_from_db()
    said = service.permissions["entities"]
    assert said["read"] == {"roles": ["Admin"], "teams": ["red"]}
    assert said["update"] == {"users": ["ann", "bo@example.org"]}
    assert said["updateProperties"] == {"tier": {"roles": ["Member"]}}
    assert "register" not in said
    again = fields_of(admin.get(address))
    again["entities.updateProperties"] = ""
    admin.post(address, again)
    service.refresh_from_db()
    assert not service.permissions["entities"]["updateProperties"]["tier"]["roles"]


def test_a_wrong_permission_is_told_at_its_field(admin: Client, service: Blueprint) -> None:
    address = f"/admin/catalog/blueprint/{service.pk}/change/"
    data = fields_of(admin.get(address))
    wrong = {**data, "entities.read.teams": ["nobody"]}
    assert errors_of(admin.post(address, wrong)) == {
        "entities.read.teams": ["There is no team 'nobody'; create it first."]
    }
    wrong = {**data, "entities.updateProperties": '{"tier": {"roles": "Member"}}'}
    assert list(errors_of(admin.post(address, wrong))) == ["entities.updateProperties"]
    service.refresh_from_db()
    assert service.permissions == {}


def test_a_user_page_shows_the_role_and_what_is_moderated(
    admin: Client, service: Blueprint
) -> None:
    person("mona", moderates="service", role="viewer")
    listed = admin.get("/admin/portal/user/").content.decode()
    assert "Viewer" in listed
    assert "Admin" in listed
    shown = admin.get(f"/admin/portal/user/{User.objects.get(username='mona').pk}/change/")
    assert fields_of(shown)["role"] == "viewer"
    assert 'service <a class="text-link"' in shown.content.decode()


def test_a_token_is_narrowed_by_role_and_blueprints(admin: Client, service: Blueprint) -> None:
    address = "/admin/portal/apitoken/"
    data = fields_of(admin.get(f"{address}add/"))
    admin.post(f"{address}add/", {**data, "role": "moderator", "blueprints": ["service"]})
    token = ApiToken.objects.get()
    assert (token.role, token.blueprints) == ("moderator", ["service"])
    html = admin.get(address).content.decode()
    assert "Moderator of its blueprints" in html


def test_a_credential_is_narrowed_and_the_audit_tells(admin: Client, service: Blueprint) -> None:
    address = "/admin/integrations/apicredential/add/"
    data = fields_of(admin.get(address))
    narrow = {"name": "ci", "role": "moderator", "blueprints": ["service"]}
    past = {"expires_at_0": "01/01/2020", "expires_at_1": "00:00"}
    assert errors_of(admin.post(address, {**data, **narrow, **past})) == {
        "expires_at": ["this moment has passed; choose a later one"]
    }
    admin.post(address, {**data, **narrow})
    assert Change.objects.get(kind="credential").after == {
        "name": "ci", "scope": "write", "role": "moderator", "blueprints": ["service"],
    }  # fmt: skip


@pytest.mark.parametrize("address", [ENTITIES, SCORECARDS, EXEMPTIONS, "/admin/"])
def test_a_moderator_costs_as_many_queries_however_much_there_is(
    scorecard: Scorecard, entities: dict[str, Entity], address: str
) -> None:
    client = person("mona", moderates="service")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    exempted(scorecard, entities["low"])
    before = queries()
    made = make_entities(
        "service", *(f"more-{n}" for n in range(9)), properties=[{"tier": "one"}] * 9
    )
    for number, entity in enumerate(made):
        save_scorecard(definition={**SCORECARD, "identifier": f"card-{number}"}, by=BY, now=NOW)
        exempted(scorecard, entity)
    assert queries() == before
    assert before <= 9
