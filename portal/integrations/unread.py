"""Reading the rows that others write, each once: also those that are committed late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from portal.integrations.gaps import Gaps
from portal.integrations.models.cursors import Cursor


@dataclass(frozen=True)
class Unread:
    """Rows that were not read yet, those that came late first; nobody has taken them."""

    rows: list[Any]
    cursor: Cursor
    position: int
    gaps: Gaps

    def take(self) -> bool:
        """Move the cursor behind the rows; false where somebody else has done so.

        To be called in the transaction that does what the rows set off.
        """
        same = type(self.cursor).objects.filter(pk=self.cursor.pk, revision=self.cursor.revision)
        moved = same.update(
            position=self.position, gaps=self.gaps.dump(), revision=self.cursor.revision + 1
        )
        return bool(moved)


def unread(cursor: Cursor, table: "QuerySet[Any]", *, most: int, now: datetime) -> Unread | None:
    """Return the next rows of a table that a cursor has not passed; None where there are none.

    At most so many new ones, and so many that were late.
    """
    gaps = Gaps.parse(cursor.gaps)
    rows = list(table.filter(pk__gt=cursor.position).order_by("pk")[:most])
    late = list(table.filter(gaps.query()).order_by("pk")[:most]) if gaps else []
    left = gaps.without([row.pk for row in late], now=now)
    if not rows and not late and left == gaps:
        return None
    return Unread(
        rows=[*late, *rows],
        cursor=cursor,
        position=rows[-1].pk if rows else cursor.position,
        gaps=left.after(cursor.position, [row.pk for row in rows], now=now),
    )
