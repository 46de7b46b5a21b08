"""How far rows that others write have been read."""

from django.db import models


class Cursor(models.Model):
    """How far rows of a table have been read; one row of each kind of cursor.

    `position` is the highest id that was read. `gaps` are ids below it that were not there yet,
    ``[[first, last, seen_at]]``: rows get their ids before they are committed.
    """

    position = models.BigIntegerField()
    gaps = models.JSONField(default=list)
    revision = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.position)
