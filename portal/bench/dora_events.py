"""The events of the DORA benchmark, drawn from a seed: two runs measure the same."""

from array import array
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from catalog.facts import timestamp
from portal.permissions import SYSTEM

DAY = 86_400
YEAR = 365 * DAY

Properties = dict[str, Any]


class Service(NamedTuple):
    """A service that events belong to, with the teams that own it."""

    id: int
    identifier: str
    team: list[str]


class Event(NamedTuple):
    """One event, with all that `catalog.facts.build` reads of an entity.

    `related` holds the identifiers that its relations name, `targets` the ids.
    """

    identifier: str
    title: str
    properties: Properties
    computed: Properties
    team: list[str]
    created_at: datetime
    updated_at: datetime
    related: dict[str, list[str]]
    targets: dict[str, int]
    icon: str = ""
    created_by: str = SYSTEM.label
    updated_by: str = SYSTEM.label
    datasource: str = "bench"


class Events:
    """Draws events spread over the year before `now`."""

    def __init__(self, services: Sequence[Service], *, now: datetime) -> None:
        self.services = services
        self.now = now
        self._random = Random(7)
        # Of each deployment: its entity, its service and how many seconds ago it was, for the
        # events that belong to it. Arrays, so that a million of them weigh little.
        self._ids, self._services, self._ages = array("q"), array("l"), array("l")

    def deployed(self, number: int) -> tuple[Service, Properties]:
        """Draw a deployment that nobody has heard of: its service and its properties."""
        service = self.services[self._service()]
        return service, self._deployment_properties(number, self._moment())

    def deployment(self, number: int, *, id_: int) -> Event:
        """Draw a deployment that will be the entity with this id."""
        index, moment = self._service(), self._moment()
        self._ids.append(id_)
        self._services.append(index)
        self._ages.append(int((self.now - moment).total_seconds()))
        properties = self._deployment_properties(number, moment)
        return self._event(
            f"deployment-{number}", properties, at=(moment, moment), index=index, computed={}
        )

    def pull_request(self, number: int) -> Event:
        """Draw a pull request: four fifths of them were merged and shipped by a deployment."""
        status = self._choose({"merged": 80, "closed": 12, "open": 8})
        is_merged = status == "merged"
        deployment, index, end = self._cause(is_known=is_merged)
        end -= timedelta(seconds=self._random.randrange(2 * DAY))
        start = end - timedelta(seconds=60 + int(self._random.expovariate(1 / (1.5 * DAY))))
        properties = {
            "number": number,
            "url": f"https://git.example.com/pulls/{number}",
            "status": status,
            "opened_at": timestamp(start),
        }
        if is_merged:
            properties["merged_at"] = timestamp(end)
        return self._event(
            f"pull-request-{number}",
            properties,
            at=(start, end),
            index=index,
            computed={"cycle_time_hours": _apart(start, end, 3_600) if is_merged else None},
            pointing=("deployment", deployment),
        )

    def incident(self, number: int) -> Event:
        """Draw an incident: four fifths of them name their deployment, a few are still open."""
        deployment, index, start = self._cause(is_known=self._random.random() < 0.8)
        start = min(start + timedelta(seconds=self._random.randrange(DAY // 2)), self.now)
        end = start + timedelta(seconds=60 + int(self._random.expovariate(1 / 10_000)))
        is_open = self._random.random() < 0.03 or end > self.now
        properties = {
            "url": f"https://alerts.example.com/{number}",
            "opened_at": timestamp(start),
        }
        if not is_open:
            properties["resolved_at"] = timestamp(end)
        return self._event(
            f"incident-{number}",
            properties,
            at=(start, start if is_open else end),
            index=index,
            computed={
                "status": "open" if is_open else "resolved",
                "recovery_minutes": None if is_open else _apart(start, end, 60),
            },
            pointing=("caused_by", deployment),
        )

    def _service(self) -> int:
        """Draw the number of a service: a quarter of them has half of the events."""
        return int(len(self.services) * self._random.random() ** 2)

    def _moment(self) -> datetime:
        return self.now - timedelta(seconds=self._random.randrange(1, YEAR))

    def _choose(self, shares: dict[str, int]) -> str:
        """Draw one of the words; the shares are in percent."""
        return self._random.choices(list(shares), weights=shares.values())[0]

    def _deployment_properties(self, number: int, moment: datetime) -> Properties:
        return {
            "version": f"1.{number}",
            "sha": f"{self._random.getrandbits(160):040x}",
            "deployed_at": timestamp(moment),
            "status": self._choose({"success": 90, "failure": 8, "pending": 2}),
            "environment": self._choose({"production": 70, "staging": 20, "development": 10}),
            "changes_count": self._random.randint(1, 5),
        }

    def _cause(self, *, is_known: bool) -> tuple[int | None, int, datetime]:
        """Draw a deployment with its service and moment; where none is known, only these."""
        if not is_known:
            return None, self._service(), self._moment()
        number = self._random.randrange(len(self._ids))
        age = timedelta(seconds=self._ages[number])
        return number, self._services[number], self.now - age

    def _event(
        self,
        identifier: str,
        properties: Properties,
        *,
        at: tuple[datetime, datetime],
        index: int,
        computed: Properties,
        pointing: tuple[str, int | None] = ("", None),
    ) -> Event:
        service = self.services[index]
        related, targets = {"service": [service.identifier]}, {"service": service.id}
        relation, deployment = pointing
        if deployment is not None:
            related[relation] = [f"deployment-{deployment}"]
            targets[relation] = self._ids[deployment]
        return Event(
            identifier=identifier,
            title=identifier,
            properties=properties,
            computed=computed,
            team=service.team,
            created_at=at[0],
            updated_at=at[1],
            related=related,
            targets=targets,
        )


def _apart(start: datetime, end: datetime, unit: int) -> float | int:
    """Return how far apart two moments are, as jq writes the number."""
    value = (end - start).total_seconds() / unit
    return int(value) if value.is_integer() else value
