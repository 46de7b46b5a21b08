"""The release before this commit, as `record` left it in a file."""

import io
import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command

FILE = Path(__file__).parent / "released.json.xz"
# Of the site that was recorded: what is sealed in its rows is opened with it.
SECRET_KEY = "the-key-of-a-site-that-was-released"

# Made again by every migration, or worth nothing after it.
LEFT_OUT = ("contenttypes", "auth.permission", "sessions")


@dataclass(frozen=True)
class Released:
    """The newest migration of each app, and the rows of a site, as fixtures are written."""

    migrations: dict[str, str]
    rows: list[dict[str, Any]]


def write(released: Released) -> None:
    """Replace the file."""
    text = json.dumps(asdict(released), separators=(",", ":"), ensure_ascii=False)
    FILE.write_bytes(lzma.compress(text.encode(), preset=9))


def read() -> Released:
    """Return what is in the file."""
    return Released(**json.loads(lzma.decompress(FILE.read_bytes())))


def stored_rows() -> list[dict[str, Any]]:
    """Return the rows of all tables of this site, as fixtures are written."""
    out = io.StringIO()
    call_command("dumpdata", exclude=LEFT_OUT, use_base_manager=True, stdout=out)
    # Moments are cut to milliseconds, so that none are left of some; they are written as if so.
    return json.loads(out.getvalue().replace('.000Z"', 'Z"'))
