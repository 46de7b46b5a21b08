"""The form of a webhook."""

from dataclasses import replace

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from catalog.forms import JSONTextField, OperationForm, free_identifier
from portal.integrations.models import Webhook
from portal.integrations.webhooks.definitions import Security, WebhookDefinition

MAPPINGS = (
    'A list: <code>[{"blueprint": "service", "filter": ".body.action == \\"created\\"", '
    '"itemsToParse": ".body.items", "operation": "create", "entity": {"identifier": ".item.id", '
    '"title": ".item.name", "properties": {"language": ".item.language"}, "relations": {"system": '
    '".item.system"}}}]</code>. Texts are jq over <code>.body</code>, <code>.headers</code>, '
    "<code>.queryParams</code> and, with <code>itemsToParse</code>, <code>.item</code>; the "
    "operation <code>delete</code> deletes."
)


class WebhookForm(OperationForm):
    """A webhook: what it is called, what its requests mean, and how they show to be genuine."""

    mappings = JSONTextField(rows=16, help_text=MAPPINGS)
    new_secret = forms.CharField(
        label="New secret",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Empty: stays as it is.",
        strip=False,
    )
    removes_secret = forms.BooleanField(
        required=False, label="Remove the secret", widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = Webhook
        fields = (
            "identifier", "title", "description", "icon", "is_enabled", "mappings",
            "signature_header", "signature_algorithm", "signature_prefix",
            "request_identifier_path",
        )  # fmt: skip
        help_texts = {
            "signature_header": "Such as X-Hub-Signature-256. Checked when there is a secret.",
            "signature_algorithm": "Of the body, in hexadecimal. Not chosen: HMAC with SHA-256.",
            "signature_prefix": "What stands before the signature, such as sha256=",
            "request_identifier_path": (
                'jq that names a request, such as .headers."x-github-delivery". What comes twice '
                "under one name counts once."
            ),
        }

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken by another webhook."""
        return free_identifier(self, Webhook.objects.exclude(pk=self.instance.pk))

    @property
    def replaces_secret(self) -> bool:
        """Say whether the secret that is stored does not stay."""
        return bool(self.cleaned_data["new_secret"]) or self.cleaned_data["removes_secret"]

    def definition(self, *, secret: str) -> WebhookDefinition:
        """Return what the form asks for; `secret` is the one that stays, if one does."""
        data = self.cleaned_data
        security = Security(
            secret=data["new_secret"] or secret,
            **{
                name: data[name]
                for name in (
                    "signature_header", "signature_algorithm", "signature_prefix",
                    "request_identifier_path",
                )
            },
        )  # fmt: skip
        texts = {name: data[name] for name in ("identifier", "title", "description", "icon")}
        whole = WebhookDefinition(**texts, is_enabled=data["is_enabled"], security=security)
        return replace(whole, mappings=[] if data["mappings"] is None else data["mappings"])
