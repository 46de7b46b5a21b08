"""The chain of the audit rows: what a seal is, and by which key it is made.

The digest of a row is an HMAC-SHA256 over its number, the digest of the row before, and what it
says. Its key is made from `SECRET_KEY`: whoever has the database and not the key can change a row,
and cannot seal it again. What was sealed with a former key is checked with those made from
`SECRET_KEY_FALLBACKS`; a digest begins with the id of its key, which tells nothing of the key.

What a row says is what was written. Which user row it points at is no part of it, for users may be
deleted; and a blueprint is called what it was called then, however often it was renamed.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

# What the digest covers, beside the moment and the names.
_SAID = (
    "actor", "source", "kind", "action", "before", "after", "run", "address", "request_id",
)  # fmt: skip
COLUMNS = (*_SAID, "id", "at", "blueprint", "identifier", "called", "seal_number", "digest")
_ID_LENGTH = 8


@dataclass(frozen=True)
class Link:
    """A place in the chain: the number of a row, and its digest. Before the first is nothing."""

    number: int = 0
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"


@dataclass(frozen=True)
class Key:
    """What seals."""

    id: str
    secret: bytes = field(repr=False)

    def sign(self, text: bytes) -> str:
        """Return the digest of a text."""
        return f"{self.id}:{hmac.new(self.secret, text, 'sha256').hexdigest()}"

    def link(self, before: Link, row: Mapping[str, Any]) -> Link:
        """Return the place of a row, given by its `COLUMNS`, that comes after another."""
        number = before.number + 1
        return Link(number, self.sign(_text("row", number, before.digest, _content(row))))

    def prove(self, name: str, link: Link) -> str:
        """Return the proof of an end of the chain."""
        return self.sign(_text("end", name, link.number, link.digest))


def current_key() -> Key:
    """Return the key that seals now."""
    return _key(force_bytes(settings.SECRET_KEY))


def key_of(digest: str) -> Key | None:
    """Return the key that a digest was made by, None where it is not here."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = (_key(force_bytes(secret)) for secret in secrets)
    return next((key for key in keys if key.id == digest[:_ID_LENGTH]), None)


@cache
def _key(secret: bytes) -> Key:
    # 36 bytes: 4 name the key and 32 are it.
    made = HKDF(algorithm=SHA256(), length=36, salt=None, info=b"tidemark audit chain")
    derived = made.derive(secret)
    return Key(derived[:4].hex(), derived[4:])


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: row[name] for name in _SAID}
    names = {"blueprint": row["blueprint"], "identifier": row["identifier"]}
    if row["called"]:
        names[renamed_column(row["kind"])] = row["called"]
    return {**said, **names, "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds")}


def renamed_column(kind: str) -> str:
    """Return the column of rows of this kind that the renaming of a blueprint writes."""
    return "identifier" if kind == "blueprint" else "blueprint"


def _text(*parts: Any) -> bytes:
    return json.dumps(_plain(parts), sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """Return a value in the one way in which every database gives it back: whole numbers whole."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if value.is_integer():
            return int(Decimal(repr(value)))
    return value
