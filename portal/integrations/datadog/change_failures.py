"""Deployments that are marked as failed, and the incidents that stand for it.

The pack's measures know a failed change by the incident that is attributed to it, and recovery by
that incident's length. So a mark becomes such an incident: it begins when the failed deployment was
finished, and ends when the one that put it right was.
"""

from datetime import datetime

from django.db import transaction

from catalog.errors import Invalid
from catalog.models import Entity
from catalog.operations import EntityDraft, delete_entities
from portal.integrations.datadog import dora_reading
from portal.integrations.datadog.dora_catalog import DEPLOYMENT, INCIDENT, require_pack, write
from portal.integrations.datadog.dora_codec import FailureMark, Remediation
from portal.integrations.datadog.dora_moments import instant_of
from portal.integrations.datadog.dora_names import PRODUCTION
from portal.permissions import Actor


@transaction.atomic
def mark_deployment(*, deployment: Entity, mark: FailureMark, by: Actor, now: datetime) -> Entity:
    """Mark a deployment as failed, or as not; raises `Invalid`.

    Without a remediation the one that was named before stays.
    """
    require_pack(by=by, now=now)
    properties: dict[str, object] = {"change_failure": mark.is_failure}
    remediating = _remediating(deployment)
    if mark.remediation is not None:
        remediating = _named(deployment, mark.remediation, by=by)
        properties["remediation_type"] = mark.remediation.type
    elif not mark.is_failure:
        properties["remediation_type"] = None
    marked = _change(deployment, properties, by=by, now=now)
    _settle(marked, remediating, by=by, now=now)
    return marked


def follow_deployment(*, deployment: Entity, by: Actor, now: datetime) -> None:
    """Bring the incidents in line with a deployment that has changed."""
    if deployment.fact("change_failure"):
        _settle(deployment, _remediating(deployment), by=by, now=now)
    for failed in _put_right_by(deployment):
        _settle(failed, deployment, by=by, now=now)


def forget_deployment(*, deployment: Entity, by: Actor, now: datetime) -> None:
    """Take a deployment that is about to be deleted out of all this.

    What it had put right is failed without a remediation from then on.
    """
    for failed in _put_right_by(deployment):
        changed = _change(failed, {"remediation_type": None}, by=by, now=now)
        _settle(changed, None, by=by, now=now)
    _delete(_incident_of(deployment), by=by, now=now)


def _change(
    deployment: Entity, properties: dict[str, object], *, by: Actor, now: datetime
) -> Entity:
    """Change a deployment, which stays that of the tool that reported it."""
    draft = EntityDraft(deployment.identifier, properties=properties)
    return write(DEPLOYMENT, [draft], by=by, now=now, datasource="").entities[0]


def _named(failed: Entity, remediation: Remediation, *, by: Actor) -> Entity:
    """Return the deployment that is said to have put a failed one right; raises `Invalid`."""
    if remediation.id is not None:
        place, found = "remediation.id", dora_reading.deployment(remediation.id, rights=by.rights)
    else:
        place, found = (
            "remediation.version",
            _deployed_alike(failed, remediation.version or "", by=by),
        )
    if found is None:
        raise Invalid.at(place, "names no deployment that is known; send that one first")
    if found.pk == failed.pk:
        raise Invalid.at(place, "is the failed deployment itself")
    if _finished_at(found) < _finished_at(failed):
        raise Invalid.at(place, "was finished before the failed deployment")
    return found


def _deployed_alike(failed: Entity, version: str, *, by: Actor) -> Entity | None:
    """Return the newest deployment of a version to where the failed one went."""
    return dora_reading.newest_deployment(
        service=failed.fact("relation#service") or "",
        env=failed.fact("env") or failed.fact("environment") or PRODUCTION,
        version=version,
        rights=by.rights,
    )


def _finished_at(deployment: Entity) -> datetime:
    return instant_of(deployment.fact("deployed_at"), path="deployed_at")


def _settle(deployment: Entity, remediating: Entity | None, *, by: Actor, now: datetime) -> None:
    """Make, change or delete the incident of a deployment, by what the deployment says."""
    if not deployment.fact("change_failure"):
        _delete(_incident_of(deployment), by=by, now=now)
        return
    service = deployment.fact("relation#service")
    is_measured = deployment.fact("environment") == PRODUCTION
    draft = EntityDraft(
        _incident_identifier(deployment),
        title=f"Change failure of {deployment.title}",
        properties={
            "is_change_failure": True,
            "opened_at": deployment.fact("deployed_at"),
            "resolved_at": remediating and remediating.fact("deployed_at"),
            "env": deployment.fact("env") or deployment.fact("environment"),
            "version": deployment.fact("version"),
        },
        relations={
            "service": service if is_measured else None,
            "affected": [] if is_measured or service is None else [service],
            "caused_by": deployment.identifier,
            "resolved_by": remediating and remediating.identifier,
        },
    )
    write(INCIDENT, [draft], by=by, now=now)


def _incident_identifier(deployment: Entity) -> str:
    """Return an identifier that no id of an event can be."""
    return f"{deployment.identifier}/change-failure"


def _incident_of(deployment: Entity) -> Entity | None:
    rows = Entity.objects.of(INCIDENT)
    return rows.named([_incident_identifier(deployment)]).first()


def _remediating(failed: Entity) -> Entity | None:
    """Return the deployment that put a failed one right, as its incident says."""
    incident = _incident_of(failed)
    if incident is None:
        return None
    return Entity.objects.filter(
        incoming__relation="resolved_by", incoming__source=incident
    ).first()


def _put_right_by(deployment: Entity) -> list[Entity]:
    """Return the failed deployments that a deployment put right."""
    incidents = Entity.objects.filter(
        outgoing__relation="resolved_by",
        outgoing__target=deployment,
        properties__is_change_failure=True,
    )
    rows = Entity.objects.filter(incoming__relation="caused_by", incoming__source__in=incidents)
    return list(rows.filter(properties__change_failure=True).order_by("id"))


def _delete(incident: Entity | None, *, by: Actor, now: datetime) -> None:
    if incident is not None:
        delete_entities(entities=[incident], by=by, now=now)
