"""What is kept of delivery events beside the entities they became, and of the use of AI tools."""

from django.db import models

from catalog.models import Entity


class EventKey(models.Model):
    """What tells a delivery event with an id of its sender's from others, where the id is left out.

    The same event may be sent again without its id; `key` is the id it would have had. Events that
    never had one of their own are found by their identifier.
    """

    entity = models.OneToOneField(
        Entity, on_delete=models.CASCADE, related_name="event_key", primary_key=True
    )
    key = models.CharField(max_length=16)

    class Meta:
        indexes = [
            # The event that is meant by one without an id.
            models.Index(fields=["key", "entity"], name="event_key_of"),
        ]

    def __str__(self) -> str:
        return self.key


class AiActivity(models.Model):
    """Whether a person used an AI tool on a day, as reported last; `model_names` are those used."""

    user_email = models.CharField(max_length=254)
    day = models.DateField()
    tool = models.CharField(max_length=200)
    is_active = models.BooleanField()
    model_names = models.JSONField(default=list)
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name = "AI activity"
        verbose_name_plural = "AI activity"
        constraints = [
            models.UniqueConstraint(fields=["user_email", "day", "tool"], name="ai_activity_once"),
        ]
        indexes = [
            # The admin's list, newest first.
            models.Index(fields=["-day", "-id"], name="ai_activity_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.user_email}, {self.day}: {self.tool}"
