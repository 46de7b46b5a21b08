"""The services that are reached by Apprise, and why there are only these.

Apprise opens its own connections: they do not go through `portal.http`, so that nothing there keeps
them from inner addresses. So only services are let in whose host stands in Apprise's own code,
whatever an address says. Refused are those with a host of one's own (JSON, XML, mail, Matrix and so
on), and those that do something on this machine. Parameters are refused as well: some name files
that Apprise would read, or switch off that certificates are checked.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

# By schema: what it is called, and the hosts that it sends to.
SERVICES = {
    "discord": ("Discord", "discord.com"),
    "gchat": ("Google Chat", "chat.googleapis.com"),
    "pagerduty": ("PagerDuty", "events.pagerduty.com"),
    "pbul": ("Pushbullet", "api.pushbullet.com"),
    "pover": ("Pushover", "api.pushover.net"),
    "tgram": ("Telegram", "api.telegram.org"),
    "wxteams": ("Webex", "webexapis.com"),
}


class ServiceFailed(Exception):
    """Apprise did not get a message through; it does not say why."""


def service_fault(address: str) -> Iterator[str]:
    """Yield what is wrong with the address of a service, if anything is."""
    schema = _schema(address)
    if schema not in SERVICES:
        names = ", ".join(f"{schema}:// ({name})" for schema, (name, _) in SERVICES.items())
        yield f"give the address of one of these services: {names}"
    elif "?" in address or "#" in address:
        yield "leave out the parameters after ? and #: they can name files and change certificates"
    elif any(character.isspace() for character in address) or "," in address:
        yield "give one address, without spaces or commas"
    elif _instance(address) is None:
        yield f"is no address of {SERVICES[schema][0]}; Apprise's documentation shows their form"


def shown_service(address: str) -> str:
    """Return the name of a service: an address holds its secrets everywhere."""
    name, host = SERVICES.get(_schema(address), ("", ""))
    return f"{name} ({host})" if name else ""


def notify(address: str, *, title: str, body: str) -> None:
    """Send a message in Markdown; raises `ServiceFailed`."""
    from apprise import NotifyFormat, NotifyType

    instance = None if list(service_fault(address)) else _instance(address)
    if instance is None:
        raise ServiceFailed("The address is not one that messages may be sent to.")
    is_sent = instance.notify(
        body=body, title=title, notify_type=NotifyType.INFO, body_format=NotifyFormat.MARKDOWN
    )
    if not is_sent:
        raise ServiceFailed(f"{shown_service(address)} did not take the message.")


def _schema(address: str) -> str:
    return urlsplit(address.strip()).scheme.lower() if ":" in address else ""


def _instance(address: str) -> Any:
    # Slow to import, and used by few.
    from apprise import Apprise, AppriseAsset
    from apprise.persistent_store import PersistentStoreMode

    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY, secure_logging=True)
    return Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
