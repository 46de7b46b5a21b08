"""How far automations have read, and what happened to runs that they listen to."""

from django.db import models
from django.db.models import Q

from portal.integrations.models.cursors import Cursor
from portal.integrations.models.runs import Run


class ChangeCursor(Cursor):
    """How far automations have read the audit rows; one row."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="change_cursor_is_one"),
        ]


class RunEvent(models.Model):
    """Something that happened to a run, for the automations that listen to such; then history."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    # The documents of the run; before is null where it was created.
    before = models.JSONField(null=True)
    after = models.JSONField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(handled_at=None), name="run_event_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}, {self.at:%Y-%m-%d %H:%M:%S}"
