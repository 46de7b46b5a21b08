"""Definitions of entities: documents of any version, read into one shape and one name. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.descriptors.datadog import shapes
from catalog.descriptors.datadog.versions import filled, to_v3
from catalog.descriptors.references import DEFAULT_NAMESPACE, TEAM_KIND, Reference
from catalog.descriptors.texts import read_texts
from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault

Document = dict[str, Any]

# Where places of v3 stand in older formats.
_OLD_PLACES = {
    "metadata.name": "dd-service",
    "metadata.owner": "team",
    "metadata.displayName": "info.display-name",
    "spec.componentOf[0]": "application",
}
_PLACES_OF_V1 = {
    **_OLD_PLACES,
    "metadata.name": "info.dd-service",
    "metadata.owner": "org.team",
    "spec.componentOf[0]": "org.application",
}
# Server's own; whatever is sent is passed over.
_NOT_OURS = ("id", "managed")
MAX_NAMESPACE = 200


@dataclass(frozen=True)
class Definition:
    """What a catalog file says of one entity.

    `document` is as it was sent, `version` that of its format, `whole` the same as v3; `text` is
    there where it came as a text of its own.
    """

    version: str
    document: Document
    whole: Document
    reference: Reference = field(init=False)
    text: str = ""

    def __post_init__(self) -> None:
        metadata = self.whole["metadata"]
        reference = Reference(self.whole["kind"], metadata["name"], metadata["namespace"])
        object.__setattr__(self, "reference", reference)

    def as_sent(self, fault: Fault) -> Fault:
        """Return a fault of `whole` at the place where `document` says the same."""
        if "apiVersion" in self.document:
            return fault
        places = _PLACES_OF_V1 if self.version == "v1" else _OLD_PLACES
        return fault.at(places.get(fault.path, fault.path))


def read_definitions(sent: Any) -> list[Definition]:
    """Return the definitions in a body: one as an object, or any number in a YAML text.

    Raises `Invalid`; places in one of several documents begin with ``documents[<index>]``.
    """
    text = sent if isinstance(sent, str) else ""
    documents = read_texts(text) if text else [sent]
    is_alone = len(documents) == 1
    if not documents:
        raise Invalid.at("", "there is no definition in the text")
    found: list[Definition] = []
    faults: list[Fault] = []
    for index, document in enumerate(documents):
        try:
            found.append(read_definition(document, text=text if is_alone else ""))
        except Invalid as error:
            faults += error.faults if is_alone else (at(index, fault) for fault in error.faults)
    if faults:
        raise Invalid(faults)
    return found


def at(index: int, fault: Fault) -> Fault:
    """Return a fault as one in a document of several."""
    return fault.under(f"documents[{index}]")


def read_definition(document: Any, *, text: str = "") -> Definition:
    """Return the definition that a document is; raises `Invalid`."""
    if not isinstance(document, dict):
        raise Invalid.at("", "give a definition: an object with apiVersion, kind and metadata")
    is_service = "apiVersion" not in document and ("schema-version" in document or _is_v1(document))
    read = _read_service if is_service else _read_entity
    definition = read(document, text)
    faults = [definition.as_sent(fault) for fault in _name_faults(definition)]
    if faults:
        raise Invalid(faults)
    return definition


def _is_v1(document: Mapping[str, Any]) -> bool:
    return "info" in document and "kind" not in document


def _read_service(document: Document, text: str) -> Definition:
    version = document.get("schema-version", "v1")
    if version not in shapes.SERVICE_VERSIONS:
        known = ", ".join(shapes.SERVICE_VERSIONS)
        raise Invalid.at("schema-version", f"is none of {known}; entities of v3 have apiVersion")
    if faults := shapes.service_faults(document, version):
        raise Invalid(faults)
    return Definition(version, document, as_v3(document, version), text=text)


def _read_entity(document: Document, text: str) -> Definition:
    if faults := shapes.entity_faults(document):
        raise Invalid(faults)
    version = document["apiVersion"]
    return Definition(version, document, as_v3(document, version), text=text)


def as_v3(document: Mapping[str, Any], version: str) -> Document:
    """Return a sound document as one of v3, without what is empty or the server's own."""
    if "apiVersion" not in document:
        return to_v3(document, version)
    metadata = {
        "namespace": DEFAULT_NAMESPACE,
        **{key: item for key, item in document["metadata"].items() if key not in _NOT_OURS},
    }
    whole = {**document, "metadata": filled(metadata)}
    for key in ("spec", "integrations", "datadog"):
        if key in whole:
            whole[key] = filled(whole[key])
    return filled(whole)


def _name_faults(definition: Definition) -> Iterator[Fault]:
    reference = definition.reference
    if reference.kind == TEAM_KIND:
        yield Fault("kind", "teams come with what they own, and are kept apart; name them as owner")
    if "/" in reference.namespace or len(reference.namespace) > MAX_NAMESPACE:
        yield Fault("metadata.namespace", f"give at most {MAX_NAMESPACE} characters, and no slash")
    for fault in identifier_fault(reference.identifier):
        yield fault.at("metadata.name")
