"""Finding changes for the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from catalog.models import Change
from catalog.querysets import ChangeQuerySet


@dataclass(frozen=True)
class AuditQuery:
    """What the log is asked for: all that is given has to fit. Empty: whatever it is.

    `action`, `kinds` and `sources` are those of `Change`.
    """

    identifier: str = ""
    entity: str = ""
    blueprint: str = ""
    run: str = ""
    action: str = ""
    kinds: Sequence[str] = ()
    sources: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def rows(self) -> ChangeQuerySet:
        """Return the changes that fit, newest first."""
        wanted = self._about() & self._when()
        if self.action:
            wanted &= Q(action=self.action)
        if self.kinds:
            wanted &= Q(kind__in=self.kinds)
        if self.sources:
            wanted &= Q(source__in=self.sources)
        done = Change.objects.exclude(action=Change.Action.REFUSED)
        return done.filter(wanted).order_by("-at", "-id")

    def _about(self) -> Q:
        wanted = Q()
        if self.identifier:
            is_key = self.identifier.isascii() and self.identifier.isdigit()
            # No key has more digits; no column would take them.
            is_key = is_key and len(self.identifier) < 19
            wanted &= Q(pk=int(self.identifier)) if is_key else Q(pk__in=[])
        if self.entity:
            wanted &= Q(kind="entity", identifier=self.entity)
        if self.blueprint:
            # Also of the blueprint itself, unless an entity is meant: then an index serves.
            itself = Q(kind="blueprint", identifier=self.blueprint)
            inside = Q(blueprint=self.blueprint)
            wanted &= inside if self.entity else inside | itself
        if self.run:
            wanted &= Q(run=self.run)
        return wanted

    def _when(self) -> Q:
        wanted = Q()
        if self.since:
            wanted &= Q(at__gte=self.since)
        if self.until:
            # The log shows milliseconds: whoever asks up to one that it showed means all of it.
            is_rounded = self.until.microsecond % 1_000 == 0
            wanted &= Q(at__lte=self.until + timedelta(microseconds=999 if is_rounded else 0))
        return wanted
