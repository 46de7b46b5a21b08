"""What the pages say of the ways in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def ways_in(request: HttpRequest) -> dict[str, Any]:
    """Return which ways in there are; costs nothing."""
    is_local = settings.TIDEMARK_LOCAL_LOGIN
    return {
        "ways_in": {
            "is_local": is_local,
            "provider": settings.TIDEMARK_OIDC["name"] if settings.TIDEMARK_OIDC else "",
            "has_reset": is_local and settings.TIDEMARK_SENDS_MAIL,
            "has_second_factor": settings.TIDEMARK_MFA,
        }
    }
