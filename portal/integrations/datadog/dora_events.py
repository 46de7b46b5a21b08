"""Delivery events as entities of the DORA pack: deployments and incidents.

An incident that hit several services is one entity for each of them, for measures go by the
service: the first keeps the id, and the others are part of it. Outside production it is a single
entity that is related in another way, for it counts in no measure.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.models import Entity
from catalog.operations import EntityDraft, delete_entities
from portal.integrations.datadog.change_failures import follow_deployment, forget_deployment
from portal.integrations.datadog.dora_catalog import DEPLOYMENT, INCIDENT, require_pack, write
from portal.integrations.datadog.dora_codec import (
    DeploymentEvent,
    FailureEvent,
    nameless_title,
)
from portal.integrations.datadog.dora_moments import written
from portal.integrations.datadog.dora_names import PRODUCTION, environment_of, event_key
from portal.integrations.models import EventKey
from portal.permissions import Actor


@transaction.atomic
def record_deployment(*, event: DeploymentEvent, by: Actor, now: datetime) -> Entity:
    """Create or change the deployment that an event is about; raises `Invalid`."""
    require_pack(by=by, now=now)
    env = event.given.get("env")
    key = event_key(DEPLOYMENT, env=env, service=event.service, started_at=event.started_at)
    identifier = event.id or _identifier_of(key)
    stored = Entity.objects.of(DEPLOYMENT).named([identifier]).first()
    properties = {
        **event.given,
        "started_at": written(event.started_at),
        "deployed_at": written(event.finished_at),
    }
    if stored is None:
        # Only deployments that were carried out are reported; who knows better may say so.
        properties["status"] = "success"
    if stored is None or env is not None:
        properties["environment"] = environment_of(env)
    draft = EntityDraft(
        identifier,
        title=_title(event, stored),
        properties=properties,
        relations={"service": event.service},
    )
    entity = write(DEPLOYMENT, [draft], by=by, now=now).entities[0]
    _note_key(entity, key)
    if stored is not None:
        follow_deployment(deployment=entity, by=by, now=now)
    return entity


@transaction.atomic
def record_failure(*, event: FailureEvent, by: Actor, now: datetime) -> Entity:
    """Create or change the incident that an event is about; raises `Invalid`."""
    require_pack(by=by, now=now)
    about = event.services[0] if event.services else event.given.get("team", "")
    env = event.given.get("env")
    key = event_key(INCIDENT, env=env, service=about, started_at=event.started_at)
    identifier = event.id or _identifier_of(key)
    stored = Entity.objects.of(INCIDENT).named([identifier]).first()
    main = _incident_draft(identifier, event, stored)
    drafts = [main, *_parts(main)]
    entity = write(INCIDENT, drafts, by=by, now=now).entities[0]
    _delete_parts(entity, kept={draft.identifier for draft in drafts}, by=by, now=now)
    _note_key(entity, key)
    return entity


@transaction.atomic
def delete_deployment(*, entity: Entity, by: Actor, now: datetime) -> None:
    """Delete a deployment, and what says of it, or by it of others, that a change failed.

    Raises `HasDependents` where an entity of another kind requires it.
    """
    forget_deployment(deployment=entity, by=by, now=now)
    delete_entities(entities=[entity], by=by, now=now)


@transaction.atomic
def delete_failure(*, entity: Entity, by: Actor, now: datetime) -> None:
    """Delete an incident with its parts; raises `HasDependents` where another requires one."""
    _delete_parts(entity, kept=set(), by=by, now=now)
    delete_entities(entities=[entity], by=by, now=now)


def _identifier_of(key: str) -> str:
    """Return the identifier of the event that one without an id is about: new, or sent before."""
    found = EventKey.objects.filter(key=key).order_by("-entity_id")
    return found.values_list("entity__identifier", flat=True).first() or key


def _note_key(entity: Entity, key: str) -> None:
    if entity.identifier == key:
        return
    EventKey.objects.update_or_create(entity=entity, defaults={"key": key})


def _title(event: DeploymentEvent, stored: Entity | None) -> str:
    known = stored.properties if stored is not None else {}
    whole = {**known, **event.given}
    revision = whole.get("version") or (whole.get("sha") or "")[:7]
    return f"{event.service} {revision}".rstrip()


def _incident_draft(identifier: str, event: FailureEvent, stored: Entity | None) -> EntityDraft:
    properties = {**event.given, "opened_at": written(event.started_at)}
    if event.finished_at is not None:
        properties["resolved_at"] = written(event.finished_at)
    if event.services:
        properties["services"] = event.services
    known = {} if stored is None else stored.properties
    whole = {**known, **properties}
    services = whole.get("services") or []
    is_measured = environment_of(whole.get("env")) == PRODUCTION
    relations: dict[str, Any] = {
        "service": services[0] if is_measured and services else None,
        "affected": [] if is_measured else services,
    }
    has_name = stored is not None and stored.title != nameless_title(known)
    title = event.name or (stored.title if has_name else nameless_title(whole))
    return EntityDraft(identifier, title=title, properties=whole, relations=relations)


def _parts(main: EntityDraft) -> Iterator[EntityDraft]:
    """Yield an incident for each further service of one that counts."""
    if main.relations["service"] is None:
        return
    properties = {**main.properties, "services": None}
    for service in main.properties["services"][1:]:
        yield EntityDraft(
            f"{main.identifier}/{service}",
            title=main.title,
            properties=properties,
            relations={"service": service, "part_of": main.identifier},
        )


def _delete_parts(entity: Entity, *, kept: set[str], by: Actor, now: datetime) -> None:
    rows = Entity.objects.filter(outgoing__relation="part_of", outgoing__target=entity)
    gone = list(rows.exclude(identifier__in=kept).order_by("id"))
    if gone:
        delete_entities(entities=gone, by=by, now=now)
