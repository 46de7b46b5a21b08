"""What a webhook is asked to be, and what must not be asked. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault
from portal.integrations.jq_bundles import program_faults
from portal.integrations.webhooks.mappings import compile_faults, parse_mappings
from portal.signatures import Algorithm

_LIMITS = {
    "identifier": 100,
    "title": 100,
    "description": 500,
    "icon": 100,
    "security.signatureHeaderName": 200,
    "security.signaturePrefix": 100,
    "security.requestIdentifierPath": 1000,
    "security.secret": 1000,
}


@dataclass(frozen=True)
class Security:
    """How a request shows that it is genuine, and which text names it. Empty: not said."""

    secret: str = field(default="", repr=False)
    signature_header: str = ""
    signature_algorithm: str = ""
    signature_prefix: str = ""
    request_identifier_path: str = ""


@dataclass(frozen=True)
class WebhookDefinition:
    """What somebody wants a webhook to be. `mappings` are documents, kept as they are."""

    identifier: str
    title: str = ""
    description: str = ""
    icon: str = ""
    is_enabled: bool = True
    mappings: list[Any] = field(default_factory=list)
    security: Security = field(default_factory=Security)

    def check(self) -> None:
        """Raise `Invalid` with everything that is wrong; programs are compiled for it."""
        faults = [*identifier_fault(self.identifier), *self._length_faults(), *self._odd_security()]
        try:
            faults += compile_faults(parse_mappings(self.mappings))
        except Invalid as error:
            faults += error.faults
        if path := self.security.request_identifier_path:
            faults += program_faults({"security.requestIdentifierPath": path})
        if faults:
            raise Invalid(faults)

    def _length_faults(self) -> Iterator[Fault]:
        security = self.security
        values = {
            "identifier": self.identifier,
            "title": self.title,
            "description": self.description,
            "icon": self.icon,
            "security.signatureHeaderName": security.signature_header,
            "security.signaturePrefix": security.signature_prefix,
            "security.requestIdentifierPath": security.request_identifier_path,
            "security.secret": security.secret,
        }
        for path, limit in _LIMITS.items():
            if len(values[path]) > limit:
                yield Fault(path, f"has more than {limit} characters; shorten it")

    def _odd_security(self) -> Iterator[Fault]:
        security = self.security
        if security.signature_algorithm not in ("", *Algorithm):
            choices = ", ".join(Algorithm)
            yield Fault("security.signatureAlgorithm", f"give one of: {choices}")
        if security.secret and not security.signature_header:
            # Whoever sets a secret believes that it is checked.
            yield Fault(
                "security.signatureHeaderName",
                "name the header that carries the signature; without it the secret would not be "
                "checked",
            )
