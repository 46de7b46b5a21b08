"""Exporters that run elsewhere and write into the catalog, and what they tell about themselves."""

from datetime import datetime

from django.db import models

MAX_TEXT = 500


class Integration(models.Model):
    """An exporter that runs elsewhere: how it maps what it reads, and how its last resync went.

    What it exports is its own: entities name it in their data source. `config` is opaque, and told
    back as it came. A resync is asked for by a moment that the exporter looks at.
    """

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        ABORTED = "aborted", "Aborted"

    identifier = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=MAX_TEXT, blank=True)
    app_type = models.CharField("type", max_length=MAX_TEXT, blank=True)
    version = models.CharField(max_length=MAX_TEXT, blank=True)
    config = models.JSONField(default=dict)
    changelog_destination = models.JSONField(default=dict)
    spec = models.JSONField(default=dict)
    processing_mode = models.CharField(max_length=MAX_TEXT, blank=True)
    resources_origin = models.CharField(max_length=MAX_TEXT, blank=True)
    oauth_broker_url = models.CharField(max_length=MAX_TEXT, blank=True)
    processes_actions = models.BooleanField(default=False)
    syncs_incrementally = models.BooleanField(default=False)
    has_initialized_resources = models.BooleanField(default=False)

    resync_status = models.CharField(max_length=20, choices=Status.choices, blank=True)
    resync_started_at = models.DateTimeField(null=True)
    resync_ended_at = models.DateTimeField(null=True)
    next_resync_at = models.DateTimeField(null=True)
    resync_interval = models.PositiveIntegerField("minutes between resyncs", null=True)
    # When the exporter last told how its resync goes, and when it last told that one begins: by
    # our clock, unlike the moments above.
    resync_state_at = models.DateTimeField(null=True)
    resync_begun_at = models.DateTimeField(null=True)
    resync_requested_at = models.DateTimeField(null=True)
    resync_requested_by = models.CharField(max_length=200, blank=True)

    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title or self.identifier

    @property
    def open_request_at(self) -> datetime | None:
        """Return when a resync was asked for that has not begun yet.

        A request is over once a resync begins: exporters that start afresh do not know which ones
        they have seen, and would do them again.
        """
        asked, begun = self.resync_requested_at, self.resync_begun_at
        return None if asked is None or (begun is not None and begun >= asked) else asked


class IntegrationCursor(models.Model):
    """Up to where an exporter has read one kind; `value` is its own, and told back as it came."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="cursors", db_index=False
    )
    kind = models.CharField(max_length=200)
    index = models.PositiveIntegerField()
    value = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind", "index"], name="integration_cursor_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.index}"
