"""The vendor's own exporter framework, unchanged, fills a catalog and keeps it up to date.

It exits with 0 even after a resync that failed: what counts is what is stored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.compat.exporter import Api, Exporter, wait_until

pytestmark = pytest.mark.compat

BLUEPRINTS = ("jcDomain", "jcService", "jcDeployment")
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Seen:
    """What a site held after a resync."""

    entities: dict[str, Rows]
    integration: dict[str, Any]
    said: str = ""

    @classmethod
    def at(cls, api: Api, identifier: str, said: str = "") -> "Seen":
        """Return what the site holds now."""
        found = {name: api.entities(name) for name in BLUEPRINTS}
        return cls(found, api.integration(identifier), said)

    @property
    def state(self) -> dict[str, Any]:
        """Return how the resync went."""
        return self.integration["resyncState"]


@pytest.fixture(scope="module")
def exporter(site: Api, tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    """Return the example exporter, set to write to an empty site."""
    return Exporter.in_directory(tmp_path_factory.mktemp("ocean") / "clients", site)


@pytest.fixture(scope="module")
def first(exporter: Exporter) -> Seen:
    """Resync the first state of the catalog, and look."""
    said = exporter.run("catalog.json")
    # Somebody adds to what the exporter fills.
    by_hand = {"identifier": "by-hand", "title": "By hand", "properties": {"tier": 1}}
    exporter.api.send("POST", "/blueprints/jcService/entities", by_hand)
    return Seen.at(exporter.api, exporter.identifier, said)


@pytest.fixture(scope="module")
def second(exporter: Exporter, first: Seen) -> Seen:
    """Resync the second state of the catalog over the first, and look."""
    said = exporter.run("catalog-v2.json")
    return Seen.at(exporter.api, exporter.identifier, said)


def rows_of(exporter: Exporter, catalog: str) -> dict[str, list[dict[str, Any]]]:
    return json.loads(exporter.catalog(catalog).read_text())


def service_as_mapped(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the exporter's mapping makes of a service."""
    return {
        "title": row["name"],
        "icon": "Service",
        "properties": {
            "language": row["language"],
            "tier": row["tier"],
            "onCall": row["on_call"],
            "repoUrl": row["repo"],
            "tags": row["tags"],
            "hasTests": row["has_tests"],
            "createdOn": row["created"],
        },
        "relations": {"domain": row["domain"], "dependsOn": sorted(row["needs"])},
    }


def services_as_mapped(exporter: Exporter, catalog: str) -> Rows:
    """Return what the mapping makes of all services; it leaves out those that are archived."""
    services = rows_of(exporter, catalog)["services"]
    return {row["slug"]: service_as_mapped(row) for row in services if not row["archived"]}


def services_seen(seen: Seen) -> Rows:
    """Return the services that are stored, without what the portal itself adds to them."""
    found = {}
    for identifier, row in seen.entities["jcService"].items():
        if identifier == "by-hand":
            continue
        computed = ("domainOwner", "slug")
        found[identifier] = {
            "title": row["title"],
            "icon": row["icon"],
            # What is null and what is not there are the same.
            "properties": {"onCall": None}
            | {key: value for key, value in row["properties"].items() if key not in computed},
            "relations": {**row["relations"], "dependsOn": sorted(row["relations"]["dependsOn"])},
        }
    return found


def test_the_exporter_is_registered_and_its_resync_completed(first: Seen) -> None:
    told = first.integration
    assert first.state["status"] == "completed", first.said[-3000:]
    assert told["installationAppType"] == "json-catalog"
    assert told["arePortResourcesInitialized"] is True
    assert [item["kind"] for item in told["config"]["resources"]] == [
        "domain",
        "service",
        "deployment",
    ]


def test_its_blueprints_scorecards_and_pages_are_made(exporter: Exporter, first: Seen) -> None:
    api = exporter.api
    service = api.send("GET", "/blueprints/jcService")["blueprint"]
    assert set(service["relations"]) == {"domain", "dependsOn"}
    assert set(service["mirrorProperties"]) == {"domainOwner"}
    scorecard = api.send("GET", "/blueprints/jcService/scorecards/readiness")["scorecard"]
    assert [rule["identifier"] for rule in scorecard["rules"]] == [
        "hasOnCall",
        "hasTests",
        "lowTier",
    ]
    assert api.send("GET", "/pages/jc_services")["page"]["title"] == "JSON services"


def test_its_actions_are_made(exporter: Exporter, first: Seen) -> None:
    action = exporter.api.send("GET", "/actions/jc_rotate_oncall")["action"]
    assert action["title"] == "Rotate on-call"


def test_every_service_is_there_as_it_was_mapped(exporter: Exporter, first: Seen) -> None:
    wanted = services_as_mapped(exporter, "catalog.json")
    assert len(wanted) == 24
    assert services_seen(first) == wanted


def test_the_portal_adds_what_it_works_out(first: Seen) -> None:
    domains = first.entities["jcDomain"]
    assert {name: row["properties"] for name, row in domains.items()} == {
        "pay": {"owner": "pay@example.com", "serviceCount": 8},
        "id": {"owner": "id@example.com", "serviceCount": 8},
        "ship": {"owner": "ship@example.com", "serviceCount": 8},
    }
    service = first.entities["jcService"]["svc-01"]
    assert service["properties"]["domainOwner"] == "id@example.com"
    assert service["properties"]["slug"] == "service 01"
    assert service["scorecards"]["readiness"]["level"] == "Gold"


def test_a_relation_that_is_a_search_leads_to_what_it_found(first: Seen) -> None:
    deployments = first.entities["jcDeployment"]
    assert {name: row["relations"]["service"] for name, row in deployments.items()} == {
        **{f"dep-{number}": f"svc-0{number}" for number in range(1, 6)},
        # Whose service is nowhere.
        "dep-lost": None,
    }


def test_what_the_exporter_tells_of_its_work_is_kept(exporter: Exporter, first: Seen) -> None:
    api, name = exporter.api, exporter.identifier
    (resync,) = api.send("GET", f"/integration/{name}/syncsMetadata")["data"]
    assert resync["syncState"] == "completed"
    kinds = api.send("GET", f"/integration/{name}/syncMetrics")["data"]
    assert {row["kindIdentifier"] for row in kinds} >= {"domain-0", "service-1", "deployment-2"}
    examples = api.send("GET", f"/integration/{name}/kinds/service/examples")["examples"]
    assert 1 <= len(examples) <= 5
    assert api.send("GET", f"/integration/{name}/logs")["logs"]


def test_what_changed_is_changed_and_what_is_new_is_there(exporter: Exporter, second: Seen) -> None:
    assert second.state["status"] == "completed", second.said[-3000:]
    wanted = services_as_mapped(exporter, "catalog-v2.json")
    assert len(wanted) == 23
    assert services_seen(second) == wanted


def test_what_is_gone_is_deleted_with_what_pointed_at_it(first: Seen, second: Seen) -> None:
    gone = {name: first.entities[name].keys() - second.entities[name].keys() for name in BLUEPRINTS}
    assert gone == {
        "jcDomain": set(),
        "jcService": {"svc-03", "svc-24"},
        # dep-3 was one of svc-03.
        "jcDeployment": {"dep-3", "dep-5", "dep-lost"},
    }


def test_what_others_wrote_stays(second: Seen) -> None:
    assert second.entities["jcService"]["by-hand"]["properties"]["tier"] == 1


def test_what_is_as_before_is_not_touched(exporter: Exporter, first: Seen, second: Seen) -> None:
    before = services_as_mapped(exporter, "catalog.json")
    after = services_as_mapped(exporter, "catalog-v2.json")
    unchanged = {name for name in after if before.get(name) == after[name]}
    assert len(unchanged) == 20
    for blueprint, names in (
        ("jcService", unchanged),
        ("jcDomain", {"pay", "id", "ship"}),
        ("jcDeployment", {"dep-1", "dep-2", "dep-4"}),
    ):
        for name in names:
            one, other = first.entities[blueprint][name], second.entities[blueprint][name]
            assert one["updatedAt"] == other["updatedAt"], name


@pytest.fixture(scope="module")
def polled(exporter: Exporter, second: Seen) -> Seen:
    """Let the exporter poll, change the catalog, ask for a resync, and look."""
    api, name = exporter.api, exporter.identifier
    path = f"/integration/{name}/syncsMetadata"

    def completed() -> int:
        rows = api.send("GET", path)["data"]
        return sum(row["syncState"] == "completed" for row in rows)

    before = completed()
    with exporter.polling("catalog-v2.json") as log:
        wait_until(lambda: completed() > before, what="the exporter resynced at its start")
        _change(exporter.catalog("catalog-v2.json"))
        asked = api.send("POST", f"/integration/{name}/resync-request")["request"]
        wait_until(lambda: completed() > before + 1, what="the exporter did what it was asked")
        seen = Seen.at(api, name, log.read_text())
    assert api.send("GET", f"/integration/{name}/resync-request")["request"] is None
    assert asked["updatedAt"] < seen.state["updatedAt"]
    # The one at the start, and the one that was asked for: an old request is not followed again.
    assert len(api.send("GET", path)["data"]) == before + 2
    return seen


def _change(catalog: Path) -> None:
    """Give one service another language, and let go of another service."""
    rows = json.loads(catalog.read_text())
    rows["services"] = [row for row in rows["services"] if row["slug"] != "svc-26"]
    next(row for row in rows["services"] if row["slug"] == "svc-02")["language"] = "python"
    catalog.write_text(json.dumps(rows))


def test_a_resync_that_is_asked_for_is_done(exporter: Exporter, polled: Seen) -> None:
    assert polled.state["status"] == "completed", polled.said[-3000:]
    wanted = services_as_mapped(exporter, "catalog-v2.json")
    assert wanted["svc-02"]["properties"]["language"] == "python"
    assert "svc-26" not in wanted
    assert services_seen(polled) == wanted
