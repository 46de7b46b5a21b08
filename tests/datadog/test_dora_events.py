"""Deployments and failures that are sent become entities, and read back as they were sent."""

from datetime import timedelta

import pytest

from catalog.models import Change, Entity
from scorecards.models import InstalledPack, Scorecard
from tests.builders import make_blueprint, make_entity, make_team
from tests.datadog.clients import DatadogClient
from tests.datadog.delivery_events import (
    DAY,
    REPOSITORY,
    SHA,
    deployment,
    entity,
    failure,
    found,
    seconds,
    send_deployment,
    send_failure,
)

STARTED = DAY.isoformat().replace("+00:00", "Z")
FINISHED = (DAY + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
OWN_ID = "release-0123456789"


def test_moments_come_in_seconds_milliseconds_or_nanoseconds(datadog: DatadogClient) -> None:
    for factor in (1, 10**3, 10**9):
        id_ = send_deployment(
            datadog,
            started_at=seconds(DAY) * factor,
            finished_at=(seconds(DAY) + 600) * factor,
            version=str(factor),
        )
        attributes = datadog.get(f"/api/v2/dora/deployments/{id_}").json()["data"]["attributes"]
        assert attributes["version"] == str(factor)
        assert (attributes["started_at"], attributes["finished_at"]) == (STARTED, FINISHED)


def test_a_deployment_reads_back_as_it_was_sent(datadog: DatadogClient) -> None:
    sent = deployment(
        id=OWN_ID,
        version="v1.12.07",
        team="backend",
        custom_tags=["language:java", "region:eu"],
        git={"commit_sha": SHA, "repository_url": REPOSITORY},
    )
    answer = datadog.post("/api/v2/dora/deployment", sent)
    assert answer.json() == {"data": {"id": OWN_ID, "type": "dora_deployment"}}
    assert datadog.get(f"/api/v2/dora/deployments/{OWN_ID}").json() == {
        "data": {
            "id": OWN_ID,
            "type": "dora_deployment",
            "attributes": {
                "service": "shopist",
                "started_at": STARTED,
                "finished_at": FINISHED,
                "env": "production",
                "version": "v1.12.07",
                "team": "backend",
                "custom_tags": ["language:java", "region:eu"],
                "git": {"commit_sha": SHA, "repository_id": "github.com/shop/front"},
            },
        }
    }


def test_a_deployment_becomes_an_entity_of_the_pack(datadog: DatadogClient) -> None:
    stored = entity(send_deployment(datadog, env="prod-eu", version="2"))
    assert stored.properties == {
        "started_at": STARTED,
        "deployed_at": FINISHED,
        "env": "prod-eu",
        "environment": "production",
        "version": "2",
        "status": "success",
    }
    assert (stored.title, stored.fact("relation#service")) == ("shopist 2", "shopist")
    assert Change.objects.filter(kind="entity", identifier=stored.identifier).count() == 1


def test_the_pack_is_installed_where_it_is_missing(datadog: DatadogClient) -> None:
    assert not InstalledPack.objects.exists()
    send_deployment(datadog)
    assert InstalledPack.objects.get().name == "dora"
    assert Change.objects.filter(kind="pack", identifier="dora").count() == 1
    assert Scorecard.objects.filter(identifier="dora_cfr").exists()


def test_a_blueprint_of_ones_own_is_extended(datadog: DatadogClient) -> None:
    make_blueprint("deployment", title="Rollout", ownership=None)
    make_entity("old", blueprint="deployment", properties={"tier": 1})
    id_ = send_deployment(datadog)
    stored = entity("old")
    assert (stored.blueprint.title, stored.properties) == ("Rollout", {"tier": 1})
    assert found(datadog, "deployments") == [id_]


def test_a_service_that_nobody_knows_is_made(datadog: DatadogClient) -> None:
    send_deployment(datadog, service="shop front")
    assert Entity.objects.of("service").get().identifier == "shop_front"


def test_an_event_sent_again_changes_what_it_was(datadog: DatadogClient) -> None:
    for version in ("1", "2"):
        send_deployment(datadog, id=OWN_ID, version=version, team="core")
    send_deployment(datadog, id=OWN_ID)
    stored = Entity.objects.of("deployment").get()
    assert (stored.properties["version"], stored.properties["team"]) == ("2", "core")
    assert stored.title == "shopist 2"


def test_what_somebody_said_of_a_deployment_stays_when_it_is_sent_again(
    datadog: DatadogClient,
) -> None:
    id_ = send_deployment(datadog)
    make_entity(id_, blueprint="deployment", properties={"status": "failure"})
    send_deployment(datadog, version="2")
    assert entity(id_).properties["status"] == "failure"


def test_deployments_of_a_service_in_the_same_second_are_one(datadog: DatadogClient) -> None:
    first = send_deployment(datadog, started_at=seconds(DAY) * 1000 + 1)
    assert send_deployment(datadog, started_at=seconds(DAY) * 1000 + 999) == first
    assert len(first) == 16
    others = [
        send_deployment(datadog, at=DAY + timedelta(seconds=1)),
        send_deployment(datadog, service="other"),
        send_deployment(datadog, env="staging"),
    ]
    assert len({first, *others}) == 4


def test_an_event_without_its_id_is_known_again(datadog: DatadogClient) -> None:
    assert send_failure(datadog, id=OWN_ID, minutes=None) == OWN_ID
    assert send_failure(datadog, minutes=20) == OWN_ID
    assert entity(OWN_ID, "incident").fact("recovery_minutes") == 20
    assert send_failure(datadog, env="staging") != OWN_ID


def test_the_first_word_says_which_environment_is_meant(datadog: DatadogClient) -> None:
    meant = {
        "production": "production", "PROD": "production", "prod.eu-1": "production",
        "live": "production", "staging": "staging", "stg": "staging", "dev": "development",
        "non-prod": None, "shop": None, "-": None,
    }  # fmt: skip
    stored = {env: entity(send_deployment(datadog, env=env)).properties for env in meant}
    assert {env: item.get("environment") for env, item in stored.items()} == meant
    assert {env: item["env"] for env, item in stored.items()} == {env: env for env in meant}


def test_without_an_environment_production_is_meant(datadog: DatadogClient) -> None:
    stored = entity(send_deployment(datadog, env=None))
    assert stored.properties["environment"] == "production"
    assert "env" not in stored.properties
    assert found(datadog, "deployments", query="env:production") == [stored.identifier]


def test_the_team_is_filled_in_from_the_catalog(datadog: DatadogClient) -> None:
    send_deployment(datadog)
    make_team("core")
    make_entity("shopist", team="core")
    for id_ in (send_deployment(datadog), send_failure(datadog)):
        path = "failures" if Entity.objects.get(identifier=id_).fact("opened_at") else "deployments"
        answer = datadog.get(f"/api/v2/dora/{path}/{id_}").json()
        assert answer["data"]["attributes"]["team"] == "core"


def test_a_failure_reads_back_as_it_was_sent(datadog: DatadogClient) -> None:
    sent = failure(
        id=OWN_ID,
        name="Web server is down",
        severity="SEV-1",
        services=["shopist", "api"],
        team="backend",
        version="v1",
        custom_tags=["kind:database"],
        git={"commit_sha": SHA, "repository_url": REPOSITORY},
    )
    answer = datadog.post("/api/v2/dora/incident", sent)
    assert answer.json() == {"data": {"id": OWN_ID, "type": "dora_failure"}}
    assert datadog.get(f"/api/v2/dora/failures/{OWN_ID}").json() == {
        "data": {
            "id": OWN_ID,
            "type": "dora_failure",
            "attributes": {
                "services": ["shopist", "api"],
                "started_at": STARTED,
                "finished_at": (DAY + timedelta(minutes=30)).isoformat().replace("+00:00", "Z"),
                "env": "production",
                "name": "Web server is down",
                "severity": "SEV-1",
                "version": "v1",
                "team": "backend",
                "custom_tags": ["kind:database"],
                "git": {"commit_sha": SHA, "repository_url": REPOSITORY},
            },
        }
    }


def test_what_was_not_sent_is_left_out(datadog: DatadogClient) -> None:
    id_ = send_failure(datadog, minutes=None, env=None)
    attributes = datadog.get(f"/api/v2/dora/failures/{id_}").json()["data"]["attributes"]
    assert attributes == {"started_at": STARTED, "services": ["shopist"]}


def test_a_failure_of_several_services_is_an_incident_of_each(datadog: DatadogClient) -> None:
    id_ = send_failure(datadog, services=["a", "b", "c"], id=OWN_ID)
    for service in ("a", "b", "c"):
        stored = Entity.objects.of("service").get(identifier=service)
        assert (stored.fact("total_incidents"), stored.fact("mean_time_to_recovery")) == (1, 30)
        assert found(datadog, "failures", query=f"service:{service}") == [id_]
    assert found(datadog, "failures") == [id_]
    assert datadog.get(f"/api/v2/dora/failures/{id_}%2Fb").status_code == 404


def test_services_that_are_named_no_more_have_no_incident_any_more(
    datadog: DatadogClient,
) -> None:
    send_failure(datadog, services=["a", "b", "c"], id=OWN_ID)
    send_failure(datadog, services=["a", "c"], id=OWN_ID)
    counts = dict(Entity.objects.of("service").values_list("identifier", "facts__total_incidents"))
    assert counts == {"a": 1, "b": 0, "c": 1}


def test_a_failure_outside_production_counts_in_no_measure(datadog: DatadogClient) -> None:
    send_deployment(datadog)
    id_ = send_failure(datadog, env="staging", at=DAY + timedelta(hours=1), services=["shopist"])
    stored = Entity.objects.of("service").get()
    assert stored.fact("total_incidents") == 0
    assert stored.fact("dora_failed_deployments") == 0
    assert entity(id_, "incident").fact("relation#affected") == ["shopist"]
    assert found(datadog, "failures", query="service:shopist env:staging") == [id_]
    # Somebody corrects the environment: from now on it counts.
    send_failure(datadog, id=OWN_ID, env="staging")
    send_failure(datadog, id=OWN_ID, env="production")
    stored.refresh_from_db()
    assert stored.fact("total_incidents") == 1
    assert entity(OWN_ID, "incident").fact("relation#affected") == []


def test_a_failure_may_name_a_team_alone(datadog: DatadogClient) -> None:
    id_ = send_failure(datadog, services=None, team="backend")
    assert found(datadog, "failures", query="team:backend") == [id_]
    assert send_failure(datadog, services=None, team="backend") == id_


def test_a_failure_without_a_name_is_called_by_what_it_hit(datadog: DatadogClient) -> None:
    def name() -> str | None:
        answer = datadog.get(f"/api/v2/dora/failures/{OWN_ID}").json()
        return answer["data"]["attributes"].get("name")

    send_failure(datadog, id=OWN_ID, services=["a"])
    send_failure(datadog, id=OWN_ID, services=["a", "b"])
    assert (entity(OWN_ID, "incident").title, name()) == ("Incident of a, b", None)
    send_failure(datadog, id=OWN_ID, services=["a"], name="Down")
    send_failure(datadog, id=OWN_ID, services=["a", "c"])
    assert (entity(OWN_ID, "incident").title, name()) == ("Down", "Down")
    assert entity(f"{OWN_ID}/c", "incident").title == "Down"


def test_deleting_takes_the_parts_along(datadog: DatadogClient) -> None:
    send_failure(datadog, services=["a", "b"], id=OWN_ID)
    answer = datadog.delete(f"/api/v2/dora/failure/{OWN_ID}")
    assert (answer.status_code, answer.json()) == (202, {"data": None})
    assert not Entity.objects.of("incident").exists()


def test_deleting_what_is_not_there_is_accepted(datadog: DatadogClient) -> None:
    send_deployment(datadog)
    for noun in ("deployment", "deployments", "failure", "failures"):
        assert datadog.delete(f"/api/v2/dora/{noun}/nobodys").status_code == 202
        answer = datadog.get(f"/api/v2/dora/{noun}/nobodys")
        assert (answer.status_code, answer.json()["errors"][0]["title"]) == (404, "Not Found")


def test_a_deleted_deployment_is_gone(datadog: DatadogClient) -> None:
    id_ = send_deployment(datadog)
    assert datadog.delete(f"/api/v2/dora/deployment/{id_}").status_code == 202
    assert found(datadog, "deployments") == []
    assert Entity.objects.of("service").get().fact("total_deployments") == 0


def test_a_deployment_that_others_require_is_not_deleted(datadog: DatadogClient) -> None:
    id_ = send_deployment(datadog)
    needed = {"deployment": {"target": "deployment", "required": True, "many": False}}
    make_blueprint("approval", relations=needed)
    make_entity("signed", blueprint="approval", relations={"deployment": id_})
    answer = datadog.delete(f"/api/v2/dora/deployment/{id_}")
    assert answer.status_code == 409
    assert "approval/signed" in answer.json()["errors"][0]["detail"]
    assert found(datadog, "deployments") == [id_]


@pytest.mark.parametrize("kind", ["deployments", "failures"])
def test_before_the_first_event_lists_are_empty(datadog: DatadogClient, kind: str) -> None:
    assert found(datadog, kind) == []
    assert datadog.get(f"/api/v2/dora/{kind}/nobodys").status_code == 404


def test_what_other_tools_reported_is_listed_too(datadog: DatadogClient) -> None:
    send_deployment(datadog)
    make_entity(
        "elsewhere",
        blueprint="deployment",
        properties={"deployed_at": "2026-01-01T02:00:00.5+01:00", "environment": "staging"},
        relations={"service": "shopist"},
    )
    assert datadog.get("/api/v2/dora/deployments/elsewhere").json()["data"]["attributes"] == {
        "service": "shopist",
        "started_at": "2026-01-01T01:00:00.500000Z",
        "finished_at": "2026-01-01T01:00:00.500000Z",
        "env": "staging",
    }
    assert found(datadog, "deployments", query="env:staging") == ["elsewhere"]


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"service": None}, 'attribute "service" is required'),
        ({"service": " "}, 'attribute "service": give the name of a service of at most 200'),
        ({"started_at": None}, 'attribute "started_at" is required'),
        ({"finished_at": None}, 'attribute "finished_at" is required'),
        ({"started_at": "soon"}, 'attribute "started_at": give a Unix time as a whole number'),
        ({"started_at": True}, 'attribute "started_at": give a Unix time as a whole number'),
        ({"started_at": 1.5}, 'attribute "started_at": give a Unix time as a whole number'),
        ({"started_at": -1}, 'attribute "started_at": give a Unix time as a whole number'),
        ({"started_at": 10**15}, 'attribute "started_at": give seconds, milliseconds or nano'),
        ({"finished_at": 1}, 'attribute "finished_at": is before started_at'),
        ({"id": "short"}, 'attribute "id": give 16 to 128 letters'),
        ({"id": "release 0123456789"}, 'attribute "id": give 16 to 128 letters'),
        ({"env": ["production"]}, 'attribute "env": give a text of at most 200 characters'),
        ({"custom_tags": ["plain"]}, 'attribute "custom_tags[0]": give "key:value"'),
        ({"custom_tags": ["a:b"] * 101}, 'attribute "custom_tags": give a list of at most 100'),
        ({"git": {"commit_sha": SHA}}, 'attribute "repository_url" is required'),
        (
            {"git": {"commit_sha": "abc", "repository_url": REPOSITORY}},
            'attribute "git.commit_sha": give at least 40 hexadecimal digits',
        ),
    ],
)
def test_a_deployment_that_is_wrong_is_refused(
    datadog: DatadogClient, attributes: dict[str, object], detail: str
) -> None:
    answer = datadog.post("/api/v2/dora/deployment", deployment(**attributes))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["status"], error["title"]) == ("400", "Bad Request")
    assert error["detail"].startswith(detail)
    assert not InstalledPack.objects.exists()


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"services": None}, 'attribute "services" or "team" is required'),
        ({"services": []}, 'attribute "services" or "team" is required'),
        ({"services": "shopist"}, 'attribute "services": give a list of at most 100 names'),
        ({"services": ["a", 1]}, 'attribute "services[1]": give the name of a service'),
        ({"started_at": None}, 'attribute "started_at" is required'),
        ({"finished_at": 1}, 'attribute "finished_at": is before started_at'),
        ({"severity": 1}, 'attribute "severity": give a text of at most 200 characters'),
    ],
)
def test_a_failure_that_is_wrong_is_refused(
    datadog: DatadogClient, attributes: dict[str, object], detail: str
) -> None:
    answer = datadog.post("/api/v2/dora/failure", failure(**attributes))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"].startswith(detail)


def test_all_faults_are_told_at_once(datadog: DatadogClient) -> None:
    answer = datadog.post("/api/v2/dora/deployment", deployment(service=None, id="short"))
    assert len(answer.json()["errors"]) == 2


def test_sending_events_takes_an_api_key_alone(api_key_only: DatadogClient) -> None:
    id_ = send_deployment(api_key_only)
    send_failure(api_key_only)
    assert api_key_only.get(f"/api/v2/dora/deployments/{id_}").status_code == 403
    assert api_key_only.post("/api/v2/dora/deployments").status_code == 403
    assert api_key_only.delete(f"/api/v2/dora/deployment/{id_}").status_code == 403


def test_who_may_only_read_lists_and_writes_nothing(
    datadog: DatadogClient, reader: DatadogClient
) -> None:
    id_ = send_deployment(datadog)
    assert found(reader, "deployments") == [id_]
    assert found(reader, "failures") == []
    assert reader.get(f"/api/v2/dora/deployments/{id_}").status_code == 200
    refused = [
        reader.post("/api/v2/dora/deployment", deployment()),
        reader.post("/api/v2/dora/failure", failure()),
        reader.patch(f"/api/v2/dora/deployments/{id_}", {}),
        reader.patch("/api/v2/dora/deployments", {}),
        reader.delete(f"/api/v2/dora/deployment/{id_}"),
        reader.delete(f"/api/v2/dora/failure/{id_}"),
        reader.post("/api/v2/ai_impact/user_activity", {}),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)


def test_strangers_see_nothing(stranger: DatadogClient) -> None:
    assert stranger.post("/api/v2/dora/deployments").status_code == 403
    assert stranger.post("/api/v2/dora/deployment", deployment()).status_code == 403
