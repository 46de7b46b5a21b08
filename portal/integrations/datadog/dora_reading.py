"""Reading delivery events back: whoever brought them, they are entities of the catalog."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models.functions import Coalesce

from catalog.conditions import parse
from catalog.models import Entity
from catalog.queries.typed import MomentOf
from catalog.querysets import EntityQuerySet
from portal.integrations.datadog.dora_codec import EventList
from portal.integrations.datadog.dora_facets import (
    deployment_search,
    failure_search,
    in_environment,
    leaf,
    of_service,
)
from portal.integrations.datadog.dora_moments import microseconds
from portal.integrations.datadog.event_search import Condition
from portal.permissions import Rights, sight_with

# Moments of both blueprints, as queries sort by them. What other tools report may lack the first.
_MOMENTS: dict[str, dict[str, Any]] = {
    "deployment": {
        "started_at": Coalesce(MomentOf("started_at"), MomentOf("deployed_at")),
        "finished_at": MomentOf("deployed_at"),
    },
    "incident": {
        "started_at": MomentOf("opened_at"),
        "finished_at": MomentOf("resolved_at"),
    },
}
# What events are: of a service, at a time; and what is none of its own stands for something else.
_EVENTS: dict[str, list[Condition]] = {
    "deployment": [leaf("relation#service", "isNotEmpty"), leaf("deployed_at", "isNotEmpty")],
    "incident": [
        leaf("opened_at", "isNotEmpty"),
        leaf("relation#part_of", "isEmpty"),
        leaf("is_change_failure", "!=", True),
    ],
}
# No condition of an event reads the clock.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def deployment(id_: str, *, rights: Rights | None) -> Entity | None:
    """Return the deployment with an id, if `rights` may read it; None may read everything."""
    return _events("deployment", rights=rights).named([id_]).first()


def failure(id_: str, *, rights: Rights | None) -> Entity | None:
    """Return the incident with an id, if `rights` may read it."""
    return _events("incident", rights=rights).named([id_]).first()


def newest_deployment(
    *, service: str, env: str, version: str, rights: Rights | None
) -> Entity | None:
    """Return the deployment of a version of a service to an environment that was finished last."""
    wanted = [
        of_service("=", service),
        in_environment("=", env),
        leaf("version", "=", version),
    ]
    finished_at = _MOMENTS["deployment"]["finished_at"]
    rows = _events("deployment", *wanted, rights=rights)
    return rows.order_by(finished_at.desc(nulls_last=True), "-id").first()


def deployments(asked: EventList, *, rights: Rights) -> Sequence[Entity]:
    """Return the deployments that a list is asked for; raises `Invalid` for its search."""
    search = deployment_search(asked.query, path="query")
    return _listed("deployment", asked, search, rights=rights)


def failures(asked: EventList, *, rights: Rights) -> Sequence[Entity]:
    """Return the incidents that a list is asked for; raises `Invalid` for its search."""
    search = failure_search(asked.query, path="query")
    return _listed("incident", asked, search, rights=rights)


def _listed(
    blueprint: str, asked: EventList, search: Condition | None, *, rights: Rights
) -> Sequence[Entity]:
    found = _events(blueprint, *([] if search is None else [search]), rights=rights)
    # Reading a moment out of facts costs more than all else; nothing reads one that need not.
    if asked.from_ is not None or asked.to is not None:
        found = found.alias(began=_MOMENTS[blueprint]["started_at"])
    if asked.from_ is not None:
        found = found.filter(began__gte=microseconds(asked.from_))
    if asked.to is not None:
        found = found.filter(began__lte=microseconds(asked.to))
    moment = _MOMENTS[blueprint][asked.sort]
    order = moment.desc(nulls_last=True) if asked.is_descending else moment.asc(nulls_last=True)
    return list(found.only("facts").order_by(order, "id")[: asked.limit])


def _events(blueprint: str, *conditions: Condition, rights: Rights | None) -> EntityQuerySet:
    whole = [*_EVENTS[blueprint], *conditions]
    query = parse({"combinator": "and", "conditions": whole}, path="query")
    sight = sight_with(rights)
    rows = Entity.objects.of(blueprint).seen_in(sight)
    return rows.matching(query, now=_NO_TIME, sight=sight)
