"""Access tokens: signed, for three hours, and void when the secret or the credential is."""

from datetime import datetime
from hashlib import sha256

import jwt
from django.conf import settings

from portal.integrations.credentials import live_credentials
from portal.integrations.models import ApiCredential

LIFETIME = 3 * 60 * 60  # seconds
_ALGORITHM = "HS256"


def _key() -> bytes:
    # Not the key itself: what is signed for one purpose must not be good for another.
    return sha256(f"tidemark.port.tokens:{settings.SECRET_KEY}".encode()).digest()


def issue(credential: ApiCredential, *, now: datetime) -> str:
    """Return a token for the credential. Clients read `isMachine` and `personalToken` in it."""
    issued_at = int(now.timestamp())
    claims = {
        "sub": credential.client_id,
        "secret": credential.secret_digest[:16],
        "isMachine": credential.user is None,
        "personalToken": credential.user is not None,
        "iat": issued_at,
        "exp": issued_at + LIFETIME,
    }
    return jwt.encode(claims, _key(), algorithm=_ALGORITHM)


def read(token: str) -> ApiCredential | None:
    """Return the credential that a token was issued to; None where it is not good (any more)."""
    try:
        claims = jwt.decode(
            token, _key(), algorithms=[_ALGORITHM], options={"require": ["sub", "exp", "secret"]}
        )
    except jwt.InvalidTokenError:
        return None
    row = live_credentials().filter(client_id=claims["sub"]).first()
    return row if row is not None and row.secret_digest.startswith(claims["secret"]) else None
