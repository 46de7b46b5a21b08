"""The shapes in which outcomes come in and go out. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from catalog.storable import storable_faults
from portal.integrations.datadog import ids
from portal.integrations.datadog.entity_names import EntityName, name_of, name_of_service

STATES = ("pass", "fail", "skip")
MAX_REMARKS = 5_000


@dataclass(frozen=True)
class Sent:
    """One result as it was sent: a rule's id, an entity, a state and remarks."""

    rule_id: str
    entity: EntityName
    state: str
    remarks: str


@dataclass(frozen=True)
class Shown:
    """One outcome as it is shown. `created_at` is known of what was reported."""

    rule_id: int
    entity: EntityName
    state: str
    modified_at: datetime
    remarks: str = ""
    created_at: datetime | None = None


def read_results(attributes: Mapping[str, Any], *, key: str, most: int) -> list[Sent]:
    """Return the results of a batch; `key` is what names the entity in each.

    That is `entity_reference`, or `service_name`. Raises `Invalid` with what clients know.
    """
    results = attributes.get("results")
    if not isinstance(results, list):
        raise _refused('attribute "results" is required')
    if len(results) > most:
        raise _refused(f'attribute "results" holds {len(results):,}; send at most {most:,}')
    faults = storable_faults(results)
    if faults:
        raise Invalid(faults)
    return list(map(_Reading(key).read, results))


class _Reading:
    """Reads one result after the other."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._name: Callable[[str], EntityName | None] = (
            name_of if key == "entity_reference" else name_of_service
        )

    def read(self, result: Any) -> Sent:
        """Return a result; raises `Invalid`."""
        if not isinstance(result, dict):
            raise _refused('every one of "results" is an object')
        for name in ("rule_id", self._key, "state"):
            if not isinstance(result.get(name), str) or not result[name]:
                raise _refused(f'attribute "{name}" is required')
        entity = self._name(result[self._key])
        if entity is None:
            raise _refused(f'attribute "{self._key}" must look like "service:my-service"')
        if result["state"] not in STATES:
            raise _refused(f'attribute "state" must be one of "{" ".join(STATES)}"')
        remarks = result.get("remarks", "")
        if not isinstance(remarks, str) or len(remarks) > MAX_REMARKS:
            raise _refused(f'attribute "remarks" must be a text of at most {MAX_REMARKS:,}')
        return Sent(result["rule_id"], entity, result["state"], remarks)


def _refused(message: str) -> Invalid:
    return Invalid([Fault("", message)])


def present_outcome(outcome: Shown) -> dict[str, Any]:
    """Return an outcome; what it does not have is left out."""
    rule_id, service_name = ids.rule_id(outcome.rule_id), outcome.entity.service_name
    attributes = {
        "service_name": service_name,
        "state": outcome.state,
        "remarks": outcome.remarks,
        "created_at": outcome.created_at and timestamp(outcome.created_at),
        "modified_at": timestamp(outcome.modified_at),
    }
    return {
        "id": f"{rule_id}\\{service_name}",
        "type": "outcome",
        "attributes": {key: value for key, value in attributes.items() if value is not None},
        "relationships": {"rule": {"data": {"id": rule_id, "type": "rule"}}},
    }


def present_rules(rules: Iterable[tuple[int, str, str]]) -> Iterator[dict[str, Any]]:
    """Yield rules as they are included with their outcomes: id, name, name of the scorecard."""
    for number, name, scorecard in rules:
        yield {
            "id": ids.rule_id(number),
            "type": "rule",
            "attributes": {"name": name, "scorecard_name": scorecard},
        }
