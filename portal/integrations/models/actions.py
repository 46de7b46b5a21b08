"""Actions, their runs, and what the runs have to say."""

from secrets import token_hex

from django.db import models
from django.db.models import Q

from catalog.fields import DocumentField
from portal.fields import EncryptedTextField


def new_secret() -> str:
    """Return a key for signatures."""
    return token_hex(32)


class Action(models.Model):
    """Something that can be set off, by people and machines or by events.

    `document` is what was sent, read by `portal.integrations.actions.documents`; the columns beside
    it are what rows are looked up by. `permissions` says who may run it and who may approve, as it
    was sent. `secret` is the key of the signatures that its requests carry.
    """

    identifier = models.CharField(max_length=200, unique=True)
    document = DocumentField()
    permissions = models.JSONField(default=dict)
    secret = EncryptedTextField(default=new_secret, editable=False)
    trigger_type = models.CharField(max_length=20)
    operation = models.CharField(max_length=20, blank=True)
    # Of a self-service action where it is offered, of an automation what it listens to.
    blueprint = models.CharField(max_length=100, blank=True)
    event_type = models.CharField(max_length=40, blank=True)
    event_action = models.CharField(max_length=200, blank=True)
    is_published = models.BooleanField(default=True)
    # Of an automation: the newest audit row when it was made, which it does not listen to.
    since_change = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, editable=False)

    class Meta:
        indexes = [
            # The automations that listen to a change.
            models.Index(
                fields=["blueprint"],
                condition=Q(trigger_type="automation"),
                name="automation_of_blueprint",
            ),
        ]

    def __str__(self) -> str:
        return self.identifier
