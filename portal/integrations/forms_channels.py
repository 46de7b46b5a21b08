"""The form of a channel."""

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from catalog.forms import OperationForm, free_identifier
from portal.integrations.channels.definitions import ChannelDefinition
from portal.integrations.channels.services import SERVICES
from portal.integrations.models import Channel

_SERVICES = ", ".join(name for name, _ in SERVICES.values())
_KEPT = "Empty: stays as it is."


class ChannelForm(OperationForm):
    """A channel: what it is called, its kind, and how it is reached."""

    new_address = forms.CharField(
        label="New address",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=(
            "The URL of a webhook of Slack, Teams or another system. Of another service "
            f"({_SERVICES}): its Apprise address, such as discord://id/token. With the token of a "
            "Slack app: empty, or the address of its API where that is not slack.com. Whoever "
            f"knows it may send, so it is kept as a secret. {_KEPT}"
        ),
    )
    new_secret = forms.CharField(
        label="New secret",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=(
            "The token of a Slack app (xoxb-...), or the key that requests to a webhook are signed "
            f"with. {_KEPT}"
        ),
        strip=False,
    )
    removes_secrets = forms.BooleanField(
        required=False,
        label="Remove what is stored",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Of the address and the secret, what is not entered anew.",
    )

    class Meta:
        model = Channel
        fields = ("identifier", "title", "kind", "is_enabled", "target")
        help_texts = {
            "is_enabled": "Nothing but tests is sent to one that is not enabled.",
            "target": (
                "With the token of a Slack app: the id of the channel, such as C012AB3CD, or "
                "#its-name. E-mail: the addresses, with commas between them."
            ),
        }

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken by another channel."""
        return free_identifier(self, Channel.objects.exclude(pk=self.instance.pk))

    def kept(self, stored: Channel | None) -> tuple[str, ...]:
        """Return which of the stored secrets stay: none that would go somewhere else than before.

        A token that was entered for one address must not be sent to another by whoever may edit the
        channel and does not know it.
        """
        data = self.cleaned_data
        if stored is None or data["removes_secrets"] or stored.kind != data["kind"]:
            return ()
        is_moved = bool(data["new_address"]) and stored.kind == Channel.Kind.SLACK_TOKEN
        kept = {"address": not data["new_address"], "secret": not data["new_secret"]}
        return tuple(
            name for name, stays in kept.items() if stays and not (is_moved and name == "secret")
        )

    def definition(self, *, address: str, secret: str) -> ChannelDefinition:
        """Return what the form asks for; `address` and `secret` are those that stay."""
        data = self.cleaned_data
        names = ("identifier", "title", "kind", "is_enabled", "target")
        return ChannelDefinition(
            **{name: data[name] for name in names},
            address=data["new_address"].strip() or address,
            secret=data["new_secret"] or secret,
        )
