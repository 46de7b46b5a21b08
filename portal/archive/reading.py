"""Reading an archive that anybody may have made: nothing goes to disk, and all is bounded."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import msgspec

from portal.archive.kinds import NAMES
from portal.archive.lines import Document, Lines
from portal.archive.writing import FORMAT, MANIFEST, VERSION, file_of

MAX_BYTES = 16 * 1024**3
MAX_LINE = 32 * 1024**2
_MAX_MANIFEST = 4 * 1024**2
# Lines repeat their keys and shrink well; beyond this, small files that grow large are bombs.
_MAX_RATIO = 300
_SMALL = 4 * 1024**2
_decode = msgspec.json.decode


class ArchiveFault(Exception):
    """The file cannot be brought in; the message names the place and the way out."""


@dataclass(frozen=True)
class Archive:
    """An archive that was looked through: its kinds with the number of their lines."""

    file: ZipFile
    counts: dict[str, int]
    secrets: list[str]
    has_passwords: bool

    def lines(self, kind: str) -> Lines:
        """Return the documents of a kind."""
        name = file_of(kind)
        return Lines(name, lambda: _documents(self.file, name))


@contextmanager
def opened_archive(path: Path, *, max_bytes: int = MAX_BYTES) -> Iterator[Archive]:
    """Open an archive and look through all of it; raises `ArchiveFault`."""
    try:
        with ZipFile(path) as file:
            yield _looked_through(file, max_bytes)
    except OSError as error:
        raise ArchiveFault(f"{path} cannot be read: {error.strerror or error}") from error
    except (BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise ArchiveFault(f"{path} is no ZIP file, or a damaged one: {error}") from error


def _looked_through(file: ZipFile, max_bytes: int) -> Archive:
    infos = file.infolist()
    _check_entries(infos, max_bytes)
    manifest = _manifest(file, {info.filename for info in infos})
    for kind, wanted in manifest["kinds"].items():
        _check_file(file, file_of(kind), wanted)
    return Archive(
        file=file,
        counts={kind: item["count"] for kind, item in manifest["kinds"].items()},
        secrets=[str(item) for item in manifest.get("secrets") or []],
        has_passwords=manifest.get("has_passwords") is True,
    )


def _check_entries(infos: list[ZipInfo], max_bytes: int) -> None:
    known = {MANIFEST, *map(file_of, NAMES)}
    names = [info.filename for info in infos]
    for info in infos:
        name = info.filename
        if name not in known:
            raise ArchiveFault(f"{name!r} is nothing that this version knows; upgrade first")
        if names.count(name) > 1:
            raise ArchiveFault(f"{name} is in it twice")
        if info.flag_bits & 1:
            raise ArchiveFault(f"{name} is encrypted; make the archive without a password")
        if info.file_size > max(_SMALL, _MAX_RATIO * info.compress_size):
            raise ArchiveFault(f"{name} would grow more than {_MAX_RATIO} times; that is no export")
    total = sum(info.file_size for info in infos)
    if total > max_bytes:
        raise ArchiveFault(
            f"it holds {total:,} bytes, and {max_bytes:,} are allowed; if it is yours, allow more "
            "with --max-bytes"
        )
    if MANIFEST not in names:
        raise ArchiveFault(f"it has no {MANIFEST}: it is no archive of Tidemark")


def _manifest(file: ZipFile, names: set[str]) -> dict[str, Any]:
    if file.getinfo(MANIFEST).file_size > _MAX_MANIFEST:
        raise ArchiveFault(f"{MANIFEST} is too large")
    try:
        manifest = json.loads(file.read(MANIFEST))
    except (ValueError, RecursionError) as error:
        raise ArchiveFault(f"{MANIFEST} is no JSON") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArchiveFault(f"{MANIFEST} is not that of an archive of Tidemark")
    version, found = manifest.get("version"), manifest.get("kinds")
    if version != VERSION:
        raise ArchiveFault(
            f"it is of version {version!r}, and this installation reads version {VERSION}; "
            "upgrade the installation, or export again"
        )
    if not isinstance(found, dict) or not all(map(_is_entry, found.values())):
        raise ArchiveFault(f"{MANIFEST} does not say what the kinds are")
    if {MANIFEST, *map(file_of, found)} != names:
        raise ArchiveFault(f"{MANIFEST} and the files that are there do not agree")
    return manifest


def _is_entry(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and type(item.get("count")) is int
        and isinstance(item.get("sha256"), str)
    )


def _check_file(file: ZipFile, name: str, wanted: dict[str, Any]) -> None:
    count, digest = 0, sha256()
    for line in _raw_lines(file, name):
        count += 1
        digest.update(line)
    if (count, digest.hexdigest()) != (wanted["count"], wanted["sha256"]):
        raise ArchiveFault(f"{name} is not what was exported: its digest or length differs")


def _raw_lines(file: ZipFile, name: str) -> Iterator[bytes]:
    with file.open(name) as lines:
        number = 0
        while line := lines.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise ArchiveFault(f"{name}, line {number} is longer than {MAX_LINE:,} bytes")
            yield line


def _documents(file: ZipFile, name: str) -> Iterator[Document]:
    for number, line in enumerate(_raw_lines(file, name), start=1):
        try:
            document = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ArchiveFault(f"{name}, line {number} is no JSON: {error}") from error
        if not isinstance(document, dict):
            raise ArchiveFault(f"{name}, line {number} is no object")
        yield document
