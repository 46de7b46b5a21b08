"""What somebody wants a channel to be, and what must not be asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault
from portal.http import OutboundError, check_url
from portal.integrations.channels.services import service_fault, shown_service
from portal.integrations.models import Channel

Kind = Channel.Kind
SLACK_API = "https://slack.com/api"
_MAX = {"identifier": 100, "title": 200, "address": 2_000, "secret": 1_000, "target": 1_000}
_MAX_RECIPIENTS = 20
_SLACK_TARGET = re.compile(r"[#@]?[A-Za-z0-9][\w.-]{0,79}")
# Which kinds need what: an address, a secret, a target.
_NEEDS = {
    Kind.SLACK_WEBHOOK: ("address",),
    Kind.SLACK_TOKEN: ("secret", "target"),
    Kind.TEAMS: ("address",),
    Kind.EMAIL: ("target",),
    Kind.WEBHOOK: ("address",),
    Kind.APPRISE: ("address",),
}
_TAKES = {
    **_NEEDS,
    Kind.SLACK_TOKEN: ("address", "secret", "target"),
    Kind.WEBHOOK: ("address", "secret"),
}
_WANTED = {
    "address": "give the address that messages are sent to",
    "secret": "give the token",
    "target": "say who is to get the messages",
}


@dataclass(frozen=True)
class ChannelDefinition:
    """What a channel is to be, with its secrets in the open: shown to nobody."""

    identifier: str
    title: str = ""
    kind: str = Kind.WEBHOOK
    is_enabled: bool = True
    address: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    target: str = ""

    def check(self) -> None:
        """Raise `Invalid` with everything that is wrong."""
        faults = [*identifier_fault(self.identifier), *self._length_faults()]
        if self.kind not in Kind.values:
            faults.append(Fault("kind", f"give one of: {', '.join(Kind.values)}"))
        else:
            faults += self._kind_faults()
        if faults:
            raise Invalid(faults)

    @property
    def recipients(self) -> list[str]:
        """Return the addresses of mail."""
        return recipients_of(self.target)

    @property
    def shown_address(self) -> str:
        """Return where messages go as far as pages may show it."""
        match self.kind:
            case Kind.EMAIL:
                return ", ".join(self.recipients)
            case Kind.SLACK_TOKEN:
                host = urlsplit(self.address or SLACK_API).hostname or ""
                return f"{self.target} ({host})"
            case Kind.APPRISE:
                return shown_service(self.address)
        return urlsplit(self.address).hostname or ""

    def _length_faults(self) -> Iterator[Fault]:
        for name, limit in _MAX.items():
            value = getattr(self, name)
            if len(value) > limit:
                yield Fault(name, f"has more than {limit:,} characters; shorten it")
            if "\x00" in value:
                yield Fault(name, "holds a character that cannot be stored")

    def _kind_faults(self) -> Iterator[Fault]:
        for name, words in _WANTED.items():
            if name in _NEEDS[self.kind] and not getattr(self, name).strip():
                yield Fault(name, words)
            if name not in _TAKES[self.kind] and getattr(self, name):
                yield Fault(name, "this kind of channel has none; leave it empty")
        if self.address and "address" in _TAKES[self.kind]:
            yield from self._address_faults()
        if self.target and self.kind == Kind.EMAIL:
            yield from self._recipient_faults()
        if (
            self.target
            and self.kind == Kind.SLACK_TOKEN
            and not _SLACK_TARGET.fullmatch(self.target)
        ):
            yield Fault("target", "give the id of a channel, such as C012AB3CD, or #its-name")

    def _address_faults(self) -> Iterator[Fault]:
        if self.kind == Kind.APPRISE:
            yield from (Fault("address", text) for text in service_fault(self.address))
            return
        try:
            check_url(self.address)
        except OutboundError as error:
            yield Fault("address", str(error))

    def _recipient_faults(self) -> Iterator[Fault]:
        if len(self.recipients) > _MAX_RECIPIENTS:
            yield Fault("target", f"give at most {_MAX_RECIPIENTS} addresses; a list holds more")
        for recipient in self.recipients:
            try:
                validate_email(recipient)
            except ValidationError:
                yield Fault("target", f"'{recipient}' is no address of mail")


def recipients_of(target: str) -> list[str]:
    """Return the addresses of mail that a text names, split by commas, spaces or lines."""
    return [part for part in re.split(r"[,;\s]+", target) if part]
