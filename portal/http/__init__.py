"""The only door for what goes out: vetted addresses, limits of time and size, named errors."""

from portal.http.errors import OutboundError, Refused, Unreachable
from portal.http.sending import Answer, Outbound, check_url, post_json, send

__all__ = [
    "Answer",
    "Outbound",
    "OutboundError",
    "Refused",
    "Unreachable",
    "check_url",
    "post_json",
    "send",
]
