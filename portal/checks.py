"""What has to hold of the settings before the site starts."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from portal.http.addresses import unusable_entries

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")


def check_allowed_hosts_out(**_: Any) -> list[CheckMessage]:
    """Return an error for each entry that would allow nothing."""
    return [
        Error(
            f"TIDEMARK_ALLOWED_HOSTS_OUT: {entry!r} is neither a host name nor an address nor a "
            "network.",
            hint="Write git.example.com, 10.1.2.3 or 10.1.0.0/16: no scheme, port or wildcard.",
            id="portal.E001",
        )
        for entry in unusable_entries(settings.TIDEMARK_ALLOWED_HOSTS_OUT)
    ]


def check_frame_hosts(**_: Any) -> list[CheckMessage]:
    """Return an error for each entry that is no host: the browser would be told nonsense."""
    return [
        Error(
            f"TIDEMARK_FRAME_HOSTS: {entry!r} is no host.",
            hint="Write grafana.example.com or grafana.example.com:8443: no scheme and no path.",
            id="portal.E003",
        )
        for entry in settings.TIDEMARK_FRAME_HOSTS
        if not _HOST.fullmatch(entry)
    ]


def check_own_address(**_: Any) -> list[CheckMessage]:
    """Return an error where what messages link to would be no address."""
    if not settings.TIDEMARK_URL or settings.TIDEMARK_URL.startswith(("https://", "http://")):
        return []
    return [
        Error(
            f"TIDEMARK_URL: {settings.TIDEMARK_URL!r} is not the address of a site.",
            hint="Write https://portal.example.com",
            id="portal.E002",
        )
    ]


def check_ways_in(**_: Any) -> list[CheckMessage]:
    """Return an error where nobody could sign in."""
    if settings.TIDEMARK_LOCAL_LOGIN or settings.TIDEMARK_OIDC:
        return []
    return [
        Error(
            "TIDEMARK_LOCAL_LOGIN is 0, and there is no other way in.",
            hint="Set TIDEMARK_OIDC_SERVER_URL, or TIDEMARK_LOCAL_LOGIN=1.",
            id="portal.E004",
        )
    ]
