"""Runs of actions, and what was said about them."""

from secrets import token_hex

from django.db import models
from django.db.models import Q

from portal.integrations.models.actions import Action


def new_run_identifier() -> str:
    """Return a name for a run that nobody guesses."""
    return f"r_{token_hex(8)}"


class Run(models.Model):
    """One time that an action was set off, by somebody or by an event.

    `invocation` is what the action was to do when it was set off, and `about` names, as they were
    then, the action, the blueprint and the entity: ``{"action": {"identifier", "title"}, ..}``.
    `event` is the event document of an automation. `cause` is the run that made the event happen;
    `depth` counts those before it.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING_FOR_APPROVAL", "Waiting for approval"
        DECLINED = "DECLINED", "Declined"
        IN_PROGRESS = "IN_PROGRESS", "In progress"
        SUCCESS = "SUCCESS", "Success"
        FAILURE = "FAILURE", "Failure"

    class Effect(models.TextChoices):
        """What is still to be done, and by whom."""

        HELD = "held", "Waits for approval"
        PENDING = "pending", "To be done here"
        OUTSIDE = "outside", "To be done by others"
        DONE = "done", "Done"

    identifier = models.CharField(max_length=40, unique=True, default=new_run_identifier)
    action = models.ForeignKey(Action, null=True, on_delete=models.SET_NULL, related_name="runs")
    action_identifier = models.CharField(max_length=200)
    status = models.CharField(max_length=30, choices=Status.choices, default=Status.IN_PROGRESS)
    status_label = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    message = models.JSONField(null=True)
    link = models.JSONField(default=list)
    external_run_id = models.CharField(max_length=200, blank=True)
    blueprint = models.CharField(max_length=100, blank=True)
    entity = models.CharField(max_length=1000, blank=True)
    about = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)
    invocation = models.JSONField()
    required_approval = models.JSONField(null=True)
    approval = models.JSONField(null=True)
    event = models.JSONField(null=True)
    cause = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="effects")
    depth = models.PositiveSmallIntegerField(default=0)
    # Of an automation: the audit row, or what happened to a run, that set it off.
    change_id = models.BigIntegerField(null=True)
    run_event = models.ForeignKey(
        "RunEvent", null=True, on_delete=models.SET_NULL, related_name="runs"
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    effect = models.CharField(max_length=10, choices=Effect.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    # While a worker, or somebody outside, is at it.
    claimed_until = models.DateTimeField(null=True)
    # After an attempt that failed.
    put_off_until = models.DateTimeField(null=True)
    # The integration that is to do it, and when that said that it does.
    installation = models.CharField(max_length=200, blank=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "change_id"], name="run_once_a_change"),
            models.UniqueConstraint(fields=["action", "run_event"], name="run_once_an_event"),
        ]
        indexes = [
            # Runs of one action, newest first.
            models.Index(fields=["action_identifier", "-id"], name="run_of_action"),
            # Runs about one entity.
            models.Index(fields=["blueprint", "entity", "-id"], name="run_of_entity"),
            models.Index(
                fields=["external_run_id"],
                condition=~Q(external_run_id=""),
                name="run_of_external_id",
            ),
            # The sweep: what is still to be done here.
            models.Index(fields=["id"], condition=Q(effect="pending"), name="run_pending"),
            # What an integration asks for.
            models.Index(
                fields=["installation", "id"],
                condition=Q(effect="outside", acknowledged_at=None),
                name="run_to_claim",
            ),
        ]

    def __str__(self) -> str:
        return self.identifier

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will come of it."""
        return self.status in ENDED


ENDED = frozenset([Run.Status.SUCCESS, Run.Status.FAILURE, Run.Status.DECLINED])


class RunLog(models.Model):
    """A line that somebody wrote about a run; with a termination status it ended the run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="logs")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    message = models.TextField()
    termination_status = models.CharField(max_length=30, blank=True)
    status_label = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.message
