"""Delivery events as this dialect writes them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.errors import Fault, Invalid
from portal.integrations.datadog.dora_attributes import Attributes, required
from portal.integrations.datadog.dora_moments import instant_of, shown
from portal.integrations.datadog.dora_names import nameless, repository_id

DEPLOYMENT, FAILURE = "dora_deployment", "dora_failure"
PATCH = "dora_deployment_patch_request"
REMEDIATIONS = ("rollback", "rollforward")
DEFAULT_LIMIT, MAX_LIMIT = 10, 1_000
_SORTS = ("started_at", "finished_at")


@dataclass(frozen=True)
class DeploymentEvent:
    """A deployment as it was sent; `given` are the properties of the entity that were sent."""

    id: str | None
    service: str
    started_at: datetime
    finished_at: datetime
    given: dict[str, Any]


@dataclass(frozen=True)
class FailureEvent:
    """A failure as it was sent; without services it names a team."""

    id: str | None
    name: str | None
    services: list[str]
    started_at: datetime
    finished_at: datetime | None
    given: dict[str, Any]


@dataclass(frozen=True)
class Remediation:
    """How a failed deployment was put right, and by which: exactly one of id and version is set."""

    type: str
    id: str | None
    version: str | None


@dataclass(frozen=True)
class FailureMark:
    """Whether a deployment is to count as failed, and what put it right."""

    is_failure: bool
    remediation: Remediation | None


@dataclass(frozen=True)
class EventList:
    """Which events a list is asked for. `sort` is a moment of theirs; the newest come first."""

    query: str
    from_: datetime | None
    to: datetime | None
    limit: int
    sort: str
    is_descending: bool


def read_deployment(attributes: Mapping[str, Any]) -> DeploymentEvent:
    """Return the deployment that was sent; raises `Invalid` with every fault."""
    sent = Attributes(attributes)
    service = sent.service(attributes.get("service"), path="service", is_required=True)
    started_at = sent.moment("started_at", is_required=True)
    finished_at = sent.moment("finished_at", is_required=True)
    sent.require_order(started_at, finished_at)
    event = DeploymentEvent(
        id=sent.id(),
        service=service or "",
        started_at=started_at,
        finished_at=finished_at,
        given=sent.shared(),
    )
    sent.refuse_faults()
    return event


def read_failure(attributes: Mapping[str, Any]) -> FailureEvent:
    """Return the failure that was sent; raises `Invalid` with every fault."""
    sent = Attributes(attributes)
    started_at = sent.moment("started_at", is_required=True)
    finished_at = sent.moment("finished_at")
    sent.require_order(started_at, finished_at)
    services = sent.services()
    given = sent.shared() | sent.texts_of("severity")
    if not services and "team" not in given and not sent.faults:
        sent.faults.append(Fault("", 'attribute "services" or "team" is required'))
    name = sent.text("name", longest=1_000)
    event = FailureEvent(sent.id(), name, services, started_at, finished_at, given)
    sent.refuse_faults()
    return event


def read_mark(attributes: Mapping[str, Any], *, is_full: bool = False) -> FailureMark:
    """Return what a deployment is to be marked as; raises `Invalid`.

    A remediation without a word on the failure says that there was one, unless it `is_full`.
    """
    is_failure = attributes.get("change_failure")
    remediation = _remediation(attributes.get("remediation"))
    if is_failure is None and (is_full or remediation is None):
        raise required("change_failure")
    if not isinstance(is_failure, bool | None):
        raise Invalid.at("change_failure", "give true or false")
    if is_failure is False and remediation is not None:
        raise Invalid.at("remediation", "goes only with a change_failure that is true")
    return FailureMark(is_failure is not False, remediation)


def read_version(attributes: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the service, the environment and the version of a deployment; raises `Invalid`."""
    sent = Attributes(attributes)
    service = sent.service(attributes.get("service"), path="service", is_required=True)
    env = sent.text("env", is_required=True)
    version = sent.text("version", is_required=True)
    sent.refuse_faults()
    return service or "", env or "", version or ""


def read_list(attributes: Mapping[str, Any]) -> EventList:
    """Return which events are asked for; raises `Invalid`."""
    sort = attributes.get("sort") or "-started_at"
    if not isinstance(sort, str) or sort.removeprefix("-") not in _SORTS:
        raise Invalid.at("sort", f"must be one of {' '.join(_SORTS)}, with - before it or not")
    limit = attributes.get("limit", DEFAULT_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise Invalid.at("limit", f"give a whole number from 1 to {MAX_LIMIT:,}")
    query = attributes.get("query")
    if not isinstance(query, str | None):
        raise Invalid.at("query", "give a text")
    ends = {
        name: None if attributes.get(name) is None else instant_of(attributes[name], path=name)
        for name in ("from", "to")
    }
    return EventList(
        query=query or "",
        from_=ends["from"],
        to=ends["to"],
        limit=limit,
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
    )


def show_deployment(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deployment as clients read it, from the facts of its entity."""
    attributes = {
        "service": _text(facts, "relation#service") or "",
        "started_at": shown(facts.get("started_at")) or shown(facts.get("deployed_at")),
        "finished_at": shown(facts.get("deployed_at")),
        "env": _text(facts, "env") or _text(facts, "environment"),
        **_shown_alike(facts),
    }
    sha, repository = _text(facts, "sha"), _text(facts, "repository")
    if sha and repository:
        git = {"commit_sha": sha, "repository_id": repository_id(repository)}
        attributes["git"] = git
    return _resource(DEPLOYMENT, facts, attributes)


def show_failure(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an incident as clients read it, from the facts of its entity."""
    service, title = _text(facts, "relation#service"), facts["$title"]
    attributes = {
        "started_at": shown(facts.get("opened_at")),
        "finished_at": shown(facts.get("resolved_at")),
        "services": _texts(facts, "services") or ([service] if service else None),
        "severity": _text(facts, "severity"),
        "env": _text(facts, "env"),
        "name": None if title in (facts["$identifier"], nameless_title(facts)) else title,
        **_shown_alike(facts),
    }
    sha, repository = _text(facts, "sha"), _text(facts, "repository")
    if sha and repository:
        attributes["git"] = {"commit_sha": sha, "repository_url": repository}
    return _resource(FAILURE, facts, attributes)


def nameless_title(properties: Mapping[str, Any]) -> str:
    """Return the title of an incident with these properties where it has no name."""
    return nameless(_texts(properties, "services"), _text(properties, "team"))


def _shown_alike(facts: Mapping[str, Any]) -> dict[str, Any]:
    owners = facts.get("$team") or [None]
    return {
        "version": _text(facts, "version"),
        "team": _text(facts, "team") or owners[0],
        "custom_tags": _texts(facts, "custom_tags") or None,
    }


def _text(facts: Mapping[str, Any], key: str) -> str | None:
    """Return a text; a blueprint may have had something else under the name before."""
    value = facts.get(key)
    return value if isinstance(value, str) and value else None


def _texts(facts: Mapping[str, Any], key: str) -> list[str]:
    value = facts.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _resource(type_: str, facts: Mapping[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in attributes.items() if value is not None}
    return {"id": facts["$identifier"], "type": type_, "attributes": kept}


def _remediation(raw: Any) -> Remediation | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise Invalid.at("remediation", 'give an object with "type" and "id" or "version"')
    if raw.get("type") not in REMEDIATIONS:
        raise Invalid([Fault("", f'attribute "type" must be one of "{" ".join(REMEDIATIONS)}"')])
    sent = Attributes(raw)
    id_, version = sent.text("id"), sent.text("version")
    sent.refuse_faults()
    if (id_ is None) == (version is None):
        raise Invalid.at("remediation", 'give either "id" or "version" of the deployment')
    return Remediation(raw["type"], id_, version)
