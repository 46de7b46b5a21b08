"""The plain aggregate scan: what reading the events costs, with nothing else done.

One statement for each blueprint of events. It joins the events with the rows of their relation to a
service, and groups by service what the metrics of the pack need: numbers and dates out of the JSON
of the facts. No metric is finished, no team is added up, nothing is written.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isclose
from typing import Any

from django.db import connection

from catalog.facts import timestamp
from catalog.models import Blueprint, Entity

# Blueprint -> what is worked out for each service, and of which events. `{key}` is the text under a
# key of the facts, `{key#}` the number.
SCANS = {
    "deployment": (
        "COUNT(*), MIN({deployed_at})",
        "{status} = 'success' AND {environment} = 'production'",
    ),
    "pull_request": (
        "COUNT({cycle_time_hours#}), SUM({cycle_time_hours#}), AVG({cycle_time_hours#})",
        # Instants are kept in one form, so that their texts sort as they do.
        "{merged_at} BETWEEN %s AND %s",
    ),
    "incident": (
        "COUNT(*), COUNT({recovery_minutes#}), SUM({recovery_minutes#}), AVG({recovery_minutes#})",
        "TRUE",
    ),
}
# COALESCE hides the condition from PostgreSQL, which would take it to hold for hardly any event.
STATEMENT = """
    SELECT relation.target_id, {values}
    FROM catalog_entity event
    {join} catalog_entityrelation relation
      ON relation.source_id = event.id AND relation.relation = 'service'
    WHERE event.blueprint_id = %s AND COALESCE({condition}, FALSE)
    GROUP BY relation.target_id
"""

# Blueprint -> id of the service -> values
Found = dict[str, dict[int, tuple[Any, ...]]]


def scan(*, now: datetime) -> Found:
    """Run the statements and return what they found."""
    ids = dict(Blueprint.objects.values_list("identifier", "id"))
    window = [timestamp(now - timedelta(days=30)), timestamp(now)]
    # SQLite crosses tables as they are written; else it would look each event up by its relation.
    join = "JOIN" if connection.vendor == "postgresql" else "CROSS JOIN"
    found: Found = {}
    with connection.cursor() as cursor:
        for blueprint, (values, condition) in SCANS.items():
            statement = STATEMENT.format(values=_sql(values), condition=_sql(condition), join=join)
            cursor.execute(statement, [ids[blueprint], *window[: 2 * condition.count("BETWEEN")]])
            found[blueprint] = {row[0]: row[1:] for row in cursor.fetchall()}
    return found


def differing(found: Found) -> int:
    """Count the services whose metrics say otherwise than what the plain scan found."""
    rows = Entity.objects.of("service").values_list("id", "facts")
    return sum(not _agree(facts, _expected(id_, found)) for id_, facts in rows.iterator())


def _expected(service: int, found: Found) -> dict[str, float | None]:
    deployments = found["deployment"].get(service, (0,))
    changes = found["pull_request"].get(service, (None,))
    incidents = found["incident"].get(service, (0, None))
    return {
        "total_deployments": deployments[0],
        "lead_time_for_changes": changes[-1],
        "total_incidents": incidents[0],
        "mean_time_to_recovery": incidents[-1],
    }


def _agree(facts: Mapping[str, Any], expected: Mapping[str, float | None]) -> bool:
    return all(
        facts.get(key) == value
        or (None not in (facts.get(key), value) and isclose(facts[key], value, rel_tol=1e-9))
        for key, value in expected.items()
    )


def _sql(text: str) -> str:
    """Return the expressions with the database's own way into JSON."""
    return re.sub(r"\{(\w+)(#?)\}", _extracted, text)


def _extracted(match: re.Match[str]) -> str:
    key, mark = match.groups()
    if connection.vendor != "postgresql":
        return f"json_extract(event.facts, '$.{key}')"
    return f"(event.facts ->> '{key}')::double precision" if mark else f"event.facts ->> '{key}'"
