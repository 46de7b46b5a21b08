"""Sealing the audit rows: chaining them, after they were written.

Writers do not wait for each other, and write nothing more than before: what is committed is chained
a little later, in an order of its own. A row that becomes visible late, because its transaction was
long, is chained later. The row of the head is the lock.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from catalog.chain import COLUMNS, Link, current_key, key_of
from catalog.errors import Conflict
from catalog.models import ChainEnd, Change
from catalog.operations import history
from portal.permissions import SYSTEM, Actor

CHUNK = 1_000
START, HEAD = ChainEnd.Name.START, ChainEnd.Name.HEAD

logger = logging.getLogger(__name__)


class Broken(Conflict):
    """The chain does not hold; the message names the first place, and what is wrong there."""


def seal(*, now: datetime) -> Link | None:
    """Chain what is not sealed yet, in pieces; return the new head, None where nothing was left.

    Raises `Broken` where the head is not as it was left: what follows it would vouch for that.
    """
    head = None
    while Change.objects.unsealed().exists():
        head = _seal_some(now)
    if head is not None:
        # For whoever keeps logs elsewhere: a head noted there cannot be taken back here.
        logger.info("The audit log is sealed up to %s with %s", head.number, head.digest)
    return head


@transaction.atomic
def _seal_some(now: datetime) -> Link:
    end = _locked_head(now)
    link, key = end_link(end), current_key()
    links: list[tuple[int, str, int]] = []
    for row in Change.objects.unsealed().order_by("id").values(*COLUMNS)[:CHUNK]:
        link = key.link(link, row)
        links.append((link.number, link.digest, row["id"]))
    _store(links)
    write_end(end, link, now)
    return link


def _store(links: Sequence[tuple[int, str, int]]) -> None:
    if not links:
        return
    # One prepared statement: a CASE of a thousand branches takes ten times as long.
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE catalog_change SET seal_number = %s, digest = %s WHERE id = %s", links
        )


def _locked_head(now: datetime) -> ChainEnd:
    """Return the head, locked; makes both ends before the first row is sealed."""
    ends = ChainEnd.objects.select_for_update()
    found = ends.filter(pk=HEAD).first()
    if found is not None:
        return found
    if Change.objects.filter(seal_number__isnull=False).exists():
        raise Broken("the head of the chain is missing, though there are sealed rows")
    for name in (START, HEAD):
        values = {"at": now, "proof": current_key().prove(name, Link())}
        ChainEnd.objects.get_or_create(name=name, defaults=values)
    return ends.get(pk=HEAD)


def end_link(end: ChainEnd) -> Link:
    """Return the place of an end; raises `Broken` where its proof does not hold."""
    link = Link(end.seal_number, end.digest)
    key = key_of(end.proof)
    if key is None:
        raise Broken(f"the {end.name} of the chain was sealed {OTHER_KEY}")
    if key.prove(end.name, link) != end.proof:
        raise Broken(f"the {end.name} of the chain was changed by somebody else")
    return link


OTHER_KEY = "with a key that is not here: put the former SECRET_KEY into SECRET_KEY_FALLBACKS"


def write_end(end: ChainEnd, link: Link, now: datetime) -> None:
    """Move an end, which is locked, to another place."""
    end.seal_number, end.digest, end.at = link.number, link.digest, now
    end.proof = current_key().prove(end.name, link)
    end.save()


@transaction.atomic
def restart(*, by: Actor, now: datetime) -> Link:
    """Begin the chain anew after the newest sealed row, and leave a row that says so.

    The way out where the chain is broken for good: earlier rows stay, and are vouched for no more.
    """
    ends = {end.name: end for end in ChainEnd.objects.select_for_update()}
    newest = Change.objects.sealed_after(0).values_list("seal_number", "digest").last()
    link = Link(*newest) if newest else Link()
    before = {name: end.seal_number for name, end in ends.items()}
    for name in (START, HEAD):
        write_end(ends.get(name) or ChainEnd(name=name), link, now)
    after = dict.fromkeys((START, HEAD), link.number)
    history.record_change(
        kind="audit", identifier="chain", before={"ends": before}, after={"ends": after},
        by=by, now=now,
    )  # fmt: skip
    return link


def forget_old(*, before: datetime, now: datetime) -> int:
    """Remove the oldest sealed rows, written before a moment; return how many.

    In pieces, and only from the end of the chain: the start then is the last that was removed, so
    that what is left still holds. Raises `Broken` where the start is not as it was left.
    """
    total = 0
    while count := _forget_some(before, now):
        total += count
    if total:
        history.record_change(
            kind="audit",
            identifier="retention",
            before={"rows": total, "written_before": before.isoformat()},
            after={},
            by=SYSTEM,
            now=now,
        )
    return total


@transaction.atomic
def _forget_some(before: datetime, now: datetime) -> int:
    start = ChainEnd.objects.select_for_update().filter(pk=START).first()
    if start is None:
        return 0
    end_link(start)
    rows: list[Any] = []
    oldest = Change.objects.sealed_after(0).values_list("seal_number", "digest", "at")
    for number, digest, at in oldest[:CHUNK]:
        if at >= before:
            break
        rows.append((number, digest))
    if not rows:
        return 0
    Change.objects.filter(seal_number__lte=rows[-1][0]).delete()
    # After a restart, what is removed is older than the start.
    if rows[-1][0] > start.seal_number:
        write_end(start, Link(*rows[-1]), now)
    return len(rows)
