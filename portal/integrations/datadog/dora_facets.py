"""What event lists can be searched by: facets as conditions on deployments and incidents. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Invalid
from portal.integrations.datadog.dora_names import PRODUCTION, service_identifier
from portal.integrations.datadog.event_search import Condition, Facet, compound, read_search

_TAG = re.compile(r"[^\s:]+")


def deployment_search(text: str, *, path: str) -> Condition | None:
    """Return the condition of a search for deployments; raises `Invalid`."""
    return read_search(text, facet=lambda name: _facet(name, _DEPLOYMENT, path), path=path)


def failure_search(text: str, *, path: str) -> Condition | None:
    """Return the condition of a search for failures; raises `Invalid`."""
    return read_search(text, facet=lambda name: _facet(name, _FAILURE, path), path=path)


def leaf(key: str, operator: str, value: Any = None) -> Condition:
    """Return one condition; `key` is that of the facts."""
    named = key.removeprefix(RELATION_PREFIX)
    condition = {"property" if named == key else "relation": named, "operator": operator}
    return condition if operator in ("isEmpty", "isNotEmpty") else {**condition, "value": value}


def in_environment(operator: str, value: Any) -> Condition:
    """Return the condition on the environment: the reported one, or else which of ours it is."""
    return _or_else("env", leaf("environment", operator, value), operator, value)


def of_service(operator: str, value: Any) -> Condition:
    """Return the condition on the service of a deployment."""
    return leaf(f"{RELATION_PREFIX}service", operator, _named(operator, value))


def _facet(name: str, known: Mapping[str, Facet], path: str) -> Facet:
    if name in known:
        return known[name]
    if not _TAG.fullmatch(name):
        raise Invalid.at(path, f"'{name[:60]}' can be no facet")
    return lambda operator, value: _tagged(name, operator, value, path)


def _tagged(name: str, operator: str, value: Any, path: str) -> Condition:
    """Return the condition that a tag is there: whatever is no facet is the key of one."""
    if operator != "=":
        known = ", ".join(sorted(_DEPLOYMENT.keys() | _FAILURE.keys()))
        raise Invalid.at(
            path,
            f"'{name[:60]}' is taken for the key of a tag, and those are found by their whole value"
            f" only; facets are {known}",
        )
    return leaf("custom_tags", "contains", f"{name}:{value}")


def _plain(key: str) -> Facet:
    return lambda operator, value: leaf(key, operator, value)


def _or_else(key: str, other: Condition, operator: str, value: Any) -> Condition:
    stand_in = compound("and", [leaf(key, "isEmpty"), other])
    return compound("or", [leaf(key, operator, value), stand_in])


def _hit_services(operator: str, value: Any) -> Condition:
    """Return the condition that one of the services of an incident is meant."""
    if operator == "isNotEmpty":
        keys = ("services", f"{RELATION_PREFIX}service")
        return compound("or", [leaf(key, operator) for key in keys])
    _require_whole(operator, "service")
    return _or_else("services", of_service("=", value), "contains", _named("=", value))


def _team(operator: str, value: Any) -> Condition:
    """Return the condition on the team: the reported one, or else an owner of the service."""
    if operator == "isNotEmpty":
        return compound("or", [leaf("team", operator), leaf("$team", operator)])
    _require_whole(operator, "team")
    return _or_else("team", leaf("$team", "contains", value), "=", value)


def _require_whole(operator: str, name: str) -> None:
    if operator != "=":
        raise Invalid.at("query", f"'{name}' is found by whole names only; leave out the '*'")


def _environment_of_failure(operator: str, value: Any) -> Condition:
    """Return the condition on the environment of an incident: production where none is said."""
    found = leaf("env", operator, value)
    is_said_by_silence = operator == "=" and value == PRODUCTION
    return compound("or", [found, leaf("env", "isEmpty")]) if is_said_by_silence else found


def _repository(operator: str, value: Any) -> Condition:
    """Return the condition on ``host/organization/repository``, however the address is written."""
    if operator != "=":
        return leaf("repository", operator, value)
    host, _, name = value.partition("/")
    ends = [leaf("repository", "endsWith", f"{sign}{name}{end}") for sign in "/:" for end in _ENDS]
    return compound("and", [leaf("repository", "contains", host), compound("or", ends)])


def _named(operator: str, value: Any) -> Any:
    return service_identifier(value) if operator == "=" else value


_ENDS = ("", ".git", "/")
_SHARED: dict[str, Facet] = {
    "id": _plain("$identifier"),
    "repository_id": _repository,
    "team": _team,
    "version": _plain("version"),
}
_DEPLOYMENT = {**_SHARED, "env": in_environment, "service": of_service}
_FAILURE = {
    **_SHARED,
    "env": _environment_of_failure,
    "name": _plain("$title"),
    "service": _hit_services,
    "severity": _plain("severity"),
}
