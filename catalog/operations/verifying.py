"""Verifying the audit log: walking the chain of its rows from end to end."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any

from django.db.models import Max, Min, Q

from catalog.chain import COLUMNS, Link, key_of, renamed_column
from catalog.models import ChainEnd, Change
from catalog.operations.sealing import CHUNK, HEAD, OTHER_KEY, START, Broken, end_link


@dataclass(frozen=True)
class Verified:
    """What holds: how many rows, after which start, up to which head. And what is not sealed."""

    count: int
    start: Link
    head: Link
    unsealed: int
    unsealed_since: datetime | None


def verify(*, noted: Link | None = None, watch: Callable[[int], Any] = lambda _: None) -> Verified:
    """Walk the chain; raises `Broken` with the first place that does not hold.

    `noted` is a head that was noted elsewhere, and has to be in it. `watch` is told how many rows
    were walked since it was told last. Sealing and removing may go on meanwhile.
    """
    top = Change.objects.aggregate(top=Max("seal_number"))["top"] or 0
    ends = {end.name: end for end in ChainEnd.objects.all()}
    if not ends and not top:
        start = head = Link()
    elif ends.keys() != {START, HEAD}:
        raise Broken("an end of the chain is missing, though rows were sealed")
    else:
        start, head = end_link(ends[START]), end_link(ends[HEAD])
    if top > head.number:
        raise Broken(f"seal {top} is beyond the head, {head.number}: somebody inserted that row")
    walk = _Walk(start, noted)
    walk.go(head, watch)
    walk.check_names()
    if noted is not None and noted.number > head.number:
        raise Broken(f"the head is {head.number}, and {noted.number} was noted: rows are missing")
    if noted is not None and noted.number == start.number and noted != start:
        raise Broken(f"the start, {start.number}, is another than the head that was noted")
    left = Change.objects.unsealed().aggregate(oldest=Min("at"))["oldest"]
    return Verified(walk.count, start, head, Change.objects.unsealed().count(), left)


@dataclass
class _Walk:
    """How far we are: the place that holds, and what was seen on the way."""

    place: Link
    noted: Link | None
    count: int = 0
    # Of blueprints: what they were called, and what they were called from then on.
    renames: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # What rows were written under and are found under, with the first of them.
    shown: dict[tuple[str, str], int] = field(default_factory=dict)

    def go(self, head: Link, watch: Callable[[int], Any]) -> None:
        """Walk up to the head."""
        while self.place.number < head.number:
            ahead = Change.objects.sealed_after(self.place.number)
            rows = list(ahead.filter(seal_number__lte=head.number).values(*COLUMNS)[:CHUNK])
            if not rows or rows[0]["seal_number"] != self.place.number + 1:
                if self._was_removed():
                    continue
                raise Broken(f"seal {self.place.number + 1} is missing: that row was deleted")
            for row in rows:
                self._take(row)
            watch(len(rows))
        if self.place.number == head.number and self.place.digest != head.digest:
            raise Broken(f"seal {head.number} is not the head that was left")

    def _was_removed(self) -> bool:
        """Say whether retention came by since we started, and go where the chain begins now."""
        start = end_link(ChainEnd.objects.get(pk=START))
        if start.number <= self.place.number:
            return False
        self.place = start
        return True

    def _take(self, row: Mapping[str, Any]) -> None:
        number = row["seal_number"]
        where = f"seal {number} (row {row['id']}, {row['at']:%Y-%m-%d %H:%M:%S})"
        if number != self.place.number + 1:
            raise Broken(f"seal {self.place.number + 1} is missing: that row was deleted")
        key = key_of(row["digest"])
        if key is None:
            raise Broken(f"{where} was sealed {OTHER_KEY}; or its digest was changed")
        link = key.link(self.place, row)
        if not compare_digest(link.digest, row["digest"]):
            raise Broken(f"{where} was changed after it was sealed, or inserted")
        if self.noted is not None and self.noted.number == number and self.noted != link:
            raise Broken(f"{where} is another than the head that was noted")
        self.place, self.count = link, self.count + 1
        if row["kind"] == "blueprint":
            self._note_rename(row["before"], row["after"])
        if row["called"]:
            self.shown.setdefault((row["called"], row[renamed_column(row["kind"])]), number)

    def _note_rename(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        if "identifier" in before and "identifier" in after:
            self.renames[before["identifier"]].add(after["identifier"])

    def check_names(self) -> None:
        """Raise `Broken` where a row is found under a name that its blueprint was never given."""
        newer = Change.objects.filter(
            Q(seal_number__gt=self.place.number) | Q(seal_number__isnull=True), kind="blueprint"
        )
        for before, after in newer.values_list("before", "after"):
            self._note_rename(before, after)
        for (called, shown), number in self.shown.items():
            if shown not in self._later_names(called):
                message = f"seal {number} is about '{called}', and shown under '{shown}'"
                raise Broken(f"{message}: no renaming did that")

    def _later_names(self, called: str) -> set[str]:
        names, ahead = {called}, [called]
        while ahead:
            new = self.renames[ahead.pop()] - names
            names |= new
            ahead.extend(new)
        return names
