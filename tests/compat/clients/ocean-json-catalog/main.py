"""Ocean integration that reads a catalogue from one local JSON file.

The file is re-read on every resync, so editing it between two runs exercises update and
delete reconciliation on the server.
"""

import json
from pathlib import Path
from typing import Any

from port_ocean.context.ocean import ocean
from port_ocean.core.ocean_types import ASYNC_GENERATOR_RESYNC_TYPE

BATCH = 20


def catalog() -> dict[str, list[dict[str, Any]]]:
    path = ocean.integration_config.get("catalog_file") or "data/catalog.json"
    return json.loads(Path(path).read_text())


@ocean.on_resync("domain")
async def domains(kind: str) -> list[dict[Any, Any]]:
    return catalog()["domains"]


@ocean.on_resync("service")
async def services(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    rows = catalog()["services"]
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


@ocean.on_resync("deployment")
async def deployments(kind: str) -> list[dict[Any, Any]]:
    return catalog().get("deployments", [])
