"""What has to hold of the settings before the site starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from portal.http.addresses import unusable_entries


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
