"""Messages on their way, and what became of them."""

from django.db import models
from django.db.models import Q

from portal.integrations.models.channels import Channel


class Delivery(models.Model):
    """One message to one channel: stored before anything is sent.

    `message` is read by `portal.integrations.messages.parse`. `occasion` says what it is about and
    is there once for a channel, so that nothing is told twice. `about` is what the message was made
    from, for those who make it. `waiting_since` is when sending was asked for last, from which on
    it is tried for some days.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        TEST = "test", "Test"
        REPORT = "report", "Report"
        ALERT = "alert", "Alert"
        REMINDER = "reminder", "Reminder"

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    occasion = models.CharField(max_length=300)
    title = models.CharField(max_length=300)
    message = models.JSONField()
    about = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    waiting_since = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    # While a worker is at it.
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["channel", "occasion"], name="delivery_once"),
        ]
        indexes = [
            # The sweep: whose turn it is.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status__in=["waiting", "sending"]),
                name="delivery_due",
            ),
            # Forgetting what is old.
            models.Index(fields=["created_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return self.title


class DeliveryAttempt(models.Model):
    """One try to send a message, and what the other side said. Rows are never edited."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        PUT_OFF = "put_off", "Put off"
        FAILED = "failed", "Failed"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    told = models.TextField()

    def __str__(self) -> str:
        return self.told
