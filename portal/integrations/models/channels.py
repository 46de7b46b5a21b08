"""Where messages go."""

from django.db import models

from portal.fields import EncryptedTextField


class Channel(models.Model):
    """A place outside where messages are sent to: a chat, a mailbox, another system.

    `address` is the URL that a message is sent to, which for most kinds lets in whoever knows it;
    `secret` is the token of Slack, or the key that requests are signed with. `target` is who gets
    it: a channel of Slack, or the addresses of mail. `shown_address` is what of all that pages may
    show. `quiet_until` is set where the other side asked not to be sent more for a while.
    """

    class Kind(models.TextChoices):
        SLACK_WEBHOOK = "slack_webhook", "Slack, incoming webhook"
        SLACK_TOKEN = "slack_token", "Slack, token of an app"
        TEAMS = "teams", "Microsoft Teams, webhook of a workflow"
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook (JSON, signed)"
        APPRISE = "apprise", "Another service (Apprise)"

    identifier = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    is_enabled = models.BooleanField("enabled", default=True)
    address = EncryptedTextField(blank=True, default="")
    secret = EncryptedTextField(blank=True, default="")
    target = models.CharField(max_length=1000, blank=True)
    shown_address = models.CharField(max_length=1000, blank=True, editable=False)
    quiet_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, editable=False)

    def __str__(self) -> str:
        return self.title or self.identifier
