"""The exporter where nothing that is missing is made and nothing goes along with what is deleted.

Its services come before the domains that they point at: the first batch fails one by one, and the
exporter tries each again when the domains are there, with its relations and nothing else of it.
"""

from typing import Any

import pytest

from tests.compat.exporter import Api, Exporter

pytestmark = [
    pytest.mark.compat,
    pytest.mark.parametrize("site", ["SQLite"], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def exporter(site: Api, tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    """Return the example exporter, strictly set, writing to an empty site."""
    directory = tmp_path_factory.mktemp("ocean") / "clients"
    return Exporter.in_directory(directory, site, resources=".port/resources-strict")


@pytest.fixture(scope="module")
def first(exporter: Exporter) -> dict[str, Any]:
    """Resync and return the services."""
    exporter.run("small.json")
    return services(exporter.api)


def services(api: Api) -> dict[str, Any]:
    return {
        name: (row["relations"]["domain"], row["properties"].get("language"))
        for name, row in api.entities("jcService").items()
    }


def state(exporter: Exporter) -> str:
    return exporter.api.integration(exporter.identifier)["resyncState"]["status"]


def test_what_came_too_early_is_tried_again(exporter: Exporter, first: dict[str, Any]) -> None:
    assert state(exporter) == "completed"
    assert set(exporter.api.entities("jcDomain")) == {"pay", "id"}
    assert first == {f"svc-0{number}": ("pay", None) for number in range(1, 5)}


def test_the_next_resync_fills_it_and_deletes_what_is_gone(
    exporter: Exporter, first: dict[str, Any]
) -> None:
    exporter.run("small-v2.json")
    assert state(exporter) == "completed"
    assert services(exporter.api) == {
        "svc-01": ("pay", "go"),
        "svc-02": ("pay", "java"),
        "svc-03": ("pay", "python"),
    }
