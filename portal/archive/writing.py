"""Writing an archive: a ZIP of JSON Lines, one file a kind, and a manifest."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec
from django.db import connection

from portal.archive.kinds import kinds
from portal.archive.lines import Kind, Selection
from portal.snapshots import snapshot

FORMAT = "tidemark-archive"
VERSION = 1
MANIFEST = "manifest.json"
# The earliest that the format knows: the same content is the same file.
_THEN = (1980, 1, 1, 0, 0, 0)
# Keys in their order, which says in which order properties are shown.
_encode = msgspec.json.encode


def file_of(kind: str) -> str:
    """Return the name of the file that holds a kind."""
    return f"{kind}.jsonl"


@dataclass
class Manifest:
    """What an archive holds: lines and digest of each kind, and whose secrets stayed behind."""

    made_at: datetime
    has_passwords: bool = False
    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the manifest as it stands in the archive."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "made_at": self.made_at.isoformat(),
            "has_passwords": self.has_passwords,
            "kinds": self.kinds,
            "secrets": self.secrets,
        }


def write_archive(
    file: IO[bytes],
    *,
    selection: Selection,
    now: datetime,
    advance: Callable[[str, int], object] = lambda kind, count: None,
) -> Manifest:
    """Write what is selected, as it is at one moment, row by row; return what it came to."""
    manifest = Manifest(now, has_passwords=selection.has_passwords)
    with snapshot(connection), ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for kind in kinds(has_passwords=selection.has_passwords):
            if kind.name not in selection.kinds:
                continue
            manifest.kinds[kind.name] = _write_kind(archive, kind, selection, advance)
            manifest.secrets += kind.secrets()
        text = json.dumps(manifest.as_json(), indent=2, ensure_ascii=False)
        archive.writestr(_info(MANIFEST), text + "\n")
    return manifest


def _write_kind(
    archive: ZipFile, kind: Kind, selection: Selection, advance: Callable[[str, int], object]
) -> dict[str, Any]:
    count, digest = 0, sha256()
    with archive.open(_info(file_of(kind.name)), "w", force_zip64=True) as out:
        for line in _lines(kind, selection):
            out.write(line)
            digest.update(line)
            count += 1
            advance(kind.name, 1)
    return {"count": count, "sha256": digest.hexdigest()}


def _lines(kind: Kind, selection: Selection) -> Iterator[bytes]:
    for document in kind.documents(selection):
        yield _encode(document) + b"\n"


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, _THEN)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
