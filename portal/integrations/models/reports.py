"""What is told, to which channel, and when."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import Entity
from portal.integrations.models.channels import Channel
from portal.integrations.models.cursors import Cursor
from scorecards.models import Campaign, Level, Scorecard


class _Notice(models.Model):
    """Something that is told to a channel, as long as it is enabled."""

    identifier = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title or self.identifier


class Report(_Notice):
    """A report on scorecards, for one team or all, made at set times.

    Without scorecards it is about all that are published. `weekday` counts for those made every
    week (0 is Monday), `month_day` for those made every month. `next_at` is when it is made next;
    `figures` is what the last one found, see `portal.integrations.notices.figures`: the next one
    tells what changed since.
    """

    class Every(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="reports")
    team = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    scorecards = models.ManyToManyField(Scorecard, blank=True, related_name="+")
    every = models.CharField(max_length=10, choices=Every.choices, default=Every.WEEK)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    month_day = models.PositiveSmallIntegerField(
        "day of the month", default=1, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    at = models.TimeField()
    time_zone = models.CharField(max_length=100, default="UTC")
    next_at = models.DateTimeField(null=True, editable=False)
    last_at = models.DateTimeField(null=True, editable=False)
    figures = models.JSONField(null=True, editable=False)

    class Meta:
        indexes = [
            # The sweep: what is due.
            models.Index(fields=["next_at"], condition=Q(is_enabled=True), name="report_due"),
        ]


class Alert(_Notice):
    """Tells at once when entities lose a level.

    Any loss of one, or, with `level`, only those that lead from it, or from above, to below it.
    `since_change` is the newest move there was when it began to listen. `gathered_at` is when it
    last began to gather losses for a message.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="alerts")
    scorecard = models.ForeignKey(
        Scorecard, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # Without it every loss is told, which is better than none.
    level = models.ForeignKey(
        Level, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    since_change = models.BigIntegerField(default=0, editable=False)
    gathered_at = models.DateTimeField(null=True, editable=False)


class LevelCursor(Cursor):
    """How far alerts have read the moves between levels; one row."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="level_cursor_is_one"),
        ]


class Reminder(_Notice):
    """Tells what is left to do in a campaign, or in all that run, on days before they are due.

    `days_before` are whole numbers, the due day being 0. Once a campaign is late it is told of
    every week, where `is_weekly_when_late`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="reminders")
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    days_before = models.JSONField(default=list, blank=True)
    is_weekly_when_late = models.BooleanField("every week when late", default=True)
