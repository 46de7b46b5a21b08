"""The workload of the DORA benchmark: services of teams, and a year of events about them.

Teams and services are made by the catalog's own operations. Events are inserted as plain rows that
hold what those operations would have left; only their audit rows are missing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max

from catalog import facts, registry
from catalog.blueprints import BlueprintSpec
from catalog.bulk import chunks, insert_rows
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import EntityDraft, rebuild, upsert_entities
from portal.bench.dora_events import Event, Events, Service
from portal.bench.evaluate import Report
from portal.permissions import SYSTEM
from scorecards.operations import install_pack

# The blueprints that the metrics are properties of, in the order in which they are worked out.
OWNERS = ("service", "_team")
EVENTS = ("deployment", "pull_request", "incident")
SERVICES_A_TEAM = 50
BATCH = 5_000
CRITICALITIES = ("low", "medium", "high", "critical")
COLUMNS = (
    "id", "blueprint", "identifier", "title", "icon", "properties", "computed", "facts",
    "problems", "datasource", "created_at", "created_by", "updated_at", "updated_by",
)  # fmt: skip


class Sizes(NamedTuple):
    """How many events of each kind there are."""

    deployments: int
    pull_requests: int
    incidents: int

    def share(self, deployments: int) -> "Sizes":
        """Return the sizes at fewer deployments, the other events in proportion."""
        return Sizes(
            deployments,
            self.pull_requests * deployments // self.deployments,
            self.incidents * deployments // self.deployments,
        )


def make_services(*, count: int, now: datetime, has_measures: bool = False) -> list[Service]:
    """Install the pack, and make services, each owned by one team of fifty services."""
    install_pack(name="dora", by=SYSTEM, now=now, settings={"measures": has_measures})
    teams = [f"team-{number}" for number in range(-(-count // SERVICES_A_TEAM))]
    _upsert(
        "_team", [EntityDraft(identifier=team, properties={"type": "team"}) for team in teams], now
    )
    owners = [teams[number // SERVICES_A_TEAM] for number in range(count)]
    drafts = [
        EntityDraft(
            identifier=f"service-{number}",
            properties={
                "url": f"https://git.example.com/service-{number}",
                "criticality": CRITICALITIES[number % len(CRITICALITIES)],
            },
            team=team,
        )
        for number, team in enumerate(owners)
    ]
    rows = _upsert("service", drafts, now)
    return [Service(row.pk, row.identifier, [team]) for row, team in zip(rows, owners, strict=True)]


def _upsert(name: str, drafts: Sequence[EntityDraft], now: datetime) -> list[Entity]:
    blueprint = Blueprint.objects.get(identifier=name)
    return [
        row
        for batch in chunks(drafts, 1_000)
        for row in upsert_entities(blueprint=blueprint, drafts=batch, by=SYSTEM, now=now).entities
    ]


class History:
    """The past of the services, which grows from one size to the next."""

    def __init__(
        self, services: Sequence[Service], *, now: datetime, has_measures: bool = False
    ) -> None:
        self.now = now
        self._has_measures = has_measures
        self.sizes = Sizes(0, 0, 0)
        self._events = Events(services, now=now)
        self._reported = 0

    def grow(self, sizes: Sizes) -> None:
        """Insert the events that are missing to these sizes, each kind over the whole year."""
        events = self._events
        had = self.sizes
        # Deployments first: the others point at them.
        insert_drawn(
            "deployment",
            range(had.deployments, sizes.deployments),
            lambda number, id_: events.deployment(number, id_=id_),
        )
        insert_drawn(
            "pull_request",
            range(had.pull_requests, sizes.pull_requests),
            lambda number, id_: events.pull_request(number),
        )
        insert_drawn(
            "incident",
            range(had.incidents, sizes.incidents),
            lambda number, id_: events.incident(number),
        )
        self.sizes = sizes
        follow_ids()

    def work_out(self, *, report: Report) -> None:
        """Work out what DORA's own measures need of the events themselves, where they are there.

        The rows that are inserted lack it; nobody measures this.
        """
        for name in EVENTS if self._has_measures else ():
            report(f"working out every {name}")
            rebuild(blueprint=Blueprint.objects.get(identifier=name), now=self.now)

    def late(self, count: int) -> Iterator[EntityDraft]:
        """Yield deployments of the past year that are only now reported."""
        for _ in range(count):
            self._reported += 1
            service, properties = self._events.deployed(self._reported)
            yield EntityDraft(
                identifier=f"reported-{self._reported}",
                properties=properties,
                relations={"service": service.identifier},
            )

    def live(self, count: int) -> Iterator[EntityDraft]:
        """Yield deployments that reach production now."""
        for draft in self.late(count):
            draft.properties.update(
                status="success", environment="production", deployed_at=facts.timestamp(self.now)
            )
            yield draft


def insert_drawn(name: str, numbers: range, draw: Callable[[int, int], Event]) -> None:
    """Insert these events of one blueprint; `draw` takes the number and the id of each."""
    blueprint = Blueprint.objects.get(identifier=name)
    spec = registry.graph().specs[name]
    for batch in chunks(numbers, BATCH):
        first = (Entity.objects.aggregate(last=Max("id"))["last"] or 0) + 1
        drawn = {id_: draw(number, id_) for id_, number in enumerate(batch, start=first)}
        rows = [_row(id_, event, blueprint.pk, spec) for id_, event in drawn.items()]
        edges = [
            (id_, relation, target)
            for id_, event in drawn.items()
            for relation, target in event.targets.items()
        ]
        with transaction.atomic():
            insert_rows(Entity, rows, fields=COLUMNS)
            insert_rows(EntityRelation, edges, fields=("source", "relation", "target"))


def _row(id_: int, event: Event, blueprint_id: int, spec: BlueprintSpec) -> tuple[object, ...]:
    return (
        id_,
        blueprint_id,
        event.identifier,
        event.title,
        event.icon,
        _text(event.properties),
        _text(event.computed),
        _text(facts.build(event, spec=spec, related=event.related)),
        "[]",
        event.datasource,
        event.created_at,
        event.created_by,
        event.updated_at,
        event.updated_by,
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def follow_ids() -> None:
    """Tell the database which ids are taken, where it counts them apart from the rows."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Entity]):
            cursor.execute(statement)
