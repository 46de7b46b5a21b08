"""What those who run the site can see: health, metrics, logs."""

import json
import logging
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from django_celery_results.models import TaskResult

from catalog.models import Entity
from portal import broker, health, metrics
from portal.request_ids import RequestIdFilter, current_id
from tests.builders import make_blueprint, make_entity, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept():
    metrics.waiting_text.forget()


@pytest.fixture
def bearer():
    token = make_token(make_user(), scope="read")
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def test_anybody_may_ask_whether_requests_should_be_sent_here(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok"}}
    assert "no-store" in response["Cache-Control"]


def test_a_database_that_is_away_takes_the_site_out_and_tells_no_cause(client, monkeypatch):
    def fail():
        raise DatabaseError("password of the server")

    monkeypatch.setattr(connection, "cursor", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": "unreachable"}}


def test_a_database_that_is_behind_takes_the_site_out(client, monkeypatch):
    monkeypatch.setattr(health, "_is_migrated", [])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'catalog'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "migrations": "pending"}


def test_metrics_are_for_who_may_read(client, bearer):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", **bearer).status_code == 200


def samples_of(text):
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_requests_are_counted_by_route_and_not_by_address(client, bearer):
    name = 'tidemark_requests_total{method="GET",route="catalog/<name:blueprint>/",status="302"}'
    before = samples_of(client.get("/metrics", **bearer).content.decode()).get(name, 0)
    client.get("/catalog/one/")
    client.get("/catalog/another/")
    after = samples_of(client.get("/metrics", **bearer).content.decode())
    assert after[name] == before + 2


def test_a_method_that_nobody_defined_makes_no_label_of_its_own(client, bearer):
    client.generic("BREW", "/healthz")
    text = client.get("/metrics", **bearer).content.decode()
    assert "BREW" not in text
    assert 'method="other",route="healthz",status="405"' in text


def test_what_waits_is_told_with_its_age(client, bearer):
    make_blueprint("service")
    entity = make_entity()
    since = timezone.now() - timedelta(minutes=5)
    Entity.objects.filter(pk=entity.pk).update(stale_since=since)
    found = samples_of(client.get("/metrics", **bearer).content.decode())
    assert found['tidemark_waiting{work="entities to evaluate"}'] == 1
    assert 300 <= found['tidemark_waiting_seconds{work="entities to evaluate"}'] < 400
    assert found['tidemark_waiting{work="messages to deliver"}'] == 0


def test_metrics_cost_few_queries(client, bearer, django_assert_num_queries):
    with django_assert_num_queries(11):
        client.get("/metrics", **bearer)
    # What waits is kept for a few seconds: the token is all that is looked up.
    with django_assert_num_queries(1):
        client.get("/metrics", **bearer)


def test_the_metrics_that_alerts_are_set_on(client, bearer):
    make_blueprint("service")
    entity = make_entity()
    since = timezone.now() - timedelta(minutes=5)
    Entity.objects.filter(pk=entity.pk).update(stale_since=since)
    TaskResult.objects.create(task_id="t", task_name="sweep", status="FAILURE")
    found = samples_of(client.get("/metrics", **bearer).content.decode())
    assert found["tidemark_stale"] == 1
    assert 300 <= found["tidemark_evaluation_lag_seconds"] < 400
    assert found["tidemark_queue_tasks"] == 0
    assert found["tidemark_tasks_failed"] == 1
    assert {
        state: found[f'tidemark_deliveries{{state="{state}"}}']
        for state in ("waiting", "sending", "sent", "failed")
    } == {"waiting": 0, "sending": 0, "sent": 0, "failed": 0}


def test_a_broker_that_is_away_is_a_metric_and_no_error(client, bearer, monkeypatch):
    def fail():
        raise broker.BrokerAway("gone")

    monkeypatch.setattr(broker, "queue_depth", fail)
    found = samples_of(client.get("/metrics", **bearer).content.decode())
    assert found["tidemark_broker_up"] == 0
    assert "tidemark_queue_tasks" not in found


def test_a_request_keeps_the_id_it_came_with(client):
    assert client.get("/healthz", HTTP_X_REQUEST_ID="abc-1")["X-Request-ID"] == "abc-1"


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, "line\nbreak", "-", "é"])
def test_an_id_that_does_not_belong_into_a_log_is_replaced(client, given):
    found = client.get("/healthz", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert len(found) == 32
    assert found.isalnum()


def test_ids_differ(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


def test_what_is_logged_on_the_way_names_the_request(client, settings, caplog):
    settings.LOG_REQUESTS = True
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.INFO, logger="portal.request_log"):
        client.get("/healthz?token=secret", HTTP_X_REQUEST_ID="abc-2")
    record = caplog.records[-1]
    assert (record.request_id, record.status, record.path) == ("abc-2", 200, "/healthz")
    assert "secret" not in record.getMessage()
    assert current_id.get() == ""


def test_a_line_of_json_can_be_read_back(settings):
    handler = logging.Handler()
    config = settings.LOGGING["formatters"]["json"]
    formatter = logging.config.BaseConfigurator({}).resolve(config["()"])(
        **{key: value for key, value in config.items() if key != "()"}
    )
    record = logging.LogRecord("portal", logging.INFO, "", 1, "Said %s", ("this",), None)
    RequestIdFilter().filter(record)
    handler.setFormatter(formatter)
    line = json.loads(handler.format(record))
    assert {key: line[key] for key in ("level", "logger", "message", "request_id")} == {
        "level": "INFO",
        "logger": "portal",
        "message": "Said this",
        "request_id": "",
    }
