"""Automations: what happens in the catalog, and to runs, sets them off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from catalog.models import Change, Entity
from catalog.operations import delete_entities
from portal.integrations.actions import automations, waking
from portal.integrations.models import Action, ChangeCursor, Run, RunEvent, RunLog
from portal.integrations.tasks import read_changes, sweep_integrations
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team
from tests.port.clients import PortClient
from tests.port.test_actions import automation, document

pytestmark = pytest.mark.django_db(transaction=True)

QUIET = {"type": "KAFKA"}


@pytest.fixture
def listen(port: PortClient) -> Any:
    """Return a function that makes an automation whose runs others do."""
    make_blueprint("part", ownership=None)
    make_blueprint(relations={"home": {"target": "part", "many": False, "required": False}})

    def listen(
        event: str = "ANY_ENTITY_CHANGE", *expressions: str, name: str = "tell", **parts: Any
    ) -> None:
        whole = {"invocationMethod": QUIET, "expressions": list(expressions), **parts}
        answer = port.post("/actions", automation(name, event={"type": event}, **whole))
        assert answer.status_code == 201, answer.json()

    return listen


def events() -> list[dict[str, Any]]:
    return [run.event for run in Run.objects.order_by("id")]


def test_a_new_entity_sets_off_with_all_that_it_is(listen: Any) -> None:
    make_team("core")
    make_entity("p", blueprint="part")
    listen("ENTITY_CREATED")
    make_entity("shop", title="Shop", properties={"tier": 1}, relations={"home": "p"}, team="core")
    run = Run.objects.get()
    document = {
        "identifier": "shop",
        "title": "Shop",
        "icon": None,
        "blueprint": "service",
        "team": ["core"],
        "createdAt": "2026-06-01T12:00:00.000Z",
        "createdBy": "tester",
        "updatedAt": "2026-06-01T12:00:00.000Z",
        "updatedBy": "tester",
        "properties": {"tier": 1, "language": None},
        "relations": {"home": "p"},
    }
    assert run.event == {
        "action": "CREATE",
        "resourceType": "entity",
        "trigger": {
            "by": {"userId": "tester", "user": {"email": "tester", "identifier": "tester"}},
            "origin": "TEST",
            "at": "2026-06-01T12:00:00.000Z",
        },
        "context": {
            "blueprintIdentifier": "service",
            "entityIdentifier": "shop",
            "propertyIdentifier": None,
        },
        "diff": {"before": None, "after": document},
    }
    assert (run.action_identifier, run.created_by, run.depth) == ("tell", "tester", 0)
    assert run.about["entity"] == {"identifier": "shop", "title": "Shop"}


def test_an_update_tells_the_whole_entity_before_and_after(listen: Any) -> None:
    make_entity("p", blueprint="part")
    make_entity("shop", title="Shop", properties={"tier": 1, "language": "go"})
    listen("ENTITY_UPDATED")
    make_entity("shop", properties={"tier": 2}, relations={"home": "p"})
    (event,) = events()
    before, after = event["diff"]["before"], event["diff"]["after"]
    assert event["action"] == "UPDATE"
    assert (before["title"], before["properties"]) == ("Shop", {"tier": 1, "language": "go"})
    assert (after["title"], after["properties"]) == ("Shop", {"tier": 2, "language": "go"})
    assert (before["relations"], after["relations"]) == ({"home": None}, {"home": "p"})


def test_a_deletion_tells_what_there_was(listen: Any) -> None:
    make_entity("shop", properties={"tier": 1})
    listen("ENTITY_DELETED")
    delete_entities(entities=list(Entity.objects.of("service")), by=TESTER, now=NOW)
    (event,) = events()
    assert (event["action"], event["diff"]["after"]) == ("DELETE", None)
    assert event["diff"]["before"]["properties"] == {"tier": 1, "language": None}


def test_states_are_told_as_they_were_when_much_has_happened_since(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen()
    with monkeypatch.context() as patch:
        patch.setattr(read_changes, "delay", lambda: None)  # the worker is away
        make_entity("shop", properties={"tier": 1})
        make_entity("shop", properties={"tier": 2})
        make_entity("shop", properties={"tier": None, "language": "go"})
        delete_entities(entities=list(Entity.objects.of("service")), by=TESTER, now=NOW)
        make_entity("shop", properties={"tier": 9})
        make_entity("shop", properties={"tier": 8})
    sweep_integrations()
    told = [
        [side and side["properties"] for side in (event["diff"]["before"], event["diff"]["after"])]
        for event in events()
    ]
    assert [event["action"] for event in events()] == [
        "CREATE", "UPDATE", "UPDATE", "DELETE", "CREATE", "UPDATE"
    ]  # fmt: skip
    plain = [
        [side and {key: value for key, value in side.items() if value is not None} for side in pair]
        for pair in told
    ]
    assert plain == [
        [None, {"tier": 1}],
        [{"tier": 1}, {"tier": 2}],
        [{"tier": 2}, {"language": "go"}],
        [{"language": "go"}, None],
        [None, {"tier": 9}],
        [{"tier": 9}, {"tier": 8}],
    ]


@pytest.mark.parametrize(
    ("expressions", "combinator", "count"),
    [
        ([], "and", 1),
        ([], "or", 1),
        ([".diff.after.properties.tier == 1", '.action == "CREATE"'], "and", 1),
        ([".diff.after.properties.tier == 1", "false"], "and", 0),
        ([".diff.after.properties.tier == 1", "false"], "or", 1),
        (["1"], "and", 0),
        ([".diff.after.title | tonumber > 1"], "and", 0),
        (["def f: f; f"], "and", 0),
    ],
)
def test_an_automation_runs_where_its_condition_holds(
    listen: Any, expressions: list[str], combinator: str, count: int
) -> None:
    listen("ENTITY_CREATED", *expressions)
    row = Action.objects.get()
    row.document["trigger"]["condition"]["combinator"] = combinator
    row.save()
    make_entity("shop", properties={"tier": 1})
    assert Run.objects.count() == count


def test_only_what_is_listened_to_sets_off(listen: Any) -> None:
    make_entity("old")
    listen("ENTITY_CREATED")
    listen("ENTITY_DELETED", name="deleted")
    listen("ENTITY_CREATED", name="hidden", publish=False)
    listen("TIMER_PROPERTY_EXPIRED", name="timer")
    make_entity("other", blueprint="part")
    make_entity("shop")
    make_entity("shop", title="Changed")
    assert [run.action_identifier for run in Run.objects.all()] == ["tell"]
    assert [event["context"]["entityIdentifier"] for event in events()] == ["shop"]


def test_a_new_automation_does_not_hear_what_was_before_it(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("ENTITY_CREATED", name="first")
    with monkeypatch.context() as patch:
        patch.setattr(read_changes, "delay", lambda: None)
        make_entity("a")
        listen("ENTITY_CREATED", name="second")
        make_entity("b")
    sweep_integrations()
    heard = Run.objects.order_by("id").values_list("action_identifier", "entity")
    assert list(heard) == [("first", "a"), ("first", "b"), ("second", "b")]


def test_what_happened_while_an_automation_was_off_is_not_made_up_for(
    listen: Any, port: PortClient
) -> None:
    listen("ENTITY_CREATED")
    whole = port.get("/actions/tell").json()["action"]
    port.put("/actions/tell", {**whole, "publish": False})
    make_entity("a")
    port.put("/actions/tell", {**whole, "publish": True})
    make_entity("b")
    assert list(Run.objects.values_list("entity", flat=True)) == ["b"]


def test_each_change_is_handled_once(listen: Any) -> None:
    listen()
    make_entity("shop")
    assert read_changes() == 0
    assert sweep_integrations() == 0
    assert Run.objects.count() == 1


def test_what_somebody_else_has_read_meanwhile_is_left_to_them(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen()
    real = automations._verdicts

    def overtaken(wanted: Any, now: datetime) -> Any:
        monkeypatch.setattr(automations, "_verdicts", real)
        automations.read_changes(now=now)
        return real(wanted, now)

    monkeypatch.setattr(automations, "_verdicts", overtaken)
    make_entity("shop")
    assert Run.objects.count() == 1


def test_a_row_that_is_committed_late_is_not_lost(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen()
    with monkeypatch.context() as patch:
        patch.setattr(read_changes, "delay", lambda: None)
        make_entity("a")
        make_entity("b")
    first = Change.objects.get(kind="entity", identifier="a")
    # Not there yet, while a later one is.
    Change.objects.filter(pk=first.pk).update(kind="later")
    late = first.pk
    Change.objects.filter(pk=late).delete()
    read_changes()
    assert [run.entity for run in Run.objects.all()] == ["b"]
    assert ChangeCursor.objects.get().gaps[0][:2] == [late, late]
    first.pk = late
    first.save(force_insert=True)
    read_changes()
    assert [run.entity for run in Run.objects.order_by("id")] == ["b", "a"]
    assert ChangeCursor.objects.get().gaps == []


def test_a_write_that_is_rolled_back_sets_nothing_off(listen: Any) -> None:
    listen()
    with transaction.atomic():
        make_entity("shop")
        transaction.set_rollback(True)
    assert not Run.objects.exists()


def test_where_nobody_listens_a_write_costs_one_question(
    db: None, django_assert_num_queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(read_changes, "delay", lambda: asked.append(1))
    with django_assert_num_queries(1):
        waking.wake()
    assert asked == []


def test_many_changes_cost_as_many_queries_as_one_but_for_their_runs(
    listen: Any, django_assert_max_num_queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("ENTITY_CREATED", "false")
    monkeypatch.setattr(read_changes, "delay", lambda: None)
    for number in range(40):
        make_entity(f"s{number}")
    with django_assert_max_num_queries(20):
        automations.read_changes(now=datetime.now(UTC))


# --- one after the other


def upsert(identifier: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "UPSERT_ENTITY",
        "blueprintIdentifier": "service",
        "mapping": {"identifier": identifier, "properties": properties},
    }


def test_what_an_automation_writes_names_the_run_as_its_cause(listen: Any) -> None:
    listen(
        "ENTITY_CREATED",
        '.diff.after.identifier == "shop"',
        invocationMethod=upsert("echo", language="{{ .event.diff.after.title }}"),
    )
    listen("ENTITY_CREATED", '.diff.after.identifier == "echo"', name="second")
    make_entity("shop", title="Shop")
    first, second = Run.objects.order_by("id")
    assert Entity.objects.of("service").get(identifier="echo").properties == {"language": "Shop"}
    assert (first.status, second.cause, second.depth) == ("SUCCESS", first, 1)


def test_a_chain_that_bites_its_tail_ends_and_says_so(listen: Any) -> None:
    tier = "{{ (.event.diff.after.properties.tier // 0) + 1 }}"
    listen("ANY_ENTITY_CHANGE", invocationMethod=upsert("shop", tier=tier))
    make_entity("shop", properties={"tier": 1})
    assert [run.depth for run in Run.objects.order_by("id")] == [0, 1, 2, 3, 4, 5]
    assert Entity.objects.of("service").get().properties == {"tier": 7}
    last = Run.objects.order_by("id").last()
    message = RunLog.objects.filter(run=last).order_by("id").last().message
    assert message == (
        "Automation 'tell' was not set off by this: it would have been run number 7 in a row, "
        "and 6 are the most."
    )


# --- of runs


@pytest.mark.parametrize(
    ("event", "actions"),
    [
        ("RUN_CREATED", ["CREATE"]),
        ("RUN_UPDATED", ["UPDATE", "UPDATE"]),
        ("ANY_RUN_CHANGE", ["CREATE", "UPDATE", "UPDATE"]),
    ],
)
def test_what_happens_to_a_run_sets_off(
    port: PortClient, listen: Any, event: str, actions: list[str]
) -> None:
    port.post("/actions", document(invocationMethod=QUIET))
    port.post("/actions", document("other", invocationMethod=QUIET))
    port.post(
        "/actions",
        automation(
            event={"type": event, "blueprintIdentifier": None, "actionIdentifier": "deploy"},
            invocationMethod=QUIET,
        ),
    )
    for name in ("deploy", "other"):
        answer = port.post(f"/actions/{name}/runs", {"properties": {"where": "test"}})
        path = f"/actions/runs/{answer.json()['run']['id']}"
        port.post(f"{path}/logs", {"message": "only a line"})
        port.patch(path, {"link": "https://a"})
        port.patch(path, {"status": "SUCCESS"})
    heard = [run.event for run in Run.objects.filter(action_identifier="tell").order_by("id")]
    assert [event["action"] for event in heard] == actions
    last = heard[-1]["diff"]
    assert last["after"]["action"] == {"identifier": "deploy", "title": "Deploy"}
    if actions[-1] == "UPDATE":
        assert (last["before"]["status"], last["after"]["status"]) == ("IN_PROGRESS", "SUCCESS")
        assert last["before"]["link"] == ["https://a"]
    assert RunEvent.objects.filter(handled_at=None).count() == 0
    sweep_integrations()
    assert Run.objects.filter(action_identifier="tell").count() == len(actions)


def test_runs_that_set_each_other_off_end(port: PortClient, listen: Any) -> None:
    port.post("/actions", document(invocationMethod=QUIET))
    event = {"type": "RUN_CREATED", "blueprintIdentifier": None}
    port.post("/actions", automation(event=event, invocationMethod=QUIET))
    port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
    depths = Run.objects.filter(action_identifier="tell").order_by("id")
    assert [run.depth for run in depths] == [1, 2, 3, 4, 5]


def test_a_dead_worker_loses_no_event_of_a_run(
    port: PortClient, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.integrations.tasks import handle_run_events

    port.post("/actions", document(invocationMethod=QUIET))
    event = {"type": "RUN_CREATED", "blueprintIdentifier": None, "actionIdentifier": "deploy"}
    port.post("/actions", automation(event=event, invocationMethod=QUIET))
    monkeypatch.setattr(handle_run_events, "delay_on_commit", lambda: None)
    port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
    assert Run.objects.count() == 1
    assert sweep_integrations() == 1
    assert Run.objects.count() == 2


def test_what_happened_to_runs_long_ago_is_forgotten(port: PortClient, listen: Any) -> None:
    port.post("/actions", document(invocationMethod=QUIET))
    port.post("/actions", automation(event={"type": "RUN_CREATED"}, invocationMethod=QUIET))
    port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
    RunEvent.objects.update(handled_at=datetime.now(UTC) - timedelta(days=31))
    count = Run.objects.count()
    sweep_integrations()
    assert not RunEvent.objects.exists()
    assert Run.objects.count() == count
