"""Secrets at rest: sealed with keys made from `SECRET_KEY`; a copy of the database tells none.

The first key seals; those made from `SECRET_KEY_FALLBACKS` still open what was sealed before the
key was changed.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

# Tells what is sealed from what is not, and how; says nothing about the secret.
PREFIX = "sealed:1:"

_UNREADABLE = (
    "The stored secret cannot be read: SECRET_KEY has changed since it was saved, or the stored "
    "text was altered. Enter the secret again, or put the former key into SECRET_KEY_FALLBACKS."
)


class Unsealable(Exception):
    """A stored secret cannot be read any more, by any key there is.

    Whoever reveals a secret catches this and passes the message on: a delivery fails with it and is
    not tried again, for only people can mend it. The REST API answers 409 with it by itself.
    """

    def __init__(self, message: str = _UNREADABLE) -> None:
        super().__init__(message)


def seal(text: str) -> str:
    """Return the text sealed with the current key, as printable ASCII; never twice the same."""
    return PREFIX + _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text that was sealed; raises `Unsealable`."""
    if not sealed.startswith(PREFIX):
        raise Unsealable
    try:
        return _keys().decrypt(sealed.removeprefix(PREFIX)).decode()
    # Anything but ASCII is a ValueError.
    except (InvalidToken, ValueError):
        raise Unsealable from None


@dataclass(frozen=True, repr=False)
class Sealed:
    """A secret that shows itself to nobody who does not ask: `text` is what is stored.

    Empty text is the empty secret, which is false.
    """

    text: str

    @classmethod
    def of(cls, secret: str) -> "Sealed":
        """Return this secret, sealed."""
        return cls(seal(secret) if secret else "")

    def reveal(self) -> str:
        """Return the secret itself; raises `Unsealable`."""
        return unseal(self.text) if self.text else ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __repr__(self) -> str:
        return "(sealed)" if self.text else "(empty)"


def _keys() -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_derived(force_bytes(secret))) for secret in secrets])


@cache
def _derived(secret: bytes) -> bytes:
    # What else is made from the same key, such as sessions' signatures, is not to open secrets.
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tidemark secrets at rest")
    return urlsafe_b64encode(made.derive(secret))
