"""What exporters tell about their work. All of it is bounded: the newest is kept."""

from django.db import models

from portal.integrations.models.integrations import Integration


class IntegrationLog(models.Model):
    """One line that an exporter logged; `at` is the exporter's clock, or ours where it has none."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="logs", db_index=False
    )
    at = models.DateTimeField()
    level = models.CharField(max_length=20)
    message = models.TextField()
    extra = models.JSONField(default=dict)

    class Meta:
        indexes = [
            # The newest lines of one exporter, and where those begin that are let go of.
            models.Index(fields=["integration", "-id"], name="integration_log_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.message[:80]}"


class Resync(models.Model):
    """One run of an exporter over all it reads, by the id that it gave the run."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="resyncs", db_index=False
    )
    event = models.CharField(max_length=200)
    state = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "event"], name="resync_once")]
        indexes = [
            # The newest resyncs of one exporter, and where those begin that are let go of.
            models.Index(fields=["integration", "-id"], name="resync_newest"),
        ]

    def __str__(self) -> str:
        return self.event


class ResyncKind(models.Model):
    """How far a resync is with one of the kinds it reads; `metrics` are as the exporter sent them.

    The same kind may be read several times with different mappings, so that what names it is
    `identifier`. Names with underscores around are phases of the resync itself.
    """

    resync = models.ForeignKey(
        Resync, on_delete=models.CASCADE, related_name="kinds", db_index=False
    )
    identifier = models.CharField(max_length=200)
    kind = models.CharField(max_length=200, blank=True)
    index = models.PositiveIntegerField(default=0)
    blueprint = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=50, blank=True)
    metrics = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resync", "identifier"], name="resync_kind_once")
        ]

    def __str__(self) -> str:
        return self.identifier


class KindExample(models.Model):
    """One thing of a kind as an exporter read it, masked, to try mappings on."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="examples", db_index=False
    )
    kind = models.CharField(max_length=200)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The newest examples of one kind.
            models.Index(fields=["integration", "kind", "-id"], name="kind_example_newest"),
        ]

    def __str__(self) -> str:
        return self.kind
