"""Names in delivery events: services, environments, repositories; ids made of them. Pure."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

# What identifiers of entities cannot hold.
_UNNAMEABLE = re.compile(r"[^\w@.+:\\/=-]")
_WORDS = re.compile(r"[^a-z0-9]+")
PRODUCTION = "production"
_ENVIRONMENTS = {
    **dict.fromkeys(("production", "prod", "prd", "live"), PRODUCTION),
    **dict.fromkeys(("staging", "stage", "stg"), "staging"),
    **dict.fromkeys(("development", "develop", "dev"), "development"),
}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^@/]*@)?", re.IGNORECASE)
_SCP = re.compile(r"^[^@/]+@([^:/]+):")


def service_identifier(name: str) -> str:
    """Return the identifier of the service that an event names: signs it cannot hold become ``_``.

    >>> service_identifier("shop front")
    'shop_front'
    """
    identifier = _UNNAMEABLE.sub("_", name)
    return "_" if identifier in (".", "..") else identifier


def environment_of(env: str | None) -> str | None:
    """Return which of the pack's environments is meant by the first word; None where it is none.

    Events that name none are taken to be about production, which is what is measured.

    >>> environment_of("prod-eu-west-1"), environment_of("non-prod")
    ('production', None)
    """
    if env is None:
        return PRODUCTION
    return _ENVIRONMENTS.get(_WORDS.split(env.lower())[0])


def event_key(kind: str, *, env: str | None, service: str, started_at: datetime) -> str:
    """Return what tells an event without an id from others, and is its id: 16 hexadecimal digits.

    Events of one service in one environment that began in the same second are one.
    """
    words = (kind, env or "", service, str(int(started_at.timestamp())))
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def nameless(services: Sequence[str], team: str | None) -> str:
    """Return the title of an incident that nobody gave a name."""
    return f"Incident of {', '.join(services) or team or 'nobody'}"


def repository_id(address: str) -> str:
    """Return a repository's address as ``host/organization/repository``.

    >>> repository_id("git@github.com:shop/front.git")
    'github.com/shop/front'
    """
    plain = _SCP.sub(r"\1/", _SCHEME.sub("", address))
    return plain.rstrip("/").removesuffix(".git")
