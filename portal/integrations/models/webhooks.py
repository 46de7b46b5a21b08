"""Incoming webhooks, and the requests that came in by them."""

from django.db import models
from django.db.models import Q

from portal.fields import EncryptedTextField
from portal.signatures import Algorithm


class Webhook(models.Model):
    """An address at which another system tells what happened, and what that means for the catalog.

    `mappings` is read by `portal.integrations.webhooks.mappings`. A request must carry the
    signature of its body where both a secret and the name of a header are given. Requests for which
    `request_identifier_path`, a jq program, gives the same text are one request.
    """

    ALGORITHMS = (
        (Algorithm.SHA1.value, "HMAC with SHA-1"),
        (Algorithm.SHA256.value, "HMAC with SHA-256"),
        (Algorithm.PLAIN.value, "The secret itself"),
    )

    identifier = models.CharField(max_length=100, unique=True)
    # Whoever knows it may send; it stands in the address.
    key = models.CharField(max_length=64, unique=True, editable=False)
    title = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=500, blank=True)
    icon = models.CharField(max_length=100, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    mappings = models.JSONField(default=list, blank=True)
    secret = EncryptedTextField(blank=True, default="")
    signature_header = models.CharField(max_length=200, blank=True)
    # Empty: not said, which means SHA-256.
    signature_algorithm = models.CharField(max_length=10, choices=ALGORITHMS, blank=True)
    signature_prefix = models.CharField(max_length=100, blank=True)
    request_identifier_path = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.CharField(max_length=200, editable=False)

    def __str__(self) -> str:
        return self.title or self.identifier

    @property
    def is_signed(self) -> bool:
        """Say whether requests must carry a signature."""
        return bool(self.secret and self.signature_header)

    @property
    def datasource(self) -> str:
        """Return the name under which entities keep that they came from here."""
        return f"webhook/{self.identifier}"


class WebhookEvent(models.Model):
    """One request that came in: stored before it is answered, and processed from here.

    `headers` holds lower-case names and never a secret. `touched` lists the entities that it wrote,
    ``{"blueprint", "identifier", "action"}``, and `problems` what kept it from more, see
    `mappings.Problem`; both are cut where they get long, the counts are whole.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Done"
        DUPLICATE = "duplicate", "Sent before"
        FAILED = "failed", "Given up"

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    received_at = models.DateTimeField()
    headers = models.JSONField(default=dict)
    query = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # While a worker is at it.
    claimed_until = models.DateTimeField(null=True)
    # After an attempt that failed.
    put_off_until = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    request_identifier = models.CharField(max_length=500, null=True)
    touched = models.JSONField(default=list)
    touched_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    problem_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "request_identifier"], name="webhook_request_once"
            ),
        ]
        indexes = [
            # The newest requests of a webhook.
            models.Index(fields=["webhook", "-id"], name="webhook_event_recent"),
            # What is still to be processed, in the order in which it came.
            models.Index(
                fields=["webhook", "id"], condition=Q(state="pending"), name="webhook_event_pending"
            ),
            # Forgetting what is old.
            models.Index(fields=["received_at"], name="webhook_event_age"),
        ]

    def __str__(self) -> str:
        return f"Request of {self.received_at:%Y-%m-%d %H:%M:%S}"
